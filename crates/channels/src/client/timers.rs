//! The deadlines of one connection.

use std::{num::NonZeroU64, time::Duration};

use tokio::time::Instant;

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// It says who it is.
    Stale,
    /// The next ping.
    Ping,
    /// The answer to the last one.
    Pong,
    /// Its token expires.
    Expiry,
    /// What is looked at from time to time: subscriptions that expire, positions.
    Tick,
}

impl Timer {
    pub(super) const ALL: [Self; 5] = [
        Self::Stale,
        Self::Ping,
        Self::Pong,
        Self::Expiry,
        Self::Tick,
    ];
}

/// When each of them is due.
#[derive(Debug)]
pub(super) struct Timers {
    /// When the connection began.
    opened: Instant,
    /// Nanoseconds from there on: half of what moments would take.
    due: [Option<NonZeroU64>; Timer::ALL.len()],
}

impl Timers {
    pub(super) const fn new(opened: Instant) -> Self {
        Self {
            opened,
            due: [None; Timer::ALL.len()],
        }
    }

    /// Returns when the connection began.
    pub(super) const fn opened(&self) -> Instant {
        self.opened
    }

    pub(super) fn set(&mut self, timer: Timer, at: Option<Instant>) {
        let nanos = |at: Instant| {
            let nanos = at.saturating_duration_since(self.opened).as_nanos();
            NonZeroU64::new(u64::try_from(nanos).unwrap_or(u64::MAX)).unwrap_or(NonZeroU64::MIN)
        };
        let at = at.map(nanos);
        if let Some(slot) = self.due.get_mut(timer as usize) {
            *slot = at;
        }
    }

    pub(super) fn at(&self, timer: Timer) -> Option<Instant> {
        let due = self.due.get(timer as usize).copied().flatten();
        due.map(|due| self.moment(due))
    }

    pub(super) fn first(&self) -> Option<Instant> {
        let due = self.due.iter().flatten().min();
        due.map(|due| self.moment(*due))
    }

    /// Takes out one that has passed.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        let timer = Timer::ALL
            .into_iter()
            .find(|timer| self.at(*timer).is_some_and(|at| at <= now))?;
        self.set(timer, None);
        Some(timer)
    }

    fn moment(&self, due: NonZeroU64) -> Instant {
        self.opened + Duration::from_nanos(due.get())
    }
}
