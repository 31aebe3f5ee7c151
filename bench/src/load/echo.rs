//! Echo: each connection keeps so many messages in flight.

mod paced;

use std::{
    collections::VecDeque,
    rc::Rc,
    time::{Duration, Instant},
};

use mio::Token;

use super::{Kind, Outcome, Ring, Target, exchange::Place, line::Line, probe::Probe, wait::Spin};

pub use paced::Paced;

/// Large enough for what a socket usually holds.
const BUFFER: usize = 256 << 10;

/// Clients of an echo, open and quiet between slices.
#[derive(Debug)]
pub struct Echo {
    spin: Spin,
    ring: Ring,
    depth: usize,
    flights: Vec<Flight>,
    buffer: Vec<u8>,
    probe: Option<Box<Probe>>,
}

#[derive(Debug)]
struct Flight {
    line: Line,
    begun: Begun,
}

/// How many messages were handed to the socket together, and when; oldest first. To time each by itself would cost the
/// generator more than the server spends on it.
#[derive(Debug, Default)]
struct Begun(VecDeque<(usize, Instant)>);

impl Flight {
    fn launch(&mut self, messages: usize, now: Instant) {
        self.line.owe(messages);
        self.begun.launch(messages, now);
    }
}

impl Begun {
    fn launch(&mut self, messages: usize, now: Instant) {
        if messages > 0 {
            self.0.push_back((messages, now));
        }
    }

    fn land(&mut self, mut messages: usize, now: Instant, outcome: &mut Outcome) {
        while messages > 0
            && let Some((left, begun)) = self.0.front_mut()
        {
            let landed = messages.min(*left);
            outcome.record(landed, *begun, now);
            messages -= landed;
            *left -= landed;
            if *left == 0 {
                self.0.pop_front();
            }
        }
    }
}

impl Echo {
    /// Opens so many clients, for messages of `size` bytes with `depth` of them in flight on each. Over HTTP they must
    /// be of [`Kind::Text`], which nothing has to be escaped in.
    ///
    /// # Errors
    /// When the server refuses one.
    pub fn open(
        target: Target,
        connections: usize,
        (kind, size): (Kind, usize),
        depth: usize,
    ) -> anyhow::Result<Self> {
        let spin = Spin::new()?;
        let lines = Line::open_all(target, spin.registry(), connections)?;
        let begun = Begun::default;
        let flights = lines.into_iter().map(|line| Flight {
            line,
            begun: begun(),
        });
        let flights = flights.collect();
        Ok(Self {
            spin,
            ring: Ring::new(kind, size, depth),
            depth,
            flights,
            buffer: vec![0; BUFFER],
            probe: None,
        })
    }

    /// Has a page asked for every 5 ms as well, on a connection of its own. Latencies are then those of the page, from
    /// when it was due; messages are still the echoes.
    ///
    /// # Errors
    /// When the server does not accept.
    pub fn with_page(mut self, page: Target) -> anyhow::Result<Self> {
        let place = Place {
            server: page.server,
            registry: Rc::clone(self.spin.registry()),
            token: self.probe_token(),
        };
        self.probe = Some(Box::new(Probe::open(page, place)?));
        Ok(self)
    }

    /// The first that no flight has.
    fn probe_token(&self) -> Token {
        Token(2 * self.flights.len())
    }

    /// Loads the server for so long, then waits until everything in flight is back.
    ///
    /// # Errors
    /// When anything comes back wrong, or nothing for ten seconds.
    pub fn run(&mut self, duration: Duration) -> anyhow::Result<Outcome> {
        let (mut outcome, mut pages) = (Outcome::new()?, Outcome::new()?);
        let probe_token = self.probe_token();
        let start = self.spin.start();
        let end = start + duration;
        if let Some(probe) = &mut self.probe {
            probe.start(start);
        }
        for flight in &mut self.flights {
            flight.launch(self.depth, Instant::now());
            flight.line.flush(&self.ring)?;
        }
        let mut in_flight = self.depth * self.flights.len();
        loop {
            let mut is_over = in_flight == 0;
            if let Some(probe) = &mut self.probe {
                probe.ask(Instant::now(), end)?;
                is_over &= probe.is_over();
            }
            if is_over {
                break;
            }
            for event in self.spin.events()? {
                if let Some(probe) = &mut self.probe
                    && event.token() == probe_token
                {
                    probe.receive(&mut self.buffer, &mut pages)?;
                    continue;
                }
                let (whose, side) = Line::of(event.token());
                let Some(flight) = self.flights.get_mut(whose) else {
                    continue;
                };
                if event.is_readable() {
                    let back = flight.line.receive(side, &self.ring, &mut self.buffer)?;
                    let now = Instant::now();
                    flight.begun.land(back, now, &mut outcome);
                    if now < end {
                        flight.launch(back, now);
                    } else {
                        in_flight = in_flight.saturating_sub(back);
                    }
                }
                flight.line.flush(&self.ring)?;
            }
        }
        outcome.elapsed = start.elapsed();
        if self.probe.is_some() {
            outcome.latencies = pages.latencies;
        }
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_land_in_the_order_they_were_launched() {
        let start = Instant::now();
        let at = |micros| start + Duration::from_micros(micros);
        let mut begun = Begun::default();
        let mut outcome = Outcome::new().unwrap();
        begun.launch(2, at(0));
        begun.land(1, at(10), &mut outcome);
        begun.launch(1, at(10));
        begun.land(2, at(30), &mut outcome);
        assert_eq!(outcome.messages, 3);
        let counted: Vec<_> = outcome
            .latencies
            .iter_recorded()
            .map(|value| (value.value_iterated_to() / 1000, value.count_at_value()))
            .collect();
        assert_eq!(counted, [(10, 1), (20, 1), (30, 1)]);
        assert!(begun.0.is_empty());
    }
}
