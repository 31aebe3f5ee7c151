//! How a broker keeps its file.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

/// How a broker keeps its file, and how much it may hold in memory. Zeros count as 1.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// So many publishes may wait for the disk, 4096 by default. Further ones wait for their turn: a publisher that
    /// awaits its answers is slowed down to what the disk can do.
    pub queue_len: usize,
    /// So many bytes of publications may wait for the disk, 64 MiB by default. A larger one waits until it is alone.
    pub queue_bytes: usize,
    /// So many publishes become one transaction at most, 1024 by default. More cost each of them more time, and all of
    /// them less.
    pub batch_len: usize,
    /// So many bytes of publications become one transaction at most, unless a single one is larger. 4 MiB by default.
    pub batch_bytes: usize,
    /// When an acknowledged publication is on disk. [`Synchronous::Full`] by default.
    pub synchronous: Synchronous,
    /// So many bytes of the latest publications stay in memory for readers, 64 MiB by default.
    pub cache_bytes: usize,
    /// Of so many channels the position stays in memory, 100,000 by default; some 500 bytes each. The first publish
    /// into, or read of, another channel waits for the writer once.
    pub cache_channels: usize,
    /// So many reads may wait for the file, 256 by default; further ones wait for their turn.
    pub reads: usize,
    /// What only tests want.
    #[doc(hidden)]
    pub danger: DangerHooks,
}

/// When the writer tells the disk to keep its word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Synchronous {
    /// Before each acknowledgement: what was acknowledged survives `kill -9` and a loss of power, as far as the
    /// operating system and the disk keep theirs.
    #[default]
    Full,
    /// Now and then: what was acknowledged survives `kill -9`, but the last commits are gone after a loss of power. The
    /// file is whole in either case.
    Normal,
}

/// What only tests want.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct DangerHooks {
    /// Answers before the commit: what a broker must never do, so that tests can show that they would notice.
    pub acknowledges_early: bool,
    /// The file may have so many pages.
    pub max_pages: Option<u32>,
    /// Goes ahead of the system's.
    pub clock: DangerClock,
}

/// A clock that goes ahead of the system's.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct DangerClock(Arc<AtomicI64>);

impl DangerClock {
    /// Goes ahead by so much more.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.fetch_add(by, Relaxed);
    }

    pub(crate) fn ahead(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue_len: 4096,
            queue_bytes: 64 << 20,
            batch_len: 1024,
            batch_bytes: 4 << 20,
            synchronous: Synchronous::Full,
            cache_bytes: 64 << 20,
            cache_channels: 100_000,
            reads: 256,
            danger: DangerHooks::default(),
        }
    }
}
