//! What a chat costs in one way.

use std::time::{Duration, Instant};

use sockeye_bench::{
    host::Cpus,
    load::{Chat, Meter, Target},
    measure::cpu_time_at_rest,
};

use crate::{args::Args, way::Way};

/// The figures of one way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) clients: f64,
    /// Bytes of all clients both ways until all are in the room.
    pub(crate) opening: f64,
    pub(crate) talk: Stretch,
    pub(crate) silence: Stretch,
    /// Messages heard: said, times clients.
    pub(crate) heard: f64,
    /// From the moment a message is said until one hears it, in milliseconds.
    pub(crate) median_delay: f64,
    pub(crate) p99_delay: f64,
}

/// A stretch of time, summed up over all clients.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stretch {
    pub(crate) minutes: f64,
    pub(crate) sent: f64,
    pub(crate) received: f64,
    pub(crate) requests: f64,
    /// CPU time of the server, in microseconds.
    pub(crate) cpu: f64,
}

impl Stretch {
    pub(crate) fn bytes(&self) -> f64 {
        self.sent + self.received
    }

    fn new(meter: Meter, cpu: Duration, lasted: Duration) -> Self {
        Self {
            minutes: lasted.as_secs_f64() / 60.0,
            sent: float(meter.sent),
            received: float(meter.received),
            requests: float(meter.requests),
            cpu: cpu.as_secs_f64() * 1e6,
        }
    }
}

impl Cost {
    /// Holds the chat.
    pub(crate) fn measure(way: Way, args: &Args, cpus: Cpus) -> anyhow::Result<Self> {
        let server = way.program()?.start(cpus)?;
        let target = Target::new(server.address(), way.carrier(), way.path()).as_a_browser();
        let mut chat = Chat::open(target, args.clients, args.bytes, way.period())?;
        let opening = chat.meter();

        let (before, start) = (cpu_time_at_rest(server.pid())?, Instant::now());
        let outcome = chat.talk(args.messages, args.every()?)?;
        let (lasted, talked) = (start.elapsed(), cpu_time_at_rest(server.pid())?);
        let talk_meter = chat.meter();

        let start = Instant::now();
        chat.be_silent(args.silence()?)?;
        let (silent, after) = (start.elapsed(), cpu_time_at_rest(server.pid())?);
        let silence_meter = chat.meter().since(talk_meter);

        let delay = |quantile| float(outcome.latencies.value_at_quantile(quantile)) / 1e6;
        Ok(Self {
            clients: float(args.clients as u64),
            opening: float(opening.sent + opening.received),
            talk: Stretch::new(talk_meter.since(opening), talked - before, lasted),
            silence: Stretch::new(silence_meter, after - talked, silent),
            heard: float(outcome.messages),
            median_delay: delay(0.5),
            p99_delay: delay(0.99),
        })
    }

    /// A sum over all clients as each one's share in a minute.
    pub(crate) fn each_minute(&self, of: &Stretch, sum: f64) -> f64 {
        sum / self.clients / of.minutes
    }
}

#[expect(clippy::cast_precision_loss, reason = "far less than 2^52")]
fn float(number: u64) -> f64 {
    number as f64
}
