//! How long something takes, counted by classes.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The upper bounds of the classes, included: from what memory takes to what nobody waits for.
const BOUNDS: [Duration; 14] = [
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// Counts how long something takes. Many may count at once.
#[derive(Debug, Default)]
pub struct Timing {
    classes: [AtomicU64; BOUNDS.len()],
    above: AtomicU64,
    nanoseconds: AtomicU64,
}

/// What a [`Timing`] has counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Times {
    /// Upper bounds, included, and how many lie between each and the one before.
    pub classes: Vec<(Duration, u64)>,
    /// How many lie above all bounds.
    pub above: u64,
    /// The sum of all.
    pub sum: Duration,
}

impl Timing {
    /// Counts one.
    pub fn count(&self, time: Duration) {
        let class = BOUNDS.iter().position(|bound| time <= *bound);
        let class = class.and_then(|at| self.classes.get(at));
        class.unwrap_or(&self.above).fetch_add(1, Relaxed);
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Relaxed);
    }

    /// Returns what was counted.
    pub fn times(&self) -> Times {
        let counts = self.classes.iter().map(|count| count.load(Relaxed));
        Times {
            classes: BOUNDS.into_iter().zip(counts).collect(),
            above: self.above.load(Relaxed),
            sum: Duration::from_nanos(self.nanoseconds.load(Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_the_first_class_that_holds_it() {
        let timing = Timing::default();
        for micros in [0, 50, 51, 5_000_000, 5_000_001] {
            timing.count(Duration::from_micros(micros));
        }
        let times = timing.times();
        let counts: Vec<_> = times.classes.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(times.above, 1);
        assert_eq!(times.sum, Duration::from_micros(10_000_102));
    }
}
