//! How a peer's application writes, and the two loops that both stream-and-sink libraries share.

use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::room::Room;

/// When what was written is flushed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// `send().await` for every message, as the libraries' examples do.
    SendEach,
    /// Every ready message is fed, then one flush.
    FlushBatch,
}

/// Most messages fed before a flush: more than any row keeps in flight on one connection.
const BATCH: usize = 256;

/// Sends back every message that `is_data` says yes to, until the peer is gone.
pub(crate) async fn echo<S, M, E>(mut socket: S, pace: Pace, is_data: fn(&M) -> bool) -> Option<()>
where
    S: Stream<Item = Result<M, E>> + Sink<M> + Unpin,
{
    let mut ready = Vec::new();
    loop {
        let message = socket.next().await?.ok()?;
        match pace {
            Pace::SendEach if is_data(&message) => socket.send(message).await.ok()?,
            Pace::SendEach => {}
            Pace::FlushBatch => {
                // All are taken before the first is fed: some libraries flush whenever they are asked for a message.
                ready.push(message);
                while ready.len() < BATCH
                    && let Some(message) = socket.next().now_or_never()
                {
                    ready.push(message?.ok()?);
                }
                for message in ready.drain(..).filter(is_data) {
                    socket.feed(message).await.ok()?;
                }
                socket.flush().await.ok()?;
            }
        }
    }
}

/// Hands every message to all in the room, while a task of its own writes what the room says.
pub(crate) async fn fan_out<S, M, E>(
    socket: S,
    room: Room<M>,
    pace: Pace,
    is_data: fn(&M) -> bool,
) -> Option<()>
where
    S: Stream<Item = Result<M, E>> + Sink<M> + Unpin + Send + 'static,
    M: Clone + Send + 'static,
{
    let (sink, mut stream) = socket.split();
    let (member, heard) = room.join();
    tokio::spawn(write_all(sink, heard, pace));
    loop {
        let message = stream.next().await?.ok()?;
        if is_data(&message) {
            member.say(&message);
        }
    }
}

async fn write_all<S, M>(mut sink: S, mut heard: UnboundedReceiver<M>, pace: Pace) -> Option<()>
where
    S: Sink<M> + Unpin,
{
    match pace {
        Pace::SendEach => loop {
            sink.send(heard.recv().await?).await.ok()?;
        },
        Pace::FlushBatch => loop {
            sink.feed(heard.recv().await?).await.ok()?;
            for _ in 1..BATCH {
                let Ok(message) = heard.try_recv() else { break };
                sink.feed(message).await.ok()?;
            }
            sink.flush().await.ok()?;
        },
    }
}
