//! The same echo in an open loop: messages are sent when they are due, whether or not those before are back.

use std::time::{Duration, Instant};

use anyhow::ensure;

use super::{Echo, Line, Outcome};

/// How long nothing may come back before the row is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// An echo that is first brought to its limit, and then asked for a share of that.
#[derive(Debug)]
pub struct Paced {
    echo: Echo,
    share: f64,
    /// From one message to the next, over all connections; not known before the first run.
    interval: Option<Duration>,
}

impl Paced {
    /// Asks for that share of what the server can do.
    pub fn new(echo: Echo, share: f64) -> Self {
        Self {
            echo,
            share,
            interval: None,
        }
    }

    /// The first time finds out how much the server can do in a closed loop, and returns that. Later ones send messages
    /// at even distances, on each connection in turn. Latencies count from when a message was due, so that one that waits
    /// behind a stall counts with all its wait.
    ///
    /// # Errors
    /// When anything comes back wrong, or nothing for ten seconds.
    pub fn run(&mut self, duration: Duration) -> anyhow::Result<Outcome> {
        if let Some(interval) = self.interval {
            return self.echo.run_paced(duration, interval);
        }
        // Once to warm up.
        self.echo.run(duration)?;
        let outcome = self.echo.run(duration)?;
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 messages")]
        let messages = outcome.messages as f64;
        ensure!(messages > 0.0, "nothing came back");
        self.interval = Some(outcome.elapsed.div_f64(messages * self.share));
        Ok(outcome)
    }
}

impl Echo {
    fn run_paced(&mut self, duration: Duration, interval: Duration) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::new()?;
        let start = self.spin.start();
        let end = start + duration;
        let (mut due, mut heard) = (start, start);
        let (mut turn, mut in_flight) = (0, 0);
        loop {
            let now = Instant::now();
            while due <= now && due < end {
                let whose = turn % self.flights.len();
                if let Some(flight) = self.flights.get_mut(whose) {
                    flight.launch(1, due);
                    flight.line.flush(&self.ring)?;
                }
                turn += 1;
                in_flight += 1;
                due += interval;
            }
            if in_flight == 0 && due >= end {
                break;
            }
            for event in self.spin.events_within(Duration::ZERO)? {
                let (whose, side) = Line::of(event.token());
                let Some(flight) = self.flights.get_mut(whose) else {
                    continue;
                };
                if event.is_readable() {
                    let back = flight.line.receive(side, &self.ring, &mut self.buffer)?;
                    heard = Instant::now();
                    flight.begun.land(back, heard, &mut outcome);
                    in_flight -= back.min(in_flight);
                }
                flight.line.flush(&self.ring)?;
            }
            ensure!(
                in_flight == 0 || now.saturating_duration_since(heard) < PATIENCE,
                "the server owes answers, and nothing came for {PATIENCE:?}"
            );
        }
        outcome.elapsed = start.elapsed();
        Ok(outcome)
    }
}
