//! How often somebody may do something.

use std::{num::NonZeroU32, time::Duration};

use tokio::time::Instant;

/// A rate with a burst of a second: the generic cell rate algorithm (ITU-T I.371), which needs one moment for each
/// client and no other state. That is why this is no crate: those keep a table of their own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Allowance {
    /// When all that was done so far would be done at an even pace.
    paid: Option<Instant>,
}

impl Allowance {
    /// Begins with nothing done.
    pub(crate) const fn new() -> Self {
        Self { paid: None }
    }

    /// Says whether it may be done once more, and counts it if so.
    pub(crate) fn take(&mut self, rate: Option<NonZeroU32>, now: Instant) -> bool {
        let Some(rate) = rate else {
            return true;
        };
        let each = Duration::from_secs(1) / rate.get();
        let paid = self.paid.map_or(now, |paid| paid.max(now)) + each;
        if paid > now + Duration::from_secs(1) {
            return false;
        }
        self.paid = Some(paid);
        true
    }

    /// Says whether it is as if nothing had been done.
    pub(crate) fn is_at_rest(&self, now: Instant) -> bool {
        self.paid.is_none_or(|paid| paid <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_s_worth_may_come_at_once_and_then_at_that_pace() {
        let (start, rate) = (Instant::now(), NonZeroU32::new(4));
        let mut allowance = Allowance::default();
        let mut count = |at: u64| {
            let now = start + Duration::from_millis(at);
            (0..10).filter(|_| allowance.take(rate, now)).count()
        };
        assert_eq!(count(0), 4);
        assert_eq!(count(249), 0);
        assert_eq!(count(250), 1);
        assert_eq!(count(10_000), 4);
        assert!((0..1000).all(|_| Allowance::default().take(None, start)));
    }
}
