//! Who is in a channel, by lease.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use sockeye_channel_proto::{ClientInfo, PresenceStatsResult};

use crate::{BrokerError, ClientId};

mod memory;

pub use memory::MemoryPresence;

/// What presence answers, some time.
pub type PresenceReply<'a, T> = Pin<Box<dyn Future<Output = Result<T, BrokerError>> + Send + 'a>>;

/// Knows who is in which channel. Whoever does not renew an entry in time is gone.
pub trait Presence: fmt::Debug + Send + Sync + 'static {
    /// Enters somebody, or renews the entry: it stays for `lease` from now on.
    ///
    /// Cancel safety: dropped before it is done, it may or may not be entered.
    fn enter<'a>(
        &'a self,
        channel: &'a str,
        client: ClientId,
        who: ClientInfo,
        lease: Duration,
    ) -> PresenceReply<'a, ()>;

    /// Removes an entry at once.
    ///
    /// Cancel safety: dropped before it is done, it may or may not be removed.
    fn leave<'a>(&'a self, channel: &'a str, client: ClientId) -> PresenceReply<'a, ()>;

    /// Returns who is there.
    ///
    /// Cancel safety: it changes nothing.
    fn list<'a>(&'a self, channel: &'a str) -> PresenceReply<'a, Vec<(ClientId, ClientInfo)>>;

    /// Counts who is there.
    ///
    /// Cancel safety: it changes nothing.
    fn stats<'a>(&'a self, channel: &'a str) -> PresenceReply<'a, PresenceStats>;
}

/// How many are in a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PresenceStats {
    /// Connections.
    pub clients: u32,
    /// Users, each once.
    pub users: u32,
}

impl From<PresenceStats> for PresenceStatsResult {
    fn from(stats: PresenceStats) -> Self {
        Self {
            num_clients: stats.clients,
            num_users: stats.users,
        }
    }
}
