//! How long to wait before the next attempt. Pure: time and randomness come in as arguments.

use std::time::Duration;

/// How long to wait before the next attempt: longer after each failure, and each time another share of it, so that the
/// many clients of a server that was lost do not all come back at once.
///
/// The wait is anything from nothing to `first` × `factor`ⁿ after n failures ("full jitter"), at most `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backoff {
    /// The longest wait before the first attempt to come back. Default 500 ms.
    pub first: Duration,
    /// By how much the longest wait grows with each failure. Default 2.
    pub factor: u32,
    /// The longest wait there is. Default 30 s.
    pub max: Duration,
    /// How long a connection must have lived to count as a success. Default 5 s. One that is lost earlier is one more
    /// failure: a server that accepts and cuts is not asked at full speed.
    pub stable: Duration,
    /// The longest wait that a server may ask for, by `Retry-After` or otherwise. Default 5 min.
    pub max_asked: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            factor: 2,
            max: Duration::from_secs(30),
            stable: Duration::from_secs(5),
            max_asked: Duration::from_secs(300),
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        impl Backoff {
            $($(#[$doc])* #[must_use] pub fn $name(mut self, $name: $kind) -> Self { self.$name = $name; self })*
        }
    };
}

setters! {
    /// Sets [`first`](Self::first).
    first: Duration,
    /// Sets [`factor`](Self::factor).
    factor: u32,
    /// Sets [`max`](Self::max).
    max: Duration,
    /// Sets [`stable`](Self::stable).
    stable: Duration,
    /// Sets [`max_asked`](Self::max_asked).
    max_asked: Duration,
}

/// Counts failures, and says how long to wait for the next attempt.
///
/// ```text
///        failed, or lost before it was stable        (again)
///   0 ─────────────────────────────────────────> 1 ─────────> 2 …
///   ^                                            │            │
///   └──────── lost after it was stable ──────────┴────────────┘
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    failures: u32,
}

/// What was asked for beside the backoff's own wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AskedFor {
    /// At least this long.
    pub(crate) least: Duration,
    /// Spread over this long; if the backoff's own range is longer, over that.
    pub(crate) spread: Duration,
}

impl Pace {
    /// Returns how many attempts in a row have failed.
    pub(crate) fn failures(self) -> u32 {
        self.failures
    }

    /// A connection was lost that had lived so long; `None` if it never was. Returns whether that is a new beginning.
    pub(crate) fn lost(&mut self, lived: Option<Duration>, backoff: &Backoff) -> Beginning {
        if lived.is_some_and(|lived| lived >= backoff.stable) {
            self.failures = 0;
            return Beginning::New;
        }
        self.failures = self.failures.saturating_add(1);
        Beginning::Old
    }

    /// Returns how long to wait; `random` is anything from 0 to its maximum, each as likely as any other.
    pub(crate) fn wait(self, asked: AskedFor, backoff: &Backoff, random: u32) -> Duration {
        let growth = backoff
            .factor
            .max(1)
            .saturating_pow(self.failures.saturating_sub(1));
        let range = backoff.first.saturating_mul(growth).min(backoff.max);
        let range = range.max(asked.spread);
        let share = u128::from(random) * range.as_nanos() / u128::from(u32::MAX);
        let share = Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX));
        asked.least.min(backoff.max_asked).saturating_add(share)
    }
}

/// Whether failures are counted anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    New,
    Old,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const NOTHING: AskedFor = AskedFor {
        least: Duration::ZERO,
        spread: Duration::ZERO,
    };

    fn longest(failures: u32) -> Duration {
        Pace { failures }.wait(NOTHING, &Backoff::default(), u32::MAX)
    }

    #[test]
    fn the_longest_wait_doubles_up_to_its_end() {
        let waits: Vec<u128> = (0..9)
            .map(|failures| longest(failures).as_millis())
            .collect();
        assert_eq!(
            waits,
            [500, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]
        );
        assert_eq!(longest(u32::MAX), 30 * SECOND);
    }

    #[test]
    fn a_connection_that_was_stable_begins_anew_and_a_short_one_does_not() {
        let backoff = Backoff::default();
        let mut pace = Pace::default();
        assert_eq!(pace.lost(None, &backoff), Beginning::Old);
        assert_eq!(
            pace.lost(Some(backoff.stable - Duration::from_nanos(1)), &backoff),
            Beginning::Old
        );
        assert_eq!(pace.failures(), 2);
        assert_eq!(pace.lost(Some(backoff.stable), &backoff), Beginning::New);
        assert_eq!(pace.failures(), 0);
    }

    #[test]
    fn what_the_server_asks_for_is_the_least_up_to_a_bound() {
        let backoff = Backoff::default();
        let asked = |least| AskedFor {
            least,
            spread: 25 * SECOND,
        };
        let pace = Pace { failures: 1 };
        assert_eq!(pace.wait(asked(5 * SECOND), &backoff, 0), 5 * SECOND);
        assert_eq!(
            pace.wait(asked(5 * SECOND), &backoff, u32::MAX),
            30 * SECOND
        );
        assert_eq!(
            pace.wait(asked(Duration::MAX), &backoff, 0),
            backoff.max_asked
        );
    }

    proptest! {
        #[test]
        fn every_wait_is_within_its_range(
            failures: u32, random: u32, factor: u32, first in 0..100_000_u64, max in 0..100_000_u64,
            least: u64, spread in 0..100_000_u64,
        ) {
            let backoff = Backoff::default()
                .first(Duration::from_millis(first))
                .max(Duration::from_millis(max))
                .factor(factor);
            let wait = Pace { failures }.wait(NOTHING, &backoff, random);
            prop_assert!(wait <= backoff.max);
            let shortest = Pace { failures }.wait(NOTHING, &backoff, 0);
            prop_assert!(shortest.is_zero());
            let asked = AskedFor {
                least: Duration::from_secs(least),
                spread: Duration::from_millis(spread),
            };
            let (least, wait) = (asked.least.min(backoff.max_asked), Pace { failures }.wait(asked, &backoff, random));
            prop_assert!(wait >= least && wait - least <= backoff.max.max(asked.spread));
        }
    }
}
