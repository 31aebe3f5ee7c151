//! Sending to one connection, from anywhere.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use sockeye_types::{Close, Message};
use thiserror::Error;
use tokio::sync::{Semaphore, TryAcquireError, mpsc, oneshot};

use crate::{
    PingError,
    ping::{MAX_PAYLOAD_BYTES, MAX_PINGS, Ping},
};

/// What a place in the outbox costs beside its payload, in bytes.
const PLACE_BYTES: usize = 64;

/// Sends to one connection: cheap to clone, at home in any task or thread, sharing no lock with the receiver.
///
/// It does not keep the connection open: that ends with its [`Connection`](crate::Connection).
#[derive(Clone, Debug)]
pub struct Sender(Arc<Outbox>);

/// The message was not sent and comes back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The connection is closing or closed.
    #[error("the connection is closed")]
    Closed(Message),
    /// The message is binary, and the connection's transport carries text only: see
    /// [`Fallback::binary`](crate::Fallback::binary).
    #[error("the connection carries no binary messages")]
    Binary(Message),
}

impl SendError {
    /// Gives the message back.
    pub fn into_message(self) -> Message {
        match self {
            Self::Closed(message) | Self::Binary(message) => message,
        }
    }
}

/// The message was not sent and comes back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrySendError {
    /// The outbox has no room for it.
    #[error("the outbox is full")]
    Full(Message),
    /// The connection is closing or closed.
    #[error("the connection is closed")]
    Closed(Message),
    /// The message is binary, and the connection's transport carries text only: see
    /// [`Fallback::binary`](crate::Fallback::binary).
    #[error("the connection carries no binary messages")]
    Binary(Message),
}

impl TrySendError {
    /// Gives the message back.
    pub fn into_message(self) -> Message {
        match self {
            Self::Full(message) | Self::Closed(message) | Self::Binary(message) => message,
        }
    }
}

impl From<SendError> for TrySendError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Closed(message) => Self::Closed(message),
            SendError::Binary(message) => Self::Binary(message),
        }
    }
}

/// What waits to be sent, counted in bytes.
///
/// The bytes are permits of a semaphore: whoever sends takes as many as a message costs, and the driver gives them back
/// when the socket has taken the message. It is fair: who waits first sends first.
#[derive(Debug)]
pub(crate) struct Outbox {
    room: Semaphore,
    limit: u32,
    messages: mpsc::UnboundedSender<Queued>,
    control: mpsc::UnboundedSender<Control>,
    ping_places: Arc<Semaphore>,
    /// Whether somebody has asked for a close: the first one counts.
    close_asked: AtomicBool,
    /// The round trip of the heartbeat, in microseconds; 0 while none is known.
    round_trip: AtomicU64,
    carries: Carries,
}

/// Which messages a connection carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carries {
    TextAndBinary,
    TextOnly,
}

/// A message that waits, and the room it takes.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) message: Message,
    pub(crate) cost: u32,
}

/// What passes the messages that wait.
#[derive(Debug)]
pub(crate) enum Control {
    Ping(Ping),
    Close(Close),
}

/// The driver's end of an outbox.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) messages: mpsc::UnboundedReceiver<Queued>,
    pub(crate) control: mpsc::UnboundedReceiver<Control>,
}

impl Outbox {
    pub(crate) fn new(limit: usize, carries: Carries) -> (Arc<Self>, Waiting) {
        let (messages, messages_out) = mpsc::unbounded_channel();
        let (control, control_out) = mpsc::unbounded_channel();
        // No message is larger than what 32 bits count, so no more room is ever asked for at once.
        let limit = u32::try_from(limit.min(Semaphore::MAX_PERMITS))
            .unwrap_or(u32::MAX)
            .max(1);
        let outbox = Self {
            room: Semaphore::new(usize::try_from(limit).unwrap_or(Semaphore::MAX_PERMITS)),
            limit,
            messages,
            control,
            ping_places: Arc::new(Semaphore::new(MAX_PINGS)),
            close_asked: AtomicBool::new(false),
            round_trip: AtomicU64::new(0),
            carries,
        };
        let waiting = Waiting {
            messages: messages_out,
            control: control_out,
        };
        (Arc::new(outbox), waiting)
    }

    /// How much room a message takes. One that is larger than the outbox takes all of it.
    fn cost_of(&self, message: &Message) -> u32 {
        let cost = message.len().saturating_add(PLACE_BYTES);
        u32::try_from(cost).unwrap_or(u32::MAX).min(self.limit)
    }

    /// The socket has taken messages of this cost.
    pub(crate) fn make_room(&self, cost: u32) {
        self.room
            .add_permits(usize::try_from(cost).unwrap_or_default());
    }

    /// Takes nothing more.
    pub(crate) fn shut(&self) {
        self.room.close();
        self.ping_places.close();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.buffered_bytes() == 0
    }

    fn buffered_bytes(&self) -> usize {
        let limit = usize::try_from(self.limit).unwrap_or_default();
        limit.saturating_sub(self.room.available_permits())
    }

    pub(crate) fn set_round_trip(&self, round_trip: Duration) {
        let micros = u64::try_from(round_trip.as_micros()).unwrap_or(u64::MAX);
        self.round_trip.store(micros.max(1), Ordering::Relaxed);
    }

    pub(crate) fn close(&self, close: Close) {
        self.shut();
        if !self.close_asked.swap(true, Ordering::Relaxed) {
            let _ = self.control.send(Control::Close(close));
        }
    }

    pub(crate) fn round_trip(&self) -> Option<Duration> {
        match self.round_trip.load(Ordering::Relaxed) {
            0 => None,
            micros => Some(Duration::from_micros(micros)),
        }
    }

    fn put(&self, message: Message, cost: u32) -> Result<(), SendError> {
        self.messages
            .send(Queued { message, cost })
            .map_err(|refused| SendError::Closed(refused.0.message))
    }

    fn check(&self, message: Message) -> Result<Message, SendError> {
        if message.is_binary() && self.carries == Carries::TextOnly {
            return Err(SendError::Binary(message));
        }
        Ok(message)
    }
}

impl Sender {
    pub(crate) fn new(outbox: Arc<Outbox>) -> Self {
        Self(outbox)
    }

    /// Sends a message; waits while the outbox has no room for it. Messages of one task leave in its order.
    ///
    /// Returning `Ok` means queued, not delivered. A server that takes nothing for `stall_time` is cut, so that the
    /// wait ends.
    ///
    /// Cancel safety: dropped before it is done, nothing was sent, and the message is dropped with it.
    ///
    /// # Errors
    /// [`SendError`] hands the message back if the connection is closing or closed, or can't carry it.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        let message = self.0.check(message.into())?;
        let cost = self.0.cost_of(&message);
        match self.0.room.acquire_many(cost).await {
            Ok(room) => {
                // The driver gives it back.
                room.forget();
                self.0.put(message, cost)
            }
            Err(_) => Err(SendError::Closed(message)),
        }
    }

    /// Sends a message if there is room for it now.
    ///
    /// # Errors
    /// [`TrySendError`] hands the message back.
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), TrySendError> {
        let message = self.0.check(message.into())?;
        let cost = self.0.cost_of(&message);
        match self.0.room.try_acquire_many(cost) {
            Ok(room) => {
                room.forget();
                Ok(self.0.put(message, cost)?)
            }
            Err(TryAcquireError::NoPermits) => Err(TrySendError::Full(message)),
            Err(TryAcquireError::Closed) => Err(TrySendError::Closed(message)),
        }
    }

    /// Sends a ping, past the messages that wait, and waits for its pong: returns how long that took. The wait ends with
    /// the connection, not earlier: put a timeout around it where less patience is meant. Over SockJS, which has no
    /// pings, the answer to the next request to send is the pong, and the payload goes nowhere.
    ///
    /// Cancel safety: dropped before it is done, the ping may have been sent, and counts among the eight that may wait
    /// until its pong comes.
    ///
    /// # Errors
    /// [`PingError`] if it can't be sent, or the connection ended before its pong came.
    pub async fn ping(&self, payload: impl Into<Bytes>) -> Result<Duration, PingError> {
        let payload = payload.into();
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(PingError::TooLong(payload.len()));
        }
        let place = match Arc::clone(&self.0.ping_places).try_acquire_owned() {
            Ok(place) => place,
            Err(TryAcquireError::NoPermits) => return Err(PingError::TooMany),
            Err(TryAcquireError::Closed) => return Err(PingError::Closed),
        };
        let (pong, answered) = oneshot::channel();
        let ping = Ping {
            payload,
            pong,
            place,
        };
        let asked = self.0.control.send(Control::Ping(ping));
        asked.map_err(|_| PingError::Closed)?;
        answered.await.map_err(|_| PingError::Closed)
    }

    /// Starts to close: what was sent before still leaves, then the close. The first one counts. If the close can't
    /// leave or is not answered within `close_time`, the connection is cut.
    pub fn close(&self, close: Close) {
        self.0.close(close);
    }

    /// Says whether the connection still takes messages.
    pub fn is_open(&self) -> bool {
        !self.0.room.is_closed()
    }

    /// Returns how many bytes wait to be sent, bookkeeping included, at most `outbox_bytes`.
    pub fn buffered_bytes(&self) -> usize {
        self.0.buffered_bytes()
    }
}
