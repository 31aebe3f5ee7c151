//! What a connection knows of one of its subscriptions.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use crate::Granted;

/// A subscription of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    /// The same name as the room's.
    pub(crate) channel: Arc<str>,
    pub(crate) side: Side,
    pub(crate) granted: Granted,
    /// What others may know of it in this channel.
    pub(crate) info: Bytes,
    /// In seconds since 1970; 0 for never.
    pub(crate) expire_at: u64,
    /// When its position was last known to be right.
    pub(crate) checked: Instant,
}

/// Who made a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The client asked for it, and may end it.
    Client,
    /// The server did, since its connection token says so.
    Token,
    /// The server did for another reason.
    Server,
}
