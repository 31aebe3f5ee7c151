//! What the broker counts, for metrics.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use sockeye_channels::{Times, Timing};

use crate::refused::Refused;

/// What the broker has counted since it was opened, and what waits now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// How long transactions took until they were on disk. Those that failed are not among them.
    pub commits: Times,
    /// How much one transaction did.
    pub batches: Sizes,
    /// How many publishes and questions have a place in the queue. Those beyond
    /// [`Options::queue_len`](crate::Options::queue_len) wait for one and are not among them.
    pub queue_len: usize,
    /// How many wait for a place in the queue.
    pub queue_waiting: usize,
    /// Bytes of publications that have a place in the queue, each rounded up to a KiB.
    pub queue_bytes: usize,
    /// How often there was no room on the disk.
    pub refused_full: u64,
    /// How often the file refused for another reason.
    pub refused_unavailable: u64,
}

/// The upper bounds of the classes of [`Sizes`], included.
const BOUNDS: [u64; 11] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/// How many commands transactions had, by classes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sizes {
    /// Upper bounds, included, and how many lie between each and the one before.
    pub classes: Vec<(u64, u64)>,
    /// How many lie above all bounds.
    pub above: u64,
    /// The sum of all: how many commands were done.
    pub sum: u64,
}

/// What the writer counts while it writes.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    commits: Timing,
    classes: [AtomicU64; BOUNDS.len()],
    above: AtomicU64,
    sum: AtomicU64,
    full: AtomicU64,
    unavailable: AtomicU64,
    waiting: AtomicUsize,
}

/// Somebody waits for a place in the queue.
#[must_use = "dropped, nobody waits"]
pub(crate) struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Counts {
    /// Somebody waits for a place in the queue, until what is returned is dropped.
    pub(crate) fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Relaxed);
        Waiting(&self.waiting)
    }

    /// A transaction is on disk.
    pub(crate) fn committed(&self, commands: usize, time: Duration) {
        self.commits.count(time);
        let commands = commands as u64;
        let class = BOUNDS.iter().position(|bound| commands <= *bound);
        let class = class.and_then(|at| self.classes.get(at));
        class.unwrap_or(&self.above).fetch_add(1, Relaxed);
        self.sum.fetch_add(commands, Relaxed);
    }

    /// Commands were refused.
    pub(crate) fn refused(&self, commands: usize, why: &Refused) {
        let count = if why.is_full() {
            &self.full
        } else {
            &self.unavailable
        };
        count.fetch_add(commands as u64, Relaxed);
    }

    pub(crate) fn stats(&self, queue_len: usize, queue_bytes: usize) -> Stats {
        let counts = self.classes.iter().map(|count| count.load(Relaxed));
        Stats {
            commits: self.commits.times(),
            batches: Sizes {
                classes: BOUNDS.into_iter().zip(counts).collect(),
                above: self.above.load(Relaxed),
                sum: self.sum.load(Relaxed),
            },
            queue_len,
            queue_waiting: self.waiting.load(Relaxed),
            queue_bytes,
            refused_full: self.full.load(Relaxed),
            refused_unavailable: self.unavailable.load(Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_in_the_first_class_that_holds_it() {
        let counts = Counts::default();
        for commands in [1, 2, 3, 1024, 1025] {
            counts.committed(commands, Duration::ZERO);
        }
        let batches = counts.stats(0, 0).batches;
        let classes: Vec<_> = batches.classes.iter().map(|(_, count)| *count).collect();
        assert_eq!(classes, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!((batches.above, batches.sum), (1, 2055));
    }
}
