//! How many control frames a peer may send within a second.

use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// Counts control frames, a second at a time.
///
/// A second begins with the first frame after the one before it ended, so a peer that keeps to the limit in every
/// second is never refused; one that doesn't may send at most twice the limit before it is.
#[derive(Debug)]
pub(crate) struct Allowance {
    began: Instant,
    taken: u32,
}

/// The peer sent one more than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded;

impl Allowance {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            began: now,
            taken: 0,
        }
    }

    /// Counts one frame against the limit `per_second`.
    pub(crate) fn take(&mut self, per_second: u32, now: Instant) -> Result<(), Exceeded> {
        if now.saturating_duration_since(self.began) >= SECOND {
            *self = Self::new(now);
        }
        if self.taken >= per_second {
            return Err(Exceeded);
        }
        self.taken += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the fake clock has to begin somewhere"
    )]
    fn the_limit_holds_within_a_second_and_a_new_second_begins_afresh() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        for _ in 0..3 {
            assert_eq!(allowance.take(3, start), Ok(()));
        }
        let almost = start + Duration::from_millis(999);
        assert_eq!(allowance.take(3, almost), Err(Exceeded));
        assert_eq!(allowance.take(3, start + SECOND), Ok(()));
    }
}
