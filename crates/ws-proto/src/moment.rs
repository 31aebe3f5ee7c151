//! Points in time of one conn, in half the memory of an [`Instant`].

use std::{
    num::NonZeroU64,
    time::{Duration, Instant},
};

/// When a conn began: what its moments are counted from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin(Instant);

/// A point in time, in nanoseconds since one before the conn began. What would be earlier is that nanosecond;
/// 584 years later is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(NonZeroU64);

impl Origin {
    pub(crate) fn new(now: Instant) -> Self {
        Self(now)
    }

    pub(crate) fn began(self) -> Instant {
        self.0
    }

    pub(crate) fn moment(self, at: Instant) -> Moment {
        let since = at.saturating_duration_since(self.0);
        Moment(NonZeroU64::MIN).later_by(since)
    }

    /// Returns the time of a moment; `None` if that is never.
    pub(crate) fn instant(self, at: Moment) -> Option<Instant> {
        if at.0 == NonZeroU64::MAX {
            return None;
        }
        self.0.checked_add(at.since(Moment(NonZeroU64::MIN)))
    }
}

impl Moment {
    pub(crate) fn later_by(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    /// Returns the milliseconds, which begin anew after 2³².
    pub(crate) fn millis(self) -> u32 {
        let [.., a, b, c, d] = (self.0.get() / 1_000_000).to_be_bytes();
        u32::from_be_bytes([a, b, c, d])
    }

    /// Returns how much later this is than another; nothing if it is earlier.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(earlier.0.get()))
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
    fn a_moment_is_the_time_it_was_made_of() {
        let start = Instant::now();
        let origin = Origin::new(start);
        for nanos in [0, 1, 999_999_999, 86_400_000_000_007] {
            let at = start + Duration::from_nanos(nanos);
            assert_eq!(origin.instant(origin.moment(at)), Some(at));
        }
        let (early, late) = (
            origin.moment(start),
            origin.moment(start).later_by(Duration::MAX),
        );
        assert_eq!(
            (early.since(late), late.later_by(Duration::MAX)),
            (Duration::ZERO, late)
        );
        assert_eq!(origin.instant(late), None);
        assert_eq!(size_of::<Option<Moment>>(), 8);
    }
}
