//! Who listens to which channel here, and how each gets what is published.

mod feed;
mod frames;
mod joining;
mod lag;
mod member;
mod room;
mod tail;

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use sockeye_channel_proto::{Publication, StreamPosition};
use tokio::runtime::Handle;

use self::{frames::What, room::Room};
use crate::{Announcement, Broker, ClientId, Deliver};

pub(crate) use frames::{chained, encoded};
pub(crate) use joining::{JoinError, Joining};
pub(crate) use member::{
    Announcements, Delta, Kind, Lost, Member, Overflow, Positioned, Shape, Upcalls,
};

/// How many locks there are for finding a room.
const SHARDS: usize = 64;

type Shard = HashMap<Arc<str>, Arc<Room>>;

/// The rooms of this server: one for each channel that somebody listens to.
pub(crate) struct Hub {
    outside: Arc<Outside>,
    shards: Box<[Mutex<Shard>]>,
    spread: RandomState,
}

/// What all rooms need that is not theirs.
struct Outside {
    broker: Arc<dyn Broker>,
    upcalls: Weak<dyn Upcalls>,
    /// Where those are fed who lag.
    runtime: OnceLock<Handle>,
    /// How often a publication was put into an outbox as it came.
    deliveries: AtomicU64,
}

/// What the broker gets: it keeps no hub.
#[derive(Debug)]
struct Delivery(Weak<Hub>);

impl Hub {
    /// Makes a hub without rooms and attaches it to its broker. It does not keep who is called.
    pub(crate) fn new(broker: Arc<dyn Broker>, upcalls: Weak<dyn Upcalls>) -> Arc<Self> {
        let hub = Arc::new(Self {
            outside: Arc::new(Outside {
                broker,
                upcalls,
                runtime: OnceLock::new(),
                deliveries: AtomicU64::new(0),
            }),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            spread: RandomState::new(),
        });
        let delivery = Arc::new(Delivery(Arc::downgrade(&hub)));
        hub.outside.broker.attach(delivery);
        hub
    }

    /// Begins to let somebody into a channel's room.
    pub(crate) fn join(self: &Arc<Self>, channel: &str) -> Joining {
        let room = {
            let mut shard = self.shard(channel);
            let room = if let Some(room) = shard.get(channel) {
                Arc::clone(room)
            } else {
                let name: Arc<str> = channel.into();
                let room = Arc::new(Room::new(Arc::clone(&name), Arc::clone(&self.outside)));
                shard.insert(name, Arc::clone(&room));
                room
            };
            // Before the shard's lock is released: the room must not vanish.
            room.state().tail.get_or_insert_default().joining += 1;
            room
        };
        Joining::new(Arc::clone(self), room)
    }

    /// Lets a member hear no more, at once. Returns whether it was there.
    pub(crate) fn leave(&self, channel: &str, client: ClientId) -> bool {
        let Some(room) = self.room(channel) else {
            return false;
        };
        let was_there = room.state().remove(client);
        self.release(&room);
        was_there
    }

    /// Says whether somebody is in a channel's room.
    pub(crate) fn is_in(&self, channel: &str, client: ClientId) -> bool {
        self.room(channel)
            .is_some_and(|room| room.state().has(client))
    }

    /// Does something later, where members are fed: publications may come where there is no runtime.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = self.outside.runtime() {
            runtime.spawn(task);
        }
    }

    /// Returns how often a publication was put into an outbox as it came.
    pub(crate) fn deliveries(&self) -> u64 {
        self.outside.deliveries.load(Relaxed)
    }

    /// Returns how many are in a channel's room.
    #[cfg(test)]
    pub(crate) fn subscribers(&self, channel: &str) -> usize {
        self.room(channel).map_or(0, |room| room.state().len())
    }

    /// Returns where a channel's stream is, as far as it was told here: all positioned members are there.
    pub(crate) fn position(&self, channel: &str) -> Option<StreamPosition> {
        self.room(channel)?.state().position.clone()
    }

    /// Returns the rooms that somebody is in, each with how many, of those whose names are wanted.
    pub(crate) fn channels(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<(Arc<str>, usize)> {
        let mut channels = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let wanted = shard.iter().filter(|(name, _)| is_wanted(name));
            let counted = wanted.map(|(name, room)| (Arc::clone(name), room.state().len()));
            channels.extend(counted.filter(|(_, members)| *members > 0));
        }
        channels
    }

    /// Returns how many members all rooms have together.
    #[cfg(test)]
    pub(crate) fn subscriptions(&self) -> usize {
        let channels = self.channels(|_| true);
        channels.iter().map(|(_, members)| members).sum()
    }

    /// Lets go of a room that nobody is in. The broker is told under the lock under which the next room of the channel
    /// would be made, so that it hears of that later.
    fn release(&self, room: &Arc<Room>) {
        if !room.state().is_empty() {
            return;
        }
        let mut shard = self.shard(&room.name);
        let is_this = |known: &Arc<Room>| Arc::ptr_eq(known, room);
        if shard.get(&room.name).is_some_and(is_this) && room.state().is_empty() {
            shard.remove(&room.name);
            if shard.len() * 4 < shard.capacity() {
                let len = shard.len();
                shard.shrink_to(len * 2);
            }
            if room.listening.initialized() {
                self.outside.broker.unlisten(&room.name);
            }
        }
    }

    fn room(&self, channel: &str) -> Option<Arc<Room>> {
        self.shard(channel).get(channel).cloned()
    }

    fn shard(&self, channel: &str) -> MutexGuard<'_, Shard> {
        let hash = self.spread.hash_one(channel);
        let at = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        #[expect(clippy::indexing_slicing, reason = "it is below SHARDS")]
        let shard = &self.shards[at];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outside {
    /// Members come in where a runtime is; publications may come from elsewhere.
    fn note_runtime(&self) {
        if self.runtime.get().is_none()
            && let Ok(runtime) = Handle::try_current()
        {
            let _ = self.runtime.set(runtime);
        }
    }

    /// Counts deliveries of a publication; announcements do not count.
    fn count(&self, what: &What, times: usize) {
        if matches!(what, What::Published(_)) {
            self.deliveries.fetch_add(times as u64, Relaxed);
        }
    }

    fn runtime(&self) -> Option<&Handle> {
        self.runtime.get()
    }
}

impl Delivery {
    fn tell(&self, channel: &str, what: What, position: Option<&StreamPosition>) {
        let Some(hub) = self.0.upgrade() else {
            return;
        };
        if let Some(room) = hub.room(channel)
            && room.tell(what, position)
        {
            hub.release(&room);
        }
    }
}

impl Deliver for Delivery {
    fn publication(
        &self,
        channel: &str,
        publication: &Arc<Publication>,
        position: Option<&StreamPosition>,
    ) {
        let began = Instant::now();
        self.tell(channel, What::Published(Arc::clone(publication)), position);
        if let Some(hub) = self.0.upgrade()
            && let Some(upcalls) = hub.outside.upcalls.upgrade()
        {
            upcalls.told(began.elapsed());
        }
    }

    fn announcement(&self, channel: &str, announcement: &Announcement) {
        self.tell(channel, What::Announced(announcement.clone()), None);
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
