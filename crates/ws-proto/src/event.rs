//! What a conn tells about what it received.

use bytes::Bytes;
use sockeye_types::{Close, Message};

/// What was received. What has to be answered was answered already, into [`Scratch::out`](crate::Scratch::out).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "RFC 6455 has these, and a driver must handle each"
)]
pub enum Event {
    /// A whole message.
    Message(Message),
    /// A ping with its payload of at most 125 bytes; the pong is on its way.
    Ping(Bytes),
    /// A pong with its payload of at most 125 bytes. Answers to the conn's own heartbeat are not told.
    Pong(Bytes),
    /// The peer's close: its first, or its answer to ours. Nothing is received after it.
    Close(Close),
}
