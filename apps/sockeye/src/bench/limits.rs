//! Which limits of the system stand in the way of so many connections, and how each is raised.

use super::{args::IdleArgs, error::BenchError, proc};
use crate::descriptors;

/// Descriptors of a process that are no connections, with room to spare.
const BESIDE: u64 = 64;

/// Most connections that one process holds unless told otherwise: it has one thread.
const A_CLIENT: u64 = 100_000;

/// Most connections from one address. Ports are looked for one by one: many must be free.
const A_SOURCE: u64 = 10_000;

/// Memory of a connection: that of the kernel for both ends, of the server and of the client, rounded up.
const A_CONNECTION: u64 = 12 << 10;

/// What the system allows. What can't be read is taken for no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct System {
    /// Descriptors of one process, as it may raise them.
    nofile: Option<u64>,
    /// Descriptors of one process, as root may raise them.
    nr_open: Option<u64>,
    /// Files and sockets of all processes.
    file_max: Option<u64>,
    /// Ports to connect from.
    ports: Option<u64>,
    /// Connections that the firewall keeps track of, and how many it could; only where it does.
    tracked: Option<(u64, u64)>,
    /// Connections that wait to be accepted.
    somaxconn: Option<u64>,
    /// Bytes of memory that can be had without swapping.
    available: Option<u64>,
}

/// How the connections are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spread {
    pub(super) connections: u64,
    /// Processes that are started here.
    pub(super) servers: Option<u64>,
    pub(super) clients: u64,
    /// Connections from one address.
    pub(super) per_source: u64,
    pub(super) under_way: u64,
    pub(super) sources: Sources,
}

/// Which addresses connections come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sources {
    /// As many of the loopback's as are needed.
    Loopback,
    /// The one that the system chooses, for so many targets.
    Own { targets: u64 },
}

impl System {
    /// Raises what may be raised, and reads the rest.
    pub(super) fn raise() -> Result<Self, BenchError> {
        let what = "the limit of descriptors can't be raised";
        let nofile = descriptors::raise().map_err(|error| BenchError::Process { what, error })?;
        let tracked = proc::number("/proc/sys/net/netfilter/nf_conntrack_count")
            .filter(|count| *count > 0)
            .zip(proc::number("/proc/sys/net/netfilter/nf_conntrack_max"));
        Ok(Self {
            nofile,
            nr_open: proc::number("/proc/sys/fs/nr_open"),
            file_max: proc::number("/proc/sys/fs/file-max"),
            ports: proc::span("/proc/sys/net/ipv4/ip_local_port_range"),
            tracked,
            somaxconn: proc::number("/proc/sys/net/core/somaxconn"),
            available: proc::available_memory(),
        })
    }

    /// Says what stands in the way, and what raises it; nothing does if that is empty.
    pub(super) fn in_the_way(&self, spread: &Spread) -> Vec<String> {
        let all = spread.connections.saturating_mul(2) + BESIDE;
        let file_max = self.file_max.filter(|most| all > *most);
        let waiting = spread.under_way;
        let somaxconn = self.somaxconn.filter(|most| waiting > *most);
        [
            self.servers(spread),
            self.clients(spread),
            file_max.map(|most| {
                let what = format!("{all} files and sockets are needed, and the system has {most}");
                raise(&what, &[&format!("sysctl -w fs.file-max={all}")])
            }),
            self.ports(spread),
            self.tracked(spread),
            self.memory(spread),
            somaxconn.map(|most| {
                let what =
                    format!("{waiting} may wait to be accepted, and the system keeps {most}");
                let raised = format!("sysctl -w net.core.somaxconn={waiting}");
                raise(&what, &[&raised, &format!("--under-way {most}")])
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn servers(&self, spread: &Spread) -> Option<String> {
        let needed = of_a_server(spread.connections, spread.servers?);
        self.descriptors("server", needed, |most| {
            let mut more = 1..=spread.connections;
            let enough = more.find(|it| of_a_server(spread.connections, *it) <= most)?;
            Some(format!("--servers {enough}"))
        })
    }

    fn clients(&self, spread: &Spread) -> Option<String> {
        let needed = spread.connections.div_ceil(spread.clients) + BESIDE;
        self.descriptors("client", needed, |most| {
            let each = most.checked_sub(BESIDE).filter(|each| *each > 0)?;
            Some(format!("--clients {}", spread.connections.div_ceil(each)))
        })
    }

    /// `enough` says what makes so many descriptors for each process enough.
    fn descriptors(
        &self,
        process: &str,
        needed: u64,
        enough: impl FnOnce(u64) -> Option<String>,
    ) -> Option<String> {
        let most = self.nofile.filter(|most| needed > *most)?;
        let what = format!("each {process} needs {needed} descriptors, and may have {most}");
        let mut first = format!("ulimit -Hn {needed} (or LimitNOFILE={needed})");
        if self.nr_open.is_some_and(|nr_open| needed > nr_open) {
            first = format!("sysctl -w fs.nr_open={needed} and {first}");
        }
        Some(match enough(most) {
            Some(flag) => raise(&what, &[&first, &flag]),
            None => raise(&what, &[&first]),
        })
    }

    fn tracked(&self, spread: &Spread) -> Option<String> {
        let (count, most) = self.tracked?;
        let needed = count.saturating_add(spread.connections);
        (needed > most).then(|| {
            let what =
                format!("{needed} connections are tracked by the firewall, and {most} can be");
            raise(
                &what,
                &[&format!(
                    "sysctl -w net.netfilter.nf_conntrack_max={needed}"
                )],
            )
        })
    }

    fn memory(&self, spread: &Spread) -> Option<String> {
        let needed = spread.connections.saturating_mul(A_CONNECTION);
        let available = self.available.filter(|available| needed > *available)?;
        let [needed, has] = [needed, available].map(|bytes| bytes >> 20);
        let what = format!("about {needed} MiB of memory are needed, and {has} MiB are available");
        let fewer = available / A_CONNECTION;
        Some(raise(&what, &[&format!("--connections {fewer}")]))
    }

    fn ports(&self, spread: &Spread) -> Option<String> {
        let Sources::Own { targets } = spread.sources else {
            return None;
        };
        let most = self.ports?.saturating_mul(targets);
        (spread.connections > most).then(|| {
            let what = format!("this machine has ports for {most} connections to what --url names");
            let raised = "sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"";
            raise(&what, &[raised, "more of --url"])
        })
    }

    /// How the connections are spread, if it is not said.
    pub(super) fn spread(&self, args: &IdleArgs, sources: Sources) -> Spread {
        let count = |it: usize| u64::try_from(it).unwrap_or(u64::MAX);
        let connections = count(args.connections.get());
        let a_client = self.nofile.unwrap_or(u64::MAX).saturating_sub(BESIDE);
        let needed = connections.div_ceil(a_client.clamp(1, A_CLIENT));
        let clients = args
            .clients
            .map_or_else(|| needed.max(2), |it| count(it.get()));
        let ports = self.ports.unwrap_or(u64::MAX);
        Spread {
            connections,
            servers: args.urls.is_empty().then(|| count(args.servers.get())),
            clients: clients.min(connections),
            per_source: (ports / 2).clamp(1, A_SOURCE),
            under_way: count(args.under_way.get()),
            sources,
        }
    }
}

/// What stands in the way, and below it each way out on a line of its own.
fn raise(what: &str, ways: &[&str]) -> String {
    format!("{what}; one of these helps:\n    {}", ways.join("\n    "))
}

/// Descriptors of one of so many servers. The kernel gives each connection to any of them: they do not have the same
/// number, but five standard deviations more than the mean one in a million times.
fn of_a_server(connections: u64, servers: u64) -> u64 {
    let mean = connections.div_ceil(servers);
    let spread = if servers > 1 { mean.isqrt() * 5 } else { 0 };
    mean + spread + BESIDE
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYSTEM: System = System {
        nofile: Some(20_000),
        nr_open: Some(1_048_576),
        file_max: Some(400_000),
        ports: Some(28_232),
        tracked: None,
        somaxconn: Some(4096),
        available: Some(4 << 30),
    };

    const SPREAD: Spread = Spread {
        connections: 150_000,
        servers: Some(8),
        clients: 8,
        per_source: 10_000,
        under_way: 256,
        sources: Sources::Loopback,
    };

    #[test]
    fn what_is_enough_is_not_in_the_way() {
        assert_eq!(SYSTEM.in_the_way(&SPREAD), [""; 0]);
        assert_eq!(System::default().in_the_way(&SPREAD), [""; 0]);
    }

    #[test]
    fn each_limit_that_is_too_low_is_named_with_what_raises_it() {
        let low = |change: fn(&mut System), spread: Spread| {
            let mut system = SYSTEM;
            change(&mut system);
            let lines = system.in_the_way(&spread);
            assert_eq!(lines.len(), 1, "{lines:?}");
            lines.join("")
        };
        let file_max = low(|it| it.file_max = Some(300_000), SPREAD);
        assert!(file_max.contains("fs.file-max=300064"), "{file_max}");
        let tracked = low(|it| it.tracked = Some((9, 150_008)), SPREAD);
        assert!(tracked.contains("nf_conntrack_max=150009"), "{tracked}");
        let somaxconn = low(|it| it.somaxconn = Some(128), SPREAD);
        assert!(somaxconn.contains("somaxconn=256"), "{somaxconn}");
        let memory = low(|it| it.available = Some(1 << 30), SPREAD);
        assert!(memory.contains("--connections 87381"), "{memory}");
        let sources = Sources::Own { targets: 2 };
        let ports = low(|_| (), Spread { sources, ..SPREAD });
        assert!(ports.contains("ip_local_port_range"), "{ports}");
        assert!(ports.contains("56464"), "{ports}");
        let servers = low(
            |_| (),
            Spread {
                servers: Some(7),
                ..SPREAD
            },
        );
        assert!(servers.contains("LimitNOFILE="), "{servers}");
        assert!(servers.contains("--servers 8"), "{servers}");
        assert!(!servers.contains("nr_open"), "{servers}");
        let clients = low(
            |it| it.nr_open = Some(20_000),
            Spread {
                clients: 7,
                ..SPREAD
            },
        );
        let raised = "sysctl -w fs.nr_open=21493 and ulimit -Hn 21493";
        assert!(clients.contains(raised), "{clients}");
        assert!(clients.contains("--clients 8"), "{clients}");
    }

    #[test]
    fn one_server_may_hold_as_many_as_it_has_descriptors() {
        let spread = |connections| Spread {
            connections,
            servers: Some(1),
            ..SPREAD
        };
        assert_eq!(SYSTEM.in_the_way(&spread(19_936)), [""; 0]);
        assert_eq!(SYSTEM.in_the_way(&spread(19_937)).len(), 1);
    }
}
