//! Order, however responses end and however the client sends.

use proptest::prelude::*;
use sockeye_client::{Connection, Message};

use super::{STREAM, Streams, TAKEN, chunk, connector, over_http, streaming};
use crate::support::{Peer, someday};

/// What a server does with the next few messages.
#[derive(Clone, Debug)]
enum Do {
    /// One frame of so many messages, in one chunk or, from this byte on, in two.
    Frame(usize, usize),
    Heartbeat,
    EndResponse,
    /// Takes one request to send.
    Take,
}

fn deeds() -> impl Strategy<Value = Vec<Do>> {
    let deed = prop_oneof![
        4 => (0..5_usize, 0..40_usize).prop_map(|(count, cut)| Do::Frame(count, cut)),
        1 => Just(Do::Heartbeat),
        2 => Just(Do::EndResponse),
        2 => Just(Do::Take),
    ];
    prop::collection::vec(deed, 0..40)
}

/// Both ends of a session, and how far it has come.
struct Trial {
    connection: Connection,
    streams: Streams,
    peer: Peer,
    sends: Option<Peer>,
    /// How many messages were sent to the client, and how many it has received.
    told: usize,
    heard: usize,
    /// How many frames the response has: one without is no answer.
    frames: usize,
    /// What the client sends, and all that was taken of it.
    sent: usize,
    taken: String,
}

impl Trial {
    async fn new(sent: usize) -> Self {
        let (connection, streams, peer) = streaming(&connector(over_http())).await;
        for n in 0..sent {
            connection.send(n.to_string()).await.unwrap();
        }
        Self {
            connection,
            streams,
            peer,
            sends: None,
            told: 0,
            heard: 0,
            frames: 1,
            sent,
            taken: String::new(),
        }
    }

    async fn make(&mut self, deed: Do) {
        match deed {
            Do::Frame(count, cut) => self.frame(count, cut).await,
            Do::Heartbeat => {
                self.peer.send(chunk("h\n")).await;
                self.frames += 1;
            }
            Do::EndResponse if self.frames == 0 => {}
            Do::EndResponse => {
                self.peer.send("0\r\n\r\n").await;
                // A client that is full asks on once it has room.
                self.hear().await;
                self.peer.asked("xhr_streaming").await;
                self.peer.send(STREAM).await;
                self.frames = 0;
            }
            Do::Take => self.take().await,
        }
    }

    async fn frame(&mut self, count: usize, cut: usize) {
        let numbers = self.told..self.told + count;
        let texts: Vec<_> = numbers.map(|n| format!("\"{n}\"")).collect();
        self.told += count;
        let frame = format!("a[{}]\n", texts.join(","));
        let (first, second) = frame.split_at(cut.min(frame.len()));
        for part in [first, second].into_iter().filter(|part| !part.is_empty()) {
            self.peer.send(chunk(part)).await;
        }
        self.frames += 1;
    }

    async fn hear(&mut self) {
        while self.heard < self.told {
            let expected = Message::from(self.heard.to_string());
            assert_eq!(someday(self.connection.recv()).await, Some(expected));
            self.heard += 1;
        }
    }

    async fn take(&mut self) {
        if self.taken.matches('"').count() / 2 == self.sent {
            return;
        }
        let sends = match &mut self.sends {
            Some(sends) => sends,
            none => none.insert(self.streams.next().await),
        };
        self.taken += &sends.told().await;
        sends.send(TAKEN).await;
    }
}

async fn run(deeds: Vec<Do>) {
    let takes = deeds.iter().filter(|deed| matches!(deed, Do::Take));
    let mut trial = Trial::new(3 * takes.count()).await;
    for deed in deeds {
        trial.make(deed).await;
    }
    trial.hear().await;
    let taken: Vec<_> = trial.taken.split('"').skip(1).step_by(2).collect();
    let expected: Vec<_> = (0..taken.len()).map(|n| n.to_string()).collect();
    assert_eq!(taken, expected);
    assert!(trial.connection.is_open());
}

proptest! {
    #[test]
    fn messages_keep_their_order_wherever_responses_end(deeds in deeds()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(run(deeds));
    }
}
