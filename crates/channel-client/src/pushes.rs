//! What the server says unasked.

use std::sync::Arc;

use sockeye_channel_proto::Push;
use tokio::sync::mpsc;

use crate::{CallError, calls::Calls};

/// What the server says unasked, in its order. Dropped, what comes is dropped too.
///
/// It holds so many as [`Options::pushes`](crate::Options::pushes) says; while they are not taken, nothing more is read
/// from the server, replies included.
#[derive(Debug)]
pub struct Pushes {
    come: mpsc::Receiver<Push>,
    calls: Arc<Calls>,
}

impl Pushes {
    pub(crate) const fn new(come: mpsc::Receiver<Push>, calls: Arc<Calls>) -> Self {
        Self { come, calls }
    }

    /// Returns the next one; `None` once the connection has ended and all were taken.
    ///
    /// Cancel safety: dropped before it is done, it has taken nothing.
    pub async fn next(&mut self) -> Option<Push> {
        self.come.recv().await
    }

    /// Returns how the connection ended, once [`next`](Self::next) has returned `None`.
    pub fn ended(&self) -> CallError {
        self.calls.ended()
    }
}
