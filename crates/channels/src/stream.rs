//! The rules of one channel's stream: offsets, what is kept and for how long, versions. Pure: time and the epoch are
//! told. The keys under which nothing is published twice are in [`repeats`](crate::memory_broker).

use std::{collections::VecDeque, sync::Arc, time::Duration};

use sockeye_channel_proto::{Publication, StreamPosition};
use tokio::time::Instant;

use crate::{History, Order, Read, Retention};

/// The longest time that is counted: beyond it nothing expires while a process lives.
const LONG: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

/// A channel's publications, and how many there ever were.
///
/// ```text
///             ttl after the last publication, or clear         meta_ttl after the last use
///   Filled ──────────────────────────────────────────► Empty ──────────────────────────────► forgotten
///     ▲                                                  │
///     └──────────────────── append ──────────────────────┘
/// ```
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    epoch: String,
    top: u64,
    kept: VecDeque<Arc<Publication>>,
    kept_until: Instant,
    known_until: Instant,
    version: Option<Version>,
}

/// The last version of the document that a stream tells of.
#[derive(Clone, Debug)]
struct Version {
    number: u64,
    epoch: String,
}

impl Stream {
    /// Begins a stream that nobody has touched.
    pub(crate) const fn new(epoch: String, now: Instant) -> Self {
        Self {
            epoch,
            top: 0,
            kept: VecDeque::new(),
            kept_until: now,
            known_until: now,
            version: None,
        }
    }

    /// Says whether nobody has used it for so long that it is as if it had never been.
    pub(crate) fn is_forgotten(&self, now: Instant) -> bool {
        self.known_until <= now
    }

    /// Returns the position behind the latest publication.
    pub(crate) fn position(&self) -> StreamPosition {
        StreamPosition {
            offset: self.top,
            epoch: self.epoch.clone(),
        }
    }

    /// Says whether a version comes too late. What has no version (0) never does.
    pub(crate) fn is_outdated(&self, number: u64, epoch: &str) -> bool {
        let last = self.version.as_ref();
        number > 0 && last.is_some_and(|last| last.epoch == epoch && number <= last.number)
    }

    /// Remembers the version of what is published.
    pub(crate) fn set_version(&mut self, number: u64, epoch: &str) {
        if number > 0 {
            self.version = Some(Version {
                number,
                epoch: epoch.to_owned(),
            });
        }
    }

    /// Appends a publication, and forgets the oldest that are too many.
    pub(crate) fn append(
        &mut self,
        mut publication: Publication,
        retention: Retention,
        now: Instant,
    ) -> Arc<Publication> {
        self.expire(now);
        self.top = self.top.saturating_add(1);
        publication.offset = self.top;
        publication.epoch.clear();
        if self.top == 1 {
            publication.epoch.clone_from(&self.epoch);
        }
        let publication = Arc::new(publication);
        self.kept.push_back(Arc::clone(&publication));
        let size = usize::try_from(retention.size.get()).unwrap_or(usize::MAX);
        while self.kept.len() > size {
            self.kept.pop_front();
        }
        self.kept_until = after(now, retention.ttl);
        self.touch(retention, now);
        publication
    }

    /// Reads a part of it. That counts as use.
    pub(crate) fn read(&mut self, read: &Read, retention: Retention, now: Instant) -> History {
        self.expire(now);
        self.touch(retention, now);
        let limit = read.limit.map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        });
        let since = read.since.as_ref();
        let is_other =
            since.is_some_and(|since| !since.epoch.is_empty() && since.epoch != self.epoch);
        let publications = match (read.order, since.map(|since| since.offset)) {
            _ if is_other => Vec::new(),
            (Order::Forward, since) => {
                let from = self.index_behind(since.unwrap_or_default());
                self.kept.range(from..).take(limit).cloned().collect()
            }
            (Order::Reverse, None) => self.kept.iter().rev().take(limit).cloned().collect(),
            (Order::Reverse, Some(before)) => {
                let to = self.index_behind(before.saturating_sub(1));
                self.kept.range(..to).rev().take(limit).cloned().collect()
            }
        };
        History::new(publications, self.position())
    }

    /// Where the first publication behind an offset stands among those that are kept.
    fn index_behind(&self, offset: u64) -> usize {
        let first = self.top.saturating_sub(self.kept.len() as u64);
        let behind = offset.saturating_sub(first);
        usize::try_from(behind).map_or(self.kept.len(), |at| at.min(self.kept.len()))
    }

    /// Forgets all publications, and none of the rest.
    pub(crate) fn clear(&mut self) {
        self.kept = VecDeque::new();
    }

    /// Forgets the publications if their time has come.
    pub(crate) fn expire(&mut self, now: Instant) {
        if self.kept_until <= now && !self.kept.is_empty() {
            self.clear();
        }
    }

    fn touch(&mut self, retention: Retention, now: Instant) {
        let until = after(now, retention.meta_ttl.max(retention.ttl));
        // A shorter time that comes with a later read takes nothing from what is kept longer.
        self.known_until = until.max(self.kept_until);
    }
}

/// The moment so long after another, however long that is.
pub(crate) fn after(now: Instant, wait: Duration) -> Instant {
    now + wait.min(LONG)
}

#[cfg(test)]
mod tests;
