//! What is in memory of one channel: where its stream is, and the latest of its publications.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sockeye_channels::{History, Order, Publication, Read, Retention, StreamPosition};

use crate::clock::{Millis, after};

/// One channel, as everybody here sees it: never more than is on disk and was delivered.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: Arc<str>,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) head: Head,
    /// The latest, up to the top, without a hole.
    tail: VecDeque<Arc<Publication>>,
    /// Whether somebody used it since the last look.
    pub(crate) is_used: bool,
}

/// Where a stream is: a row of the table of channels.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) id: i64,
    pub(crate) epoch: Arc<str>,
    pub(crate) top: u64,
    /// Up to this offset publications are gone.
    pub(crate) floor: u64,
    pub(crate) kept_until: Millis,
    pub(crate) known_until: Millis,
    pub(crate) version: Option<(u64, Arc<str>)>,
}

/// What a read finds.
#[derive(Debug)]
pub(crate) enum Found {
    /// All of it.
    Here(History),
    /// What to ask the file for, and the position that belongs to it.
    OnDisk(Query, StreamPosition),
    /// Nobody used the stream for so long that it is as if it had never been.
    Forgotten,
}

/// Which publications are asked of the file: `after < offset <= up_to`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query {
    pub(crate) id: i64,
    pub(crate) after: u64,
    pub(crate) up_to: u64,
    pub(crate) limit: u64,
    pub(crate) order: Order,
}

impl Head {
    pub(crate) fn position(&self) -> StreamPosition {
        StreamPosition {
            offset: self.top,
            epoch: (*self.epoch).to_owned(),
        }
    }

    /// Counts as used from now on.
    pub(crate) fn touch(&mut self, retention: Retention, now: Millis) {
        let until = after(now, retention.meta_ttl.max(retention.ttl));
        self.known_until = until.max(self.kept_until);
    }

    /// Up to which offset publications are gone by now.
    pub(crate) const fn floor_at(&self, now: Millis) -> u64 {
        if self.kept_until <= now {
            self.top
        } else {
            self.floor
        }
    }

    /// Says whether a version comes too late. What has no version (0) never does.
    pub(crate) fn is_outdated(&self, number: u64, epoch: &str) -> bool {
        let last = self.version.as_ref();
        number > 0 && last.is_some_and(|(last, of)| **of == *epoch && number <= *last)
    }

    /// What a read is after, within what there is.
    fn query(&self, read: &Read, now: Millis) -> Query {
        let (floor, since) = (self.floor_at(now), read.since.as_ref());
        let is_other = since.is_some_and(|it| !it.epoch.is_empty() && *it.epoch != *self.epoch);
        let (after, up_to) = match (read.order, since.map(|since| since.offset)) {
            (Order::Reverse, Some(before)) => (floor, before.saturating_sub(1).min(self.top)),
            (_, since) => (since.unwrap_or_default().max(floor), self.top),
        };
        Query {
            id: self.id,
            after,
            up_to,
            limit: match read.limit {
                _ if is_other => 0,
                Some(limit) => limit.into(),
                None => u64::MAX,
            },
            order: read.order,
        }
    }
}

impl Line {
    pub(crate) const fn new(name: Arc<str>, head: Head) -> Self {
        let state = State {
            head,
            tail: VecDeque::new(),
            is_used: true,
        };
        Self {
            name,
            state: Mutex::new(state),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what is here, and counts as use.
    pub(crate) fn read(&self, read: &Read, retention: Retention, now: Millis) -> Found {
        let mut state = self.lock();
        if state.head.known_until <= now {
            return Found::Forgotten;
        }
        state.is_used = true;
        state.head.touch(retention, now);
        let (query, top) = (state.head.query(read, now), state.head.position());
        match state.cached(query) {
            Some(publications) => Found::Here(History::new(publications, top)),
            None => Found::OnDisk(query, top),
        }
    }
}

impl State {
    /// Takes over what is on disk now, without a publication.
    pub(crate) fn set_head(&mut self, mut head: Head) {
        if head.id == self.head.id {
            // Somebody may have read meanwhile.
            head.known_until = head.known_until.max(self.head.known_until);
        } else {
            self.tail = VecDeque::new();
        }
        self.head = head;
        let floor = self.head.floor;
        while self.tail.front().is_some_and(|first| first.offset <= floor) {
            self.tail.pop_front();
        }
        self.is_used = true;
    }

    /// Takes over what is on disk now, with its latest publication.
    pub(crate) fn push(&mut self, head: Head, publication: Arc<Publication>) {
        if head.id == self.head.id {
            self.tail.push_back(publication);
            self.set_head(head);
        } else {
            self.set_head(head);
            self.tail.push_back(publication);
        }
    }

    /// Gives the memory of old publications back.
    pub(crate) fn forget(&mut self, up_to: u64) {
        while self.tail.front().is_some_and(|first| first.offset <= up_to) {
            self.tail.pop_front();
        }
        if self.tail.is_empty() {
            self.tail = VecDeque::new();
        }
    }

    /// Finds publications in memory, if all of them are there.
    fn cached(&self, query: Query) -> Option<Vec<Arc<Publication>>> {
        let wanted = query.up_to.saturating_sub(query.after).min(query.limit);
        if wanted == 0 {
            return Some(Vec::new());
        }
        let before = self.head.top.saturating_sub(self.tail.len() as u64);
        let lowest = match query.order {
            Order::Reverse => query.up_to - wanted,
            _ => query.after,
        };
        let from = usize::try_from(lowest.checked_sub(before)?).ok()?;
        let count = usize::try_from(wanted).ok()?;
        let found = self.tail.iter().skip(from).take(count).cloned();
        Some(match query.order {
            Order::Reverse => found.rev().collect(),
            _ => found.collect(),
        })
    }
}
