//! The line that a talk goes over: one connection, or one that comes back.

use std::sync::Arc;

use sockeye::{
    Close, Message,
    client::{
        Cause, Closed, ConnectError, Connection, Event, Lost, Opened, Reconnecting,
        ReconnectingSender, SendError, Sender, TrySendError,
    },
};
use tokio::sync::watch;

/// The line that a talk goes over.
#[derive(Debug)]
pub(crate) enum Line {
    /// It ends with its connection.
    Once(Connection),
    /// It comes back.
    Returning(Box<Returning>),
}

/// A line that comes back, and what is known of it.
#[derive(Debug)]
pub(crate) struct Returning {
    reconnecting: Reconnecting,
    /// The connection that there is, for those who speak.
    current: watch::Sender<Option<Sender>>,
    /// Why there is none.
    lost: Option<Cause>,
}

/// What is heard over a line.
#[derive(Debug)]
pub(crate) enum Heard {
    Message(Message),
    /// There is a connection, the first or another.
    Opened(Arc<Opened>),
    /// It was lost, or an attempt failed, and there will be another.
    Lost(Lost),
    /// A message had waited that the connection can't carry.
    Refused,
}

/// How a line ended.
#[derive(Debug)]
pub(crate) enum End {
    /// With its connection.
    Closed(Closed),
    /// There was none, and there will be none.
    Unconnected(Arc<ConnectError>),
    /// This side left while there was none, because of this, or not yet any.
    Left(Option<Cause>),
}

impl Line {
    /// Makes a line that connects, and comes back, while [`recv`](Self::recv) is called.
    pub(crate) fn returning(reconnecting: Reconnecting) -> Self {
        Self::Returning(Box::new(Returning {
            reconnecting,
            current: watch::Sender::new(None),
            lost: None,
        }))
    }

    /// Waits for what happens next; `None` once the line has ended: see [`ended`](Self::ended).
    ///
    /// Cancel safety: dropped before it is done, it has taken nothing.
    pub(crate) async fn recv(&mut self) -> Option<Heard> {
        match self {
            Self::Once(connection) => connection.recv().await.map(Heard::Message),
            Self::Returning(line) => line.recv().await,
        }
    }

    /// Closes, for good. Returns how many messages wait for a connection, and go nowhere now.
    pub(crate) fn close(&mut self, close: Close) -> usize {
        match self {
            Self::Once(connection) => {
                connection.close(close);
                0
            }
            Self::Returning(line) => {
                let waiting = line.reconnecting.sender().queued();
                line.reconnecting.close(close);
                waiting
            }
        }
    }

    /// Returns what speaks over this line.
    pub(crate) fn voice(&self) -> Voice {
        match self {
            Self::Once(connection) => Voice::Once(connection.sender()),
            Self::Returning(line) => Voice::Returning {
                queue: line.reconnecting.sender(),
                current: line.current.subscribe(),
            },
        }
    }

    /// Returns how the line ended, once it has; waits until the stream is closed too.
    pub(crate) async fn ended(self) -> End {
        let cause = match self {
            Self::Once(connection) => return End::Closed(connection.wait_closed().await),
            Self::Returning(line) => match line.reconnecting.gave_up() {
                Some(lost) => lost.cause.clone(),
                None => return End::Left(line.lost),
            },
        };
        match cause {
            Cause::Closed(closed) => End::Closed(closed),
            Cause::Connect(error) => End::Unconnected(error),
        }
    }
}

impl Returning {
    async fn recv(&mut self) -> Option<Heard> {
        match self.reconnecting.recv().await? {
            Event::Opened(opened) => {
                self.lost = None;
                let sender = self.reconnecting.connection().map(Connection::sender);
                self.current.send_replace(sender);
                Some(Heard::Opened(opened))
            }
            Event::Message(message) => Some(Heard::Message(message)),
            Event::Refused(_) => Some(Heard::Refused),
            Event::Lost(lost) => {
                self.current.send_replace(None);
                self.lost = Some(lost.cause.clone());
                lost.next.is_some().then_some(Heard::Lost(lost))
            }
            _ => None,
        }
    }
}

/// Speaks over a line. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Voice {
    Once(Sender),
    Returning {
        queue: ReconnectingSender,
        current: watch::Receiver<Option<Sender>>,
    },
}

/// A message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// The line has ended, or is about to.
    Closed,
    /// As much waits for a connection as may.
    Full,
    /// It is binary, and the connection carries text only.
    Binary,
}

impl From<SendError> for Unsent {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Binary(_) => Self::Binary,
            _ => Self::Closed,
        }
    }
}

impl Voice {
    /// Sends a message, or has it wait for a connection.
    ///
    /// Cancel safety: dropped before it is done, nothing was sent.
    ///
    /// # Errors
    /// [`Unsent`].
    pub(crate) async fn send(&self, message: Message) -> Result<(), Unsent> {
        match self {
            Self::Once(sender) => Ok(sender.send(message).await?),
            Self::Returning { queue, .. } => match queue.send(message).await {
                Ok(()) => Ok(()),
                Err(TrySendError::Full(_)) => Err(Unsent::Full),
                Err(TrySendError::Binary(_)) => Err(Unsent::Binary),
                Err(_) => Err(Unsent::Closed),
            },
        }
    }

    /// Waits for a connection, and sends a message: whoever reads a pipe is as fast as the line.
    ///
    /// Cancel safety: dropped before it is done, nothing was sent.
    ///
    /// # Errors
    /// [`Unsent::Closed`] and [`Unsent::Binary`].
    pub(crate) async fn send_connected(&self, message: Message) -> Result<(), Unsent> {
        let Self::Returning { current, .. } = self else {
            return self.send(message).await;
        };
        let (mut current, mut message) = (current.clone(), message);
        loop {
            let sender = current.wait_for(Option::is_some).await;
            let Some(sender) = sender.map_err(|_| Unsent::Closed)?.clone() else {
                continue;
            };
            match sender.send(message).await {
                Ok(()) => return Ok(()),
                Err(SendError::Binary(_)) => return Err(Unsent::Binary),
                Err(error) => message = error.into_message(),
            }
            // It is closing: the next one takes the message.
            current.changed().await.map_err(|_| Unsent::Closed)?;
        }
    }

    /// Returns what speaks over the connection that there is, if there is one.
    pub(crate) fn connection(&self) -> Option<Sender> {
        match self {
            Self::Once(sender) => Some(sender.clone()),
            Self::Returning { current, .. } => current.borrow().clone(),
        }
    }
}
