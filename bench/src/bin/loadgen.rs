//! The generator by itself, against any server that has an echo on `/` or a fan-out on `/broadcast`.

use std::{
    io::{self, Write},
    net::SocketAddr,
    time::Duration,
};

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use sockeye_bench::{
    load::{Carrier, Churn, Crowd, Echo, FanOut, Kind, Outcome, Target},
    measure::{cpu_time_at_rest, pin, resident_bytes},
};

/// Loads a server, checks every answer, and prints what came of it.
#[derive(Debug, Parser)]
struct Command {
    /// The server.
    #[arg(long, global = true, default_value = "127.0.0.1:9000")]
    server: SocketAddr,
    /// The server's process, whose CPU time or memory is read as well.
    #[arg(long, global = true)]
    pid: Option<u32>,
    /// The CPU to stay on.
    #[arg(long, global = true)]
    pin: Option<usize>,
    /// How long the load lasts.
    #[arg(long, global = true, default_value_t = 2.0)]
    seconds: f64,
    #[command(subcommand)]
    mode: Mode,
}

#[derive(Debug, Subcommand)]
enum Mode {
    /// Echoes.
    Echo(Traffic),
    /// Messages from one to all.
    Fanout(Traffic),
    /// Connections that upgrade and close.
    Churn {
        /// How many live at once.
        #[arg(long, default_value_t = 16)]
        at_once: usize,
    },
    /// Connections that do nothing; prints the memory of `--pid`.
    Idle {
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        connections: usize,
    },
}

#[derive(Debug, Args)]
struct Traffic {
    /// How many connections.
    #[arg(long, default_value_t = 100)]
    connections: usize,
    /// Bytes of a message.
    #[arg(long, default_value_t = 32)]
    size: usize,
    /// Messages in flight: on each connection, or of the one that speaks.
    #[arg(long, default_value_t = 1)]
    depth: usize,
    /// What messages are made of; over HTTP, `text`.
    #[arg(long, default_value = "binary")]
    kind: Kind,
    /// What carries them: a WebSocket, or a session of SockJS on `/sockjs/echo` or `/sockjs/broadcast`.
    #[arg(long, default_value = "websocket")]
    carrier: Carrier,
}

fn main() -> anyhow::Result<()> {
    let command = Command::parse();
    if let Some(cpu) = command.pin {
        pin(cpu)?;
    }
    let server = command.server;
    match &command.mode {
        Mode::Echo(t) => {
            let mut load = Echo::open(
                Target::echo(server, t.carrier),
                t.connections,
                (t.kind, t.size),
                t.depth,
            )?;
            command.time(|duration| load.run(duration))
        }
        Mode::Fanout(t) => {
            let mut load = FanOut::open(
                Target::broadcast(server, t.carrier),
                t.connections,
                (t.kind, t.size),
                t.depth,
            )?;
            command.time(|duration| load.run(duration))
        }
        Mode::Churn { at_once } => {
            let mut load = Churn::new(server, *at_once)?;
            command.time(|duration| load.run(duration))
        }
        Mode::Idle { connections } => command.weigh(*connections),
    }
}

impl Command {
    fn time(&self, mut run: impl FnMut(Duration) -> anyhow::Result<Outcome>) -> anyhow::Result<()> {
        let before = self.pid.map(cpu_time_at_rest).transpose()?;
        let outcome = run(Duration::try_from_secs_f64(self.seconds)?)?;
        let after = self.pid.map(cpu_time_at_rest).transpose()?;
        let out = &mut io::stdout().lock();
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 messages")]
        let messages = outcome.messages as f64;
        let rate = messages / outcome.elapsed.as_secs_f64();
        writeln!(out, "{messages} messages, all right; {rate:.0} a second")?;
        for (name, quantile) in [
            ("p50", 0.5),
            ("p90", 0.9),
            ("p99", 0.99),
            ("p99.9", 0.999),
            ("max", 1.0),
        ] {
            let nanos = outcome.latencies.value_at_quantile(quantile);
            writeln!(out, "{name:>6} {:?}", Duration::from_nanos(nanos))?;
        }
        if let (Some(before), Some(after)) = (before, after) {
            let micros = (after - before).as_secs_f64() * 1e6 / messages;
            writeln!(out, "{micros:.3} µs of server CPU a message")?;
        }
        Ok(())
    }

    fn weigh(&self, connections: usize) -> anyhow::Result<()> {
        let pid = self.pid.context("--pid says whose memory is read")?;
        let out = &mut io::stdout().lock();
        let before = resident_bytes(pid)?;
        let mut crowd = Crowd::open(Target::echo(self.server, Carrier::WebSocket), connections)?;
        let mut say = |when: &str| -> anyhow::Result<()> {
            cpu_time_at_rest(pid)?;
            let grown = resident_bytes(pid)?.saturating_sub(before);
            writeln!(out, "{grown} bytes more when {when}")?;
            Ok(())
        };
        say("all are open")?;
        crowd.echo_each((Kind::Binary, 16 << 10))?;
        say("each had 16 KiB echoed")?;
        crowd.close()?;
        say("all are closed")
    }
}
