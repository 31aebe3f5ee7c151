//! A page that is asked for again and again, at times that are set beforehand, while the server is kept busy.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    Outcome, Target,
    exchange::{Exchange, Place},
};

/// From one request to the next.
const PERIOD: Duration = Duration::from_millis(5);

/// One kept HTTP connection. Delays count from when a request was due, also when the one before was late: a server that
/// stalls can't hide how often somebody would have waited.
#[derive(Debug)]
pub(super) struct Probe {
    exchange: Exchange,
    request: Vec<u8>,
    /// When the next request becomes due.
    next: Instant,
    /// What was due and is not answered; the first is under way if the connection is not idle.
    due: VecDeque<Instant>,
}

impl Probe {
    pub(super) fn open(target: Target, place: Place) -> anyhow::Result<Self> {
        Ok(Self {
            exchange: Exchange::open(place)?,
            request: target.get("", "*/*"),
            next: Instant::now(),
            due: VecDeque::new(),
        })
    }

    /// Begins to count anew.
    pub(super) fn start(&mut self, now: Instant) {
        self.next = now;
    }

    /// Notes what has become due until `end`, and asks if nothing is under way.
    pub(super) fn ask(&mut self, now: Instant, end: Instant) -> anyhow::Result<()> {
        while self.next <= now && self.next < end {
            self.due.push_back(self.next);
            self.next += PERIOD;
        }
        if self.exchange.is_idle() && !self.due.is_empty() {
            self.exchange.ask(&self.request)?;
        }
        Ok(())
    }

    /// Reads what has arrived, and notes how long it took since it was due.
    pub(super) fn receive(
        &mut self,
        buffer: &mut [u8],
        outcome: &mut Outcome,
    ) -> anyhow::Result<()> {
        self.exchange.flush()?;
        for _ in 0..self.exchange.receive(200, buffer, |_| Ok(()))? {
            if let Some(due) = self.due.pop_front() {
                outcome.record(1, due, Instant::now());
            }
        }
        Ok(())
    }

    /// Says whether everything that was due is answered.
    pub(super) fn is_over(&self) -> bool {
        self.due.is_empty()
    }
}
