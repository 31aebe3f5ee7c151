//! The deadlines of one connection.

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
#[derive(Debug, Default)]
pub(super) struct Timers([Option<Instant>; Timer::ALL.len()]);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Option<Instant>) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = at;
        }
    }

    pub(super) fn at(&self, timer: Timer) -> Option<Instant> {
        self.0.get(timer as usize).copied().flatten()
    }

    pub(super) fn first(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// Takes out one that has passed.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        Timer::ALL
            .into_iter()
            .zip(&mut self.0)
            .find_map(|(timer, at)| at.take_if(|at| *at <= now).map(|_| timer))
    }
}
