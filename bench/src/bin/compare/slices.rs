//! The rows that are done in slices: all servers in turns, in another order each round.

use std::time::Duration;

use anyhow::Context;
use hdrhistogram::Histogram;
use sockeye_bench::{
    host::{Cpus, Server},
    measure::cpu_time_at_rest,
};

use crate::{
    contender::Contender,
    result::{Latency, Sliced},
    row::{Load, Row, Suite},
};

/// How long a server of SockJS is loaded before anything counts: one of them compiles its code while it runs.
const WARM_UP_SOCKJS: Duration = Duration::from_secs(2);

/// How the slices are cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) cpus: Cpus,
    pub(crate) slices: usize,
    pub(crate) length: Duration,
}

/// A server, the load that waits for its turn on it, and what its slices came to.
struct Contestant {
    server: Server,
    load: Load,
    slices: Vec<Slice>,
    latencies: Histogram<u64>,
}

/// One server's figures of one round.
#[derive(Clone, Copy, Debug)]
struct Slice {
    micros_per_message: f64,
    messages_per_second: f64,
}

/// Runs one row. A server that fails is out of the row, and its result says why.
pub(crate) fn run(
    row: Row,
    contenders: &[Contender],
    plan: Plan,
) -> Vec<(Contender, anyhow::Result<Sliced>)> {
    let mut contestants: Vec<_> = contenders
        .iter()
        .map(|contender| (*contender, Contestant::start(row, *contender, plan)))
        .collect();
    for _ in 0..plan.slices {
        // Whoever always came after the same neighbour would always find the same things in the caches.
        fastrand::shuffle(&mut contestants);
        for (_, contestant) in &mut contestants {
            if let Ok(running) = contestant
                && let Err(error) = running.turn(plan.length)
            {
                *contestant = Err(error);
            }
        }
    }
    contenders
        .iter()
        .filter_map(|contender| {
            let place = contestants.iter().position(|(who, _)| who == contender)?;
            let (contender, contestant) = contestants.swap_remove(place);
            Some((contender, contestant.map(|done| done.sum_up())))
        })
        .collect()
}

impl Contestant {
    /// Starts the server, opens the load's connections and loads it for a while that does not count.
    fn start(row: Row, contender: Contender, plan: Plan) -> anyhow::Result<Self> {
        let server = contender.start(row, plan.cpus)?;
        let mut load = Load::open(row.work(), server.address())?.context("nothing to load")?;
        load.run(match row.suite() {
            Suite::WebSocket => plan.length,
            Suite::SockJs => plan.length.max(WARM_UP_SOCKJS),
        })?;
        Ok(Self {
            server,
            load,
            slices: Vec::with_capacity(plan.slices),
            latencies: Histogram::new(3)?,
        })
    }

    /// One slice: from rest to rest, so that the CPU time is that of these messages and no others.
    fn turn(&mut self, length: Duration) -> anyhow::Result<()> {
        let before = cpu_time_at_rest(self.server.pid())?;
        let outcome = self.load.run(length)?;
        let spent = cpu_time_at_rest(self.server.pid())? - before;
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 messages")]
        let messages = outcome.messages as f64;
        self.slices.push(Slice {
            micros_per_message: spent.as_secs_f64() * 1e6 / messages,
            messages_per_second: messages / outcome.elapsed.as_secs_f64(),
        });
        self.latencies.add(outcome.latencies)?;
        Ok(())
    }

    fn sum_up(&self) -> Sliced {
        let quantile = |q| Duration::from_nanos(self.latencies.value_at_quantile(q)).as_secs_f64();
        Sliced {
            micros: self.slices.iter().map(|s| s.micros_per_message).collect(),
            rates: self.slices.iter().map(|s| s.messages_per_second).collect(),
            latency: Latency {
                p50: quantile(0.5) * 1e6,
                p90: quantile(0.9) * 1e6,
                p99: quantile(0.99) * 1e6,
                p999: quantile(0.999) * 1e6,
                max: Duration::from_nanos(self.latencies.max()).as_secs_f64() * 1e6,
                samples: self.latencies.len(),
            },
        }
    }
}
