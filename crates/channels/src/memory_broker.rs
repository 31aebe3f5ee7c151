//! A broker that keeps everything in this process.

mod repeats;

use std::{
    collections::HashMap,
    fmt,
    future::ready,
    hash::{BuildHasher, RandomState},
    mem,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use sockeye_channel_proto::Publication;
use thiserror::Error;
use tokio::time::Instant;

use self::repeats::Repeats;
use crate::{
    Announcement, Broker, BrokerError, Deliver, History, PublishOptions, Published, Read, Reply,
    Retention, Suppressed, random,
    stream::{Stream, after},
};

/// How many parts the channels are spread over. Each has a lock of its own.
const SHARDS: usize = 64;

/// How much a [`MemoryBroker`] remembers. What one stream keeps is up to its [`Retention`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryLimits {
    /// So many streams at most, 1,000,000 by default; beyond them a new one is refused with [`BrokerError::Full`].
    /// Whoever may publish into channels of any name, or read them, can make streams: each costs some 300 bytes.
    pub streams: usize,
    /// So many idempotency keys at most, 500,000 by default; beyond them the ones that are next to expire are forgotten
    /// early. Whoever may publish with keys can fill it: each costs some 300 bytes.
    pub idempotency_keys: usize,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self {
            streams: 1_000_000,
            idempotency_keys: 500_000,
        }
    }
}

/// Keeps streams in memory: fast, and gone with the process.
///
/// Storing and delivering happen under one lock, that of the channel: so everybody sees one order, and who reads
/// history sees nothing that was not delivered. What has expired is gone for readers at once, and from memory with
/// [`tend`](Broker::tend).
pub struct MemoryBroker {
    deliver: OnceLock<Arc<dyn Deliver>>,
    limits: MemoryLimits,
    shards: Box<[Shard]>,
    spread: RandomState,
    streams: AtomicUsize,
    keys: AtomicUsize,
    /// Which shard is tended next.
    tended: AtomicUsize,
}

/// Some of the channels.
#[derive(Default)]
struct Shard {
    channels: Mutex<HashMap<Box<str>, Slot>>,
    repeats: Mutex<Repeats>,
}

/// One channel. While somebody has a clone, it stays in its shard.
type Slot = Arc<Mutex<Option<Stream>>>;

impl MemoryBroker {
    /// Begins with nothing.
    pub fn new() -> Self {
        Self::with_limits(MemoryLimits::default())
    }

    /// Begins with nothing, and remembers no more than that.
    pub fn with_limits(limits: MemoryLimits) -> Self {
        Self {
            deliver: OnceLock::new(),
            limits,
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            spread: RandomState::new(),
            streams: AtomicUsize::new(0),
            keys: AtomicUsize::new(0),
            tended: AtomicUsize::new(0),
        }
    }

    fn shard(&self, channel: &str) -> &Shard {
        let hash = self.spread.hash_one(channel);
        let at = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        #[expect(clippy::indexing_slicing, reason = "it is below SHARDS")]
        &self.shards[at]
    }

    /// Does something with a channel while nobody else does.
    fn with<T>(&self, channel: &str, act: impl FnOnce(&Shard, &mut Option<Stream>) -> T) -> T {
        let shard = self.shard(channel);
        let slot = {
            let mut channels = locked(&shard.channels);
            match channels.get(channel) {
                Some(slot) => Arc::clone(slot),
                None => Arc::clone(channels.entry(channel.into()).or_default()),
            }
        };
        let mut stream = locked(&slot);
        let done = act(shard, &mut stream);
        let is_unused = stream.is_none();
        drop(stream);
        if is_unused {
            let mut channels = locked(&shard.channels);
            // The shard's, and this one: nobody else is about to use it.
            if Arc::strong_count(&slot) == 2 && locked(&slot).is_none() {
                channels.remove(channel);
            }
        }
        done
    }

    /// Returns the stream of a channel, a new one if there is none or it is forgotten.
    fn stream<'s>(
        &self,
        stream: &'s mut Option<Stream>,
        now: Instant,
    ) -> Result<&'s mut Stream, BrokerError> {
        if stream
            .as_ref()
            .is_some_and(|stream| stream.is_forgotten(now))
        {
            *stream = None;
            self.streams.fetch_sub(1, Relaxed);
        }
        if stream.is_none() && self.streams.fetch_add(1, Relaxed) >= self.limits.streams {
            self.streams.fetch_sub(1, Relaxed);
            return Err(BrokerError::Full(Box::new(TooManyStreams)));
        }
        Ok(stream.get_or_insert_with(|| Stream::new(random::epoch(), now)))
    }

    fn publish_now(
        &self,
        channel: &str,
        publication: Publication,
        options: &PublishOptions,
    ) -> Result<Published, BrokerError> {
        let now = Instant::now();
        self.with(channel, |shard, stream| {
            let key = options.idempotency.as_ref();
            if let Some((key, _)) = key
                && let Some(position) = locked(&shard.repeats).find(channel, key, now)
            {
                return Ok(Published::suppressed(position, Suppressed::Repeated));
            }
            let (publication, position) = match options.retention {
                None => (Arc::new(publication), None),
                Some(retention) => {
                    let stream = self.stream(stream, now)?;
                    let epoch = options.version_epoch.as_deref().unwrap_or_default();
                    if stream.is_outdated(publication.version, epoch) {
                        let position = Some(stream.position());
                        return Ok(Published::suppressed(position, Suppressed::Outdated));
                    }
                    stream.set_version(publication.version, epoch);
                    let publication = stream.append(publication, retention, now);
                    (publication, Some(stream.position()))
                }
            };
            if let Some((key, ttl)) = key {
                self.edit_repeats(shard, |repeats| {
                    repeats.insert((channel, key), position.clone(), after(now, *ttl));
                });
            }
            if let Some(deliver) = self.deliver.get() {
                // Still under the lock: whoever publishes next is delivered next.
                deliver.publication(channel, &publication, position.as_ref());
            }
            Ok(Published::at(position))
        })
    }

    /// Changes which keys are known, and keeps count of them.
    fn edit_repeats(&self, shard: &Shard, edit: impl FnOnce(&mut Repeats)) {
        let mut repeats = locked(&shard.repeats);
        let before = repeats.len();
        edit(&mut repeats);
        let others = self.keys.load(Relaxed).saturating_sub(before);
        while repeats.len() > 0 && others + repeats.len() > self.limits.idempotency_keys {
            repeats.forget_first();
        }
        match repeats.len() {
            after if after >= before => self.keys.fetch_add(after - before, Relaxed),
            after => self.keys.fetch_sub(before - after, Relaxed),
        };
    }

    fn read_now(
        &self,
        channel: &str,
        read: &Read,
        retention: Retention,
    ) -> Result<History, BrokerError> {
        let now = Instant::now();
        self.with(channel, |_, stream| {
            Ok(self.stream(stream, now)?.read(read, retention, now))
        })
    }

    /// Forgets what has expired in one shard.
    fn sweep(&self, shard: &Shard, now: Instant) {
        self.edit_repeats(shard, |repeats| repeats.expire(now));
        let mut expired = Vec::new();
        locked(&shard.channels).retain(|_, slot| {
            // Somebody is in there, or about to be: some other time.
            if Arc::strong_count(slot) > 1 {
                return true;
            }
            let mut stream = locked(slot);
            if stream
                .as_ref()
                .is_some_and(|stream| stream.is_forgotten(now))
            {
                expired.push(mem::take(&mut *stream));
                self.streams.fetch_sub(1, Relaxed);
            }
            if let Some(stream) = &mut *stream {
                stream.expire(now);
            }
            stream.is_some()
        });
        // Publications are given back here, when nobody waits for the shard.
        drop(expired);
    }
}

impl Broker for MemoryBroker {
    fn attach(&self, deliver: Arc<dyn Deliver>) {
        // Who is first stays.
        let _ = self.deliver.set(deliver);
    }

    fn publish<'a>(
        &'a self,
        channel: &'a str,
        publication: Publication,
        options: PublishOptions,
    ) -> Reply<'a, Published> {
        done(self.publish_now(channel, publication, &options))
    }

    fn history<'a>(
        &'a self,
        channel: &'a str,
        read: Read,
        retention: Retention,
    ) -> Reply<'a, History> {
        done(self.read_now(channel, &read, retention))
    }

    fn remove_history<'a>(&'a self, channel: &'a str) -> Reply<'a, ()> {
        self.with(channel, |_, stream| {
            if let Some(stream) = stream {
                stream.clear();
            }
        });
        done(Ok(()))
    }

    fn announce<'a>(&'a self, channel: &'a str, announcement: Announcement) -> Reply<'a, ()> {
        if let Some(deliver) = self.deliver.get() {
            self.with(channel, |_, _| deliver.announcement(channel, &announcement));
        }
        done(Ok(()))
    }

    fn listen<'a>(&'a self, _: &'a str) -> Reply<'a, ()> {
        done(Ok(()))
    }

    fn unlisten(&self, _: &str) {}

    fn tend(&self) {
        let at = self.tended.fetch_add(1, Relaxed) % SHARDS;
        if let Some(shard) = self.shards.get(at) {
            self.sweep(shard, Instant::now());
        }
    }
}

/// There are as many streams as there may be.
#[derive(Debug, Error)]
#[error("there are as many streams in memory as there may be")]
struct TooManyStreams;

fn done<'a, T: Send + 'a>(value: Result<T, BrokerError>) -> Reply<'a, T> {
    Box::pin(ready(value))
}

/// Nothing is left by half where somebody panics: whoever delivers is called last.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for MemoryBroker {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBroker")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
