//! How many control frames a peer may send within a second.

use crate::moment::Moment;

/// In milliseconds.
const SECOND: u32 = 1000;

/// Counts control frames, a second at a time.
///
/// A second begins with the first frame after the one before it ended, so a peer that keeps to the limit in every
/// second is never refused; one that doesn't may send at most twice the limit before it is.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    /// When the second began, in milliseconds that begin anew every seven weeks: it has to be small.
    began: u32,
    taken: u32,
}

/// The peer sent one more than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded;

impl Allowance {
    /// Counts one frame against the limit `per_second`.
    pub(crate) fn take(&mut self, per_second: u32, now: Moment) -> Result<(), Exceeded> {
        let now = now.millis();
        if self.taken == 0 || now.wrapping_sub(self.began) >= SECOND {
            (self.began, self.taken) = (now, 0);
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
    use std::time::{Duration, Instant};

    use super::*;
    use crate::moment::Origin;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the fake clock has to begin somewhere"
    )]
    fn the_limit_holds_within_a_second_and_a_new_second_begins_afresh() {
        let now = Instant::now();
        let start = Origin::new(now).moment(now);
        let mut allowance = Allowance::default();
        for _ in 0..3 {
            assert_eq!(allowance.take(3, start), Ok(()));
        }
        let almost = start.later_by(Duration::from_millis(999));
        assert_eq!(allowance.take(3, almost), Err(Exceeded));
        assert_eq!(
            allowance.take(3, start.later_by(Duration::from_secs(1))),
            Ok(())
        );
    }
}
