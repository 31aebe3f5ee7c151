//! What a run of `sockeye bench idle` found, for people and for programs.

use std::{
    fmt::{self, Write as _},
    time::Duration,
};

use serde::Serialize;

use super::proc::{Kernel, Memory};

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    /// Kernel and CPUs.
    pub(super) machine: String,
    pub(super) connections: usize,
    /// Processes; absent where they are not known.
    pub(super) servers: Option<usize>,
    pub(super) clients: usize,
    pub(super) message_bytes: u16,
    pub(super) opening: Opening,
    pub(super) idle: Idle,
    pub(super) broadcasts: Vec<Heard>,
    pub(super) reconnecting: Reconnecting,
    pub(super) stages: Vec<Stage>,
}

/// How the connections came.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Opening {
    pub(super) seconds: f64,
}

/// What it cost to leave them alone.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Idle {
    pub(super) seconds: f64,
    /// CPU time of all servers meanwhile; absent where they are not known.
    pub(super) cpu_seconds: Option<f64>,
    /// Pings of the servers that were answered meanwhile.
    pub(super) pings: u64,
}

/// How a broadcast came to all.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Heard {
    /// How many heard it, each once.
    pub(super) connections: usize,
    /// From its being said to its being heard by the last.
    pub(super) seconds: f64,
}

/// How some were cut and came back.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Reconnecting {
    pub(super) connections: usize,
    /// Until the servers had closed theirs; absent where they are not known.
    pub(super) noticed_seconds: Option<f64>,
    /// Until as many were open again.
    pub(super) opened_seconds: f64,
}

/// The memory at one time.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Stage {
    pub(super) name: &'static str,
    /// How many connections were open.
    pub(super) connections: usize,
    pub(super) servers: Vec<Server>,
    pub(super) kernel: Kernel,
}

/// One server process at one time.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Server {
    pub(super) descriptors: usize,
    #[serde(flatten)]
    pub(super) memory: Memory,
}

/// The name of the stage at which all connections are open, and nothing was said to them yet.
pub(super) const OPEN: &str = "open";

/// What of a stage is compared with the base.
type Amount = fn(&Stage) -> u64;

const RSS: Amount = |stage| stage.servers.iter().map(|it| it.memory.rss).sum();
const PSS: Amount = |stage| stage.servers.iter().map(|it| it.memory.pss).sum();
const SLAB: Amount = |stage| stage.kernel.slab;

impl Report {
    /// What others are compared with: the first stage with connections, when what is made once is made.
    fn base(&self) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.connections > 0)
    }

    /// Returns the connections since the base of each process and what each of them costs it, at a stage.
    fn each_server(&self, stage: &Stage) -> Vec<(usize, f64)> {
        let Some(base) = self.base() else {
            return Vec::new();
        };
        let pairs = base.servers.iter().zip(&stage.servers);
        pairs
            .map(|(before, now)| {
                let connections = now.descriptors.saturating_sub(before.descriptors);
                let grown = now.memory.rss as f64 - before.memory.rss as f64;
                (connections, grown / connections.max(1) as f64)
            })
            .collect()
    }

    /// Growth since the base, divided among the connections since then; nothing where there are none.
    fn per_connection(&self, stage: &Stage, amount: Amount) -> Option<f64> {
        let base = self.base()?;
        let connections = stage.connections.checked_sub(base.connections)?;
        (connections > 0 && amount(stage) > 0)
            .then(|| (amount(stage) as f64 - amount(base) as f64) / connections as f64)
    }

    fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{:24} {:>11} {:>19} {:>19} {:>19} {:>11}",
            "", "connections", "servers' Rss", "servers' Pss", "kernel's slab", "TCP sockets"
        )?;
        for stage in &self.stages {
            let cell = |amount: Amount| {
                let mut text = mebibytes(amount(stage));
                if let Some(bytes) = self.per_connection(stage, amount) {
                    let _ = write!(text, " {:>8}", format!("{bytes:.0} B"));
                }
                text
            };
            writeln!(
                f,
                "{:24} {:>11} {:>19} {:>19} {:>19} {:>11}",
                stage.name,
                stage.connections,
                cell(RSS),
                cell(PSS),
                cell(SLAB),
                stage.kernel.tcp_sockets
            )?;
        }
        writeln!(
            f,
            "(for each connection: growth since the first were open; the kernel's is of both ends)"
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let processes = match self.servers {
            Some(servers) => format!("{servers} server and {} client", self.clients),
            None => format!("running servers, {} client", self.clients),
        };
        writeln!(
            f,
            "{} connections, {processes} processes, {}",
            self.connections, self.machine
        )?;
        self.table(f)?;
        if let Some(open) = self.stages.iter().find(|stage| stage.name == OPEN)
            && open.servers.len() > 1
        {
            let each = self.each_server(open);
            let connections = each.iter().map(|(connections, _)| *connections);
            let (fewest, most) = (connections.clone().min(), connections.max());
            let bytes = |pick: fn(f64, f64) -> f64| each.iter().map(|it| it.1).reduce(pick);
            writeln!(
                f,
                "each server process: {} to {} more connections, {:.0} to {:.0} B of Rss each",
                fewest.unwrap_or_default(),
                most.unwrap_or_default(),
                bytes(f64::min).unwrap_or_default(),
                bytes(f64::max).unwrap_or_default()
            )?;
        }
        let opening = self.opening.seconds;
        let rate = self.connections as f64 / opening;
        writeln!(f, "\nopened in {opening:.2} s, {rate:.0} a second")?;
        idle(f, &self.idle, self.connections)?;
        for (number, heard) in self.broadcasts.iter().enumerate() {
            writeln!(
                f,
                "broadcast {} of {} bytes: heard once by all {} in {:.3} s",
                number + 1,
                self.message_bytes,
                heard.connections,
                heard.seconds
            )?;
        }
        let back = &self.reconnecting;
        write!(f, "{} dropped", back.connections)?;
        if let Some(noticed) = back.noticed_seconds {
            write!(f, ", noticed in {noticed:.3} s")?;
        }
        writeln!(f, ", back in {:.3} s", back.opened_seconds)?;
        writeln!(f, "nothing was lost")
    }
}

fn idle(f: &mut fmt::Formatter<'_>, idle: &Idle, connections: usize) -> fmt::Result {
    write!(
        f,
        "idle for {:.1} s: {} pings answered",
        idle.seconds, idle.pings
    )?;
    if let Some(cpu) = idle.cpu_seconds {
        let share = 100.0 * cpu / idle.seconds;
        let each = 1e9 * cpu / idle.seconds / connections.max(1) as f64;
        write!(
            f,
            ", servers took {share:.2} % of a CPU, {each:.0} ns a connection and second"
        )?;
        if idle.pings > 0 {
            write!(f, ", {:.1} µs a ping", 1e6 * cpu / idle.pings as f64)?;
        }
    }
    writeln!(f)
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// The seconds between two readings of the monotonic clock.
pub(super) fn seconds(from_nanos: u64, to_nanos: u64) -> f64 {
    Duration::from_nanos(to_nanos.saturating_sub(from_nanos)).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(name: &'static str, connections: usize, rss: u64, slab: u64) -> Stage {
        let server = |share| Server {
            descriptors: 20 + connections / 2,
            memory: Memory {
                rss: share,
                pss: share / 2,
            },
        };
        Stage {
            name,
            connections,
            servers: vec![server(rss / 2), server(rss / 2)],
            kernel: Kernel {
                slab,
                tcp_buffers: 0,
                tcp_sockets: 7,
            },
        }
    }

    #[test]
    fn growth_is_divided_among_the_connections() {
        let report = Report {
            machine: "Linux".to_owned(),
            connections: 1000,
            servers: Some(2),
            clients: 2,
            message_bytes: 128,
            opening: Opening { seconds: 0.5 },
            idle: Idle {
                seconds: 10.0,
                cpu_seconds: Some(0.1),
                pings: 1000,
            },
            broadcasts: vec![Heard {
                connections: 1000,
                seconds: 0.25,
            }],
            reconnecting: Reconnecting {
                connections: 100,
                noticed_seconds: None,
                opened_seconds: 0.1,
            },
            stages: vec![
                stage("started", 0, 8 << 20, 1 << 20),
                stage("the first", 200, 9 << 20, 2 << 20),
                stage(OPEN, 1000, (9 << 20) + 3_200_000, (2 << 20) + 8_000_000),
            ],
        };
        let text = report.to_string();
        for part in [
            "4000 B",
            "2000 B",
            "10000 B",
            "400 to 400 more connections, 4000 to 4000 B",
            "2000 a second",
            "1.00 % of a CPU, 10000 ns a connection and second, 100.0 µs a ping",
            "heard once by all 1000 in 0.250 s",
            "100 dropped, back in 0.100 s",
        ] {
            assert!(text.contains(part), "no {part:?} in:\n{text}");
        }
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["stages"][2]["servers"][0]["descriptors"], 520);
        assert!(json["stages"][2]["servers"][0]["rss"].is_u64());
    }
}
