//! What wakes a connection that waits for its first request: its deadline, or a shutdown.

use std::{task::Waker, time::Instant};

use crate::{drivers::Drivers, timers::Timer};

/// An entry in a worker's wheel, for a connection that has no session yet.
pub(crate) struct Alarm<'a> {
    drivers: &'a Drivers,
    timer: Timer,
    deadline: Instant,
}

/// Whether there is anything left to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    Left,
    /// The deadline has passed.
    Late,
    /// The server shuts down.
    ShutDown,
}

impl<'a> Alarm<'a> {
    pub(crate) fn new(drivers: &'a Drivers, deadline: Instant) -> Self {
        Self {
            drivers,
            timer: Timer::default(),
            deadline,
        }
    }

    /// Says whether to go on waiting, and has `waker` woken when that changes.
    pub(crate) fn set(&mut self, now: Instant, waker: &Waker) -> Patience {
        if now >= self.deadline {
            return Patience::Late;
        }
        let timers = self.drivers.timers();
        timers.has_fired(&mut self.timer);
        timers.arm(&mut self.timer, self.deadline, waker);
        // Asked last: whoever was not there yet to be woken by a shutdown sees it now.
        if self.drivers.is_shut_down() {
            return Patience::ShutDown;
        }
        Patience::Left
    }
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        self.drivers.timers().disarm(&mut self.timer);
    }
}
