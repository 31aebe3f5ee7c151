//! The idle row: what a server's memory grows by for connections that do nothing.

use anyhow::Context;
use sockeye_bench::{
    load::Crowd,
    measure::{cpu_time_at_rest, resident_bytes},
};

use crate::{args::Cpus, contender::Contender, result::Idle};

/// Connections that come and go before the first reading, so that what is made once is not counted.
const WARM_UP: usize = 16;

/// The message of the second reading, in bytes.
const MESSAGE: usize = 16 << 10;

/// Reads the memory of each server, freshly started, so many times in turns.
pub(crate) fn run(
    contenders: &[Contender],
    cpus: Cpus,
    connections: usize,
    rounds: usize,
) -> Vec<(Contender, anyhow::Result<Idle>)> {
    let mut results: Vec<_> = contenders
        .iter()
        .map(|contender| (*contender, Ok(Idle::default())))
        .collect();
    for _ in 0..rounds {
        for (contender, result) in &mut results {
            if let Ok(idle) = result
                && let Err(error) = round(*contender, cpus, connections, idle)
            {
                *result = Err(error);
            }
        }
    }
    results
}

fn round(
    contender: Contender,
    cpus: Cpus,
    connections: usize,
    idle: &mut Idle,
) -> anyhow::Result<()> {
    let server = contender.start(cpus)?;
    let resident = || {
        // What the server still has to do for the last connection is done when it rests.
        cpu_time_at_rest(server.pid())?;
        resident_bytes(server.pid())
    };
    let mut warm_up = Crowd::open(server.address(), WARM_UP)?;
    warm_up.echo_each(1)?;
    warm_up.close()?;

    let before = resident()?;
    let mut crowd = Crowd::open(server.address(), connections)?;
    let open = resident()?;
    crowd
        .echo_each(MESSAGE)
        .context("one 16 KiB echo on each")?;
    let echoed = resident()?;
    crowd.close()?;
    let closed = resident()?;

    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 bytes")]
    let growth = |after: u64| after.saturating_sub(before) as f64;
    #[expect(
        clippy::cast_precision_loss,
        reason = "far fewer than 2^52 connections"
    )]
    let count = connections as f64;
    idle.per_connection.push(growth(open) / count);
    idle.after_echo.push(growth(echoed) / count);
    idle.held_when_closed.push(growth(closed));
    Ok(())
}
