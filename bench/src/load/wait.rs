//! The poll the generator spins on: asleep, it would add its own wake-up to every latency.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::bail;
use mio::{Events, Poll, Registry};

/// Most events taken at once.
const EVENTS: usize = 1024;

/// How long nothing may happen before the row is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// A poll that never sleeps, and that gives up when nothing happens.
#[derive(Debug)]
pub(super) struct Spin {
    poll: Poll,
    registry: Rc<Registry>,
    events: Events,
    since: Instant,
}

impl Spin {
    pub(super) fn new() -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        Ok(Self {
            registry: Rc::new(poll.registry().try_clone()?),
            poll,
            events: Events::with_capacity(EVENTS),
            since: Instant::now(),
        })
    }

    pub(super) fn registry(&self) -> &Rc<Registry> {
        &self.registry
    }

    /// Begins to count the time in which nothing happens.
    pub(super) fn start(&mut self) -> Instant {
        self.since = Instant::now();
        self.since
    }

    /// Waits for events, asleep, for so long at most.
    pub(super) fn events_within(&mut self, duration: Duration) -> anyhow::Result<&Events> {
        self.poll.poll(&mut self.events, Some(duration))?;
        Ok(&self.events)
    }

    /// Waits for events, spinning.
    pub(super) fn events(&mut self) -> anyhow::Result<&Events> {
        loop {
            self.poll.poll(&mut self.events, Some(Duration::ZERO))?;
            if !self.events.is_empty() {
                self.since = Instant::now();
                return Ok(&self.events);
            }
            if self.since.elapsed() > PATIENCE {
                bail!("the server owes answers, and nothing came for {PATIENCE:?}");
            }
        }
    }
}
