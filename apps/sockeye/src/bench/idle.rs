//! `sockeye bench idle`, step by step: start, open, leave alone, say something to all, drop and come back.

use std::{
    io::{self, Write},
    net::Ipv4Addr,
    time::Instant,
};

use miette::IntoDiagnostic;

use super::{
    args::IdleArgs,
    client::{ClientArgs, address},
    error::BenchError,
    fleet::Fleet,
    limits::{Sources, Spread, System},
    proc::{Kernel, machine},
    report::{Heard, Idle, OPEN, Opening, Reconnecting, Report, Server, Stage, seconds},
    servers::Servers,
    talk::{Event, Order},
};

/// The first address that connections come from.
const FIRST_SOURCE: Ipv4Addr = Ipv4Addr::new(127, 1, 0, 1);

/// How many connections look for rooms for each server, at first. That one server has none of them is as likely as
/// e^-16.
const SCOUTS: usize = 16;

/// One of so many is dropped and comes back.
const DROPPED: usize = 10;

/// Measures, and prints what was found.
pub(super) fn run(args: &IdleArgs) -> miette::Result<()> {
    let report = measure(args)?;
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &report).into_diagnostic()?;
        writeln!(out).into_diagnostic()
    } else {
        write!(out, "{report}").into_diagnostic()
    }
}

fn measure(args: &IdleArgs) -> Result<Report, BenchError> {
    let system = System::raise()?;
    let spread = system.spread(args, sources(args)?);
    let in_the_way = system.in_the_way(&spread);
    if !in_the_way.is_empty() {
        return Err(BenchError::Limits(in_the_way));
    }
    let servers = Servers::new(args)?;
    let (shares, clients) = clients(args, &spread, &servers);
    let mut run = Run {
        args,
        fleet: Fleet::start(&clients, args.patience)?,
        servers,
        shares,
        stages: Vec::new(),
    };
    run.stage("started", 0)?;
    let opening = run.open()?;
    run.stage(OPEN, args.connections.get())?;
    let idle = run.hold()?;
    run.stage("left alone", args.connections.get())?;
    let first = run.broadcast(1)?;
    run.stage("heard a broadcast", args.connections.get())?;
    let reconnecting = run.reconnect()?;
    let second = run.broadcast(2)?;
    run.stage("a tenth came back", args.connections.get())?;
    run.close()?;
    Ok(Report {
        machine: machine(),
        connections: args.connections.get(),
        servers: run.servers.processes(),
        clients: run.fleet.len(),
        message_bytes: args.message_bytes,
        opening,
        idle,
        broadcasts: vec![first, second],
        reconnecting,
        stages: run.stages,
    })
}

/// Addresses of the loopback can be chosen at will, others are the system's choice.
fn sources(args: &IdleArgs) -> Result<Sources, BenchError> {
    let mut loopback = true;
    for url in &args.urls {
        let addr = address(url).map_err(BenchError::Url)?;
        loopback &= addr.is_ipv4() && addr.ip().is_loopback();
    }
    Ok(match (loopback, u64::try_from(args.urls.len())) {
        (false, Ok(targets)) => Sources::Own { targets },
        _ => Sources::Loopback,
    })
}

/// How many connections each process holds, and what it is told at its start.
fn clients(args: &IdleArgs, spread: &Spread, servers: &Servers) -> (Vec<usize>, Vec<ClientArgs>) {
    let count = usize::try_from(spread.clients).unwrap_or(1).max(1);
    let all = args.connections.get();
    let per_source = u32::try_from(spread.per_source).unwrap_or(u32::MAX);
    let mut source = FIRST_SOURCE.to_bits();
    (0..count)
        .map(|nth| {
            // The first ones hold one more if it does not come out even.
            let share = all / count + usize::from(nth < all % count);
            let client = ClientArgs {
                urls: servers.urls().to_vec(),
                source: matches!(spread.sources, Sources::Loopback)
                    .then(|| Ipv4Addr::from_bits(source)),
                per_source,
                message_bytes: args.message_bytes,
                under_way: args.under_way.get().div_ceil(count),
            };
            let sources = share.div_ceil(usize::try_from(per_source).unwrap_or(usize::MAX));
            source = source.saturating_add(u32::try_from(sources).unwrap_or(u32::MAX));
            (share, client)
        })
        .unzip()
}

/// A run under way.
struct Run<'a> {
    args: &'a IdleArgs,
    fleet: Fleet,
    servers: Servers,
    /// How many connections each client process holds.
    shares: Vec<usize>,
    stages: Vec<Stage>,
}

impl Run<'_> {
    /// Opens all. The first of them find out which rooms there are while they are alone.
    fn open(&mut self) -> Result<Opening, BenchError> {
        self.say("opening");
        let start = Instant::now();
        self.scout()?;
        self.open_shares("connections were opened")?;
        Ok(Opening {
            seconds: start.elapsed().as_secs_f64(),
        })
    }

    fn scout(&mut self) -> Result<(), BenchError> {
        let processes = self.servers.processes();
        let targets = processes.unwrap_or_else(|| self.servers.urls().len());
        let most = self.shares.first().copied().unwrap_or_default();
        let mut connections = targets.saturating_mul(SCOUTS).min(most);
        loop {
            self.fleet.order(0, &Order::Open { connections })?;
            let doing = "the first connections were opened";
            self.wait(0..1, doing, |event| {
                matches!(event, Event::Opened).then_some(())
            })?;
            self.fleet.order(0, &Order::Scout)?;
            let found = self.wait(0..1, "rooms were looked for", |event| match event {
                Event::Scouted { rooms } => Some(*rooms),
                _ => None,
            })?;
            let found = found.into_iter().sum();
            match processes {
                Some(servers) if found < servers && connections == most => {
                    return Err(BenchError::EmptyServers {
                        found,
                        servers,
                        connections,
                    });
                }
                Some(servers) if found < servers => {
                    connections = connections.saturating_mul(2).min(most);
                }
                _ => return self.stage("the first are open", connections),
            }
        }
    }

    fn open_shares(&mut self, doing: &'static str) -> Result<(), BenchError> {
        for (index, connections) in self.shares.iter().copied().enumerate() {
            self.fleet.order(index, &Order::Open { connections })?;
        }
        self.wait_for_all(doing, |event| matches!(event, Event::Opened).then_some(()))
            .map(drop)
    }

    /// Leaves all alone for a while.
    fn hold(&mut self) -> Result<Idle, BenchError> {
        self.say("leaving them alone");
        let pings = self.pings()?;
        let (start, cpu) = (Instant::now(), self.servers.cpu_time()?);
        self.fleet.watch(self.args.hold, &mut self.servers)?;
        let (seconds, after) = (start.elapsed().as_secs_f64(), self.servers.cpu_time()?);
        Ok(Idle {
            seconds,
            cpu_seconds: self
                .servers
                .processes()
                .map(|_| after.saturating_sub(cpu).as_secs_f64()),
            pings: self.pings()? - pings,
        })
    }

    fn pings(&mut self) -> Result<u64, BenchError> {
        let counts = self.fleet.count(&mut self.servers)?;
        Ok(counts.iter().map(|it| it.pings).sum())
    }

    /// Says something to all, and waits until each has heard it once.
    fn broadcast(&mut self, number: u32) -> Result<Heard, BenchError> {
        self.say("saying something to all");
        self.fleet.order(0, &Order::Speak { broadcast: number })?;
        let mut spoke = 0;
        let heard = self.wait_for_all("a broadcast was heard", |event| match event {
            Event::Spoke { nanos } => {
                spoke = *nanos;
                None
            }
            Event::Heard { broadcast, nanos } => (*broadcast == number).then_some(*nanos),
            _ => None,
        });
        let last = match heard {
            Ok(heard) => heard.into_iter().max().unwrap_or(spoke),
            Err(BenchError::Patience(..)) => return Err(self.lost(number)?),
            Err(error) => return Err(error),
        };
        // Whoever hears it once more has said so by now, or says so at the next count.
        let counts = self.fleet.count(&mut self.servers)?;
        Ok(Heard {
            connections: counts.iter().map(|it| it.heard).sum(),
            seconds: seconds(spoke, last),
        })
    }

    fn lost(&mut self, broadcast: u32) -> Result<BenchError, BenchError> {
        let counts = self.fleet.count(&mut self.servers)?;
        let reached = counts.iter().filter(|it| it.broadcast == broadcast);
        Ok(BenchError::Lost {
            broadcast,
            heard: reached.map(|it| it.heard).sum(),
            connections: self.args.connections.get(),
        })
    }

    /// Drops a tenth of each client's, and lets as many come back.
    fn reconnect(&mut self) -> Result<Reconnecting, BenchError> {
        self.say("dropping a tenth");
        let before: usize = self.servers.descriptors()?.iter().sum();
        let mut dropped = 0;
        for (index, share) in self.shares.iter().enumerate() {
            let connections = share / DROPPED;
            dropped += connections;
            self.fleet.order(index, &Order::Drop { connections })?;
        }
        let start = Instant::now();
        self.wait_for_all("connections were dropped", |event| {
            matches!(event, Event::Dropped).then_some(())
        })?;
        let left = before.saturating_sub(dropped);
        self.servers
            .wait_for_descriptors(left, self.args.patience)?;
        let noticed = start.elapsed().as_secs_f64();
        let start = Instant::now();
        self.open_shares("connections came back")?;
        Ok(Reconnecting {
            connections: dropped,
            noticed_seconds: self.servers.processes().map(|_| noticed),
            opened_seconds: start.elapsed().as_secs_f64(),
        })
    }

    /// Drops all, and looks what is left.
    fn close(&mut self) -> Result<(), BenchError> {
        // Whatever was heard once more is told before it is counted.
        self.fleet.count(&mut self.servers)?;
        self.say("dropping all");
        // Those that are no connections are all there once the first connections are.
        let first = self.stages.iter().find(|stage| stage.connections > 0);
        let without = first.map_or(0, |first| {
            let open: usize = first.servers.iter().map(|it| it.descriptors).sum();
            open.saturating_sub(first.connections)
        });
        for index in 0..self.fleet.len() {
            self.fleet.order(index, &Order::DropAll)?;
        }
        self.wait_for_all("connections were dropped", |event| {
            matches!(event, Event::Dropped).then_some(())
        })?;
        self.servers
            .wait_for_descriptors(without, self.args.patience)?;
        self.stage("all gone", 0)
    }

    fn stage(&mut self, name: &'static str, connections: usize) -> Result<(), BenchError> {
        let each = self
            .servers
            .memory()?
            .into_iter()
            .zip(self.servers.descriptors()?);
        let stage = Stage {
            name,
            connections,
            servers: each
                .map(|(memory, descriptors)| Server {
                    descriptors,
                    memory,
                })
                .collect(),
            kernel: Kernel::read()?,
        };
        self.stages.push(stage);
        Ok(())
    }

    fn wait<T>(
        &mut self,
        from: std::ops::Range<usize>,
        doing: &'static str,
        wanted: impl FnMut(&Event) -> Option<T>,
    ) -> Result<Vec<T>, BenchError> {
        self.fleet.wait(from, doing, &mut self.servers, wanted)
    }

    fn wait_for_all<T>(
        &mut self,
        doing: &'static str,
        wanted: impl FnMut(&Event) -> Option<T>,
    ) -> Result<Vec<T>, BenchError> {
        self.wait(0..self.fleet.len(), doing, wanted)
    }

    /// Says what happens, to who waits.
    fn say(&self, what: &str) {
        // Nobody reads it if this fails.
        let _ = writeln!(io::stderr(), "{what}");
    }
}
