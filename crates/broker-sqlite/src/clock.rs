//! The time of day, which is what a file can keep.

use std::time::{Duration, SystemTime};

use crate::DangerClock;

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

/// Says how late it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock(DangerClock);

impl Clock {
    pub(crate) const fn new(ahead: DangerClock) -> Self {
        Self(ahead)
    }

    pub(crate) fn now(&self) -> Millis {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        millis(since.unwrap_or_default()).saturating_add(self.0.ahead())
    }
}

/// The moment so long after another, however long that is.
pub(crate) fn after(now: Millis, wait: Duration) -> Millis {
    now.saturating_add(millis(wait))
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}
