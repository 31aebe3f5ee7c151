//! What a slice of load came to, on the generator's side.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// Longest latency that is told apart, in nanoseconds; longer ones count as this.
const LONGEST: u64 = 60_000_000_000;

/// Messages that came back right within a slice, and how long each took.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// Messages that came back; for a fan-out, deliveries; for a churn, connections.
    pub messages: u64,
    /// From the first write to the last answer.
    pub elapsed: Duration,
    /// Latencies in nanoseconds, three digits exact.
    pub latencies: Histogram<u64>,
}

impl Outcome {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            messages: 0,
            elapsed: Duration::ZERO,
            latencies: Histogram::new_with_bounds(1, LONGEST, 3)?,
        })
    }

    /// Notes so many messages that took the same time.
    pub(super) fn record(&mut self, messages: usize, from: Instant, to: Instant) {
        let nanos = u64::try_from((to - from).as_nanos()).unwrap_or(LONGEST);
        let messages = messages as u64;
        self.latencies.saturating_record_n(nanos, messages);
        self.messages += messages;
    }
}
