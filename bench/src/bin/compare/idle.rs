//! The idle row: what a server's memory grows by for connections that do nothing.

use std::net::SocketAddr;

use anyhow::Context;
use sockeye_bench::{
    host::{Cpus, Server},
    load::{Carrier, Crowd, Kind, Sessions, Target},
    measure::{cpu_time_at_rest, resident_bytes},
};

use crate::{contender::Contender, result::Idle, row::Row};

/// Connections that come and go before the first reading, so that what is made once is not counted.
const WARM_UP: usize = 16;

/// The message of the second reading, in bytes.
const MESSAGE: usize = 16 << 10;

/// What is open and does nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Silent {
    /// So many WebSockets; how they are opened, and what one says.
    Connections(fn(SocketAddr) -> Target, Kind, usize),
    /// So many sessions of SockJS, each with a request that the server holds.
    Sessions(Carrier, usize),
}

/// Reads the memory of each server, freshly started, so many times in turns.
pub(crate) fn run(
    row: Row,
    contenders: &[Contender],
    (cpus, silent): (Cpus, Silent),
    rounds: usize,
) -> Vec<(Contender, anyhow::Result<Idle>)> {
    let mut results: Vec<_> = contenders
        .iter()
        .map(|contender| (*contender, Ok(Idle::default())))
        .collect();
    for _ in 0..rounds {
        for (contender, result) in &mut results {
            if let Ok(idle) = result
                && let Err(error) = contender
                    .start(row, cpus)
                    .and_then(|server| round(&server, silent, idle))
            {
                *result = Err(error);
            }
        }
    }
    results
}

fn round(server: &Server, silent: Silent, idle: &mut Idle) -> anyhow::Result<()> {
    match silent {
        Silent::Connections(target, kind, connections) => {
            websockets(server, (target(server.address()), kind), connections, idle)
        }
        Silent::Sessions(carrier, sessions) => self::sessions(
            server,
            Target::echo(server.address(), carrier),
            sessions,
            idle,
        ),
    }
}

fn websockets(
    server: &Server,
    (target, kind): (Target, Kind),
    connections: usize,
    idle: &mut Idle,
) -> anyhow::Result<()> {
    let mut warm_up = Crowd::open(target, WARM_UP)?;
    warm_up.echo_each((kind, MESSAGE))?;
    warm_up.close()?;

    let before = resident(server)?;
    let mut crowd = Crowd::open(target, connections)?;
    let open = resident(server)?;
    crowd
        .echo_each((kind, MESSAGE))
        .context("one 16 KiB echo on each")?;
    let echoed = resident(server)?;
    crowd.close()?;
    let closed = resident(server)?;

    idle.per_connection
        .push(growth(before, open) / float(connections));
    idle.after_echo
        .push(growth(before, echoed) / float(connections));
    idle.held_when_closed.push(growth(before, closed));
    Ok(())
}

fn sessions(
    server: &Server,
    target: Target,
    sessions: usize,
    idle: &mut Idle,
) -> anyhow::Result<()> {
    drop(Sessions::open(target, WARM_UP)?);
    let before = resident(server)?;
    let crowd = Sessions::open(target, sessions)?;
    let open = resident(server)?;
    drop(crowd);
    let closed = resident(server)?;

    idle.per_connection
        .push(growth(before, open) / float(sessions));
    idle.held_when_closed.push(growth(before, closed));
    Ok(())
}

/// What the server still has to do for the last connection is done when it rests.
fn resident(server: &Server) -> anyhow::Result<u64> {
    cpu_time_at_rest(server.pid())?;
    resident_bytes(server.pid())
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 bytes")]
fn growth(before: u64, after: u64) -> f64 {
    after.saturating_sub(before) as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "far fewer than 2^52 connections"
)]
fn float(connections: usize) -> f64 {
    connections as f64
}
