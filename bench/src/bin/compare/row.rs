//! The rows of the comparison: what the generator does in each.

use std::{net::SocketAddr, time::Duration};

use clap::ValueEnum;
use serde::Serialize;
use sockeye_bench::load::{Carrier, Churn, Echo, FanOut, Kind, Outcome, Target};

/// A row by its name on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Row {
    #[value(name = "echo32-1")]
    #[serde(rename = "echo32-1")]
    Echo32One,
    #[value(name = "echo32")]
    Echo32,
    #[value(name = "echo32-1000")]
    #[serde(rename = "echo32-1000")]
    Echo32Thousand,
    Pipelined,
    #[value(name = "echo1k")]
    Echo1k,
    #[value(name = "echo64k")]
    Echo64k,
    #[value(name = "echo1m")]
    Echo1m,
    #[value(name = "text1k")]
    Text1k,
    #[value(name = "text64k")]
    Text64k,
    #[value(name = "fanout")]
    FanOut,
    #[value(name = "fanout16")]
    FanOut16,
    Handshake,
    Idle,
}

/// What is done in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// Echoes, so many in flight on each connection.
    Echo(Traffic),
    /// Messages from one to all, so many under way.
    FanOut(Traffic),
    /// Connections that open and close, so many at once.
    Churn { at_once: usize },
    /// Connections that do nothing.
    Idle,
}

/// Messages on connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traffic {
    connections: usize,
    kind: Kind,
    bytes: usize,
    depth: usize,
}

impl Row {
    /// Returns what the row does.
    pub(crate) fn work(self) -> Work {
        let echo = |connections, bytes, depth| {
            Work::Echo(Traffic {
                connections,
                kind: Kind::Binary,
                bytes,
                depth,
            })
        };
        let text = |connections, bytes, depth| {
            Work::Echo(Traffic {
                connections,
                kind: Kind::NonAsciiText,
                bytes,
                depth,
            })
        };
        let fan_out = |depth| {
            Work::FanOut(Traffic {
                connections: 1000,
                kind: Kind::Binary,
                bytes: 128,
                depth,
            })
        };
        match self {
            Self::Echo32One => echo(1, 32, 1),
            Self::Echo32 => echo(100, 32, 1),
            Self::Echo32Thousand => echo(1000, 32, 1),
            Self::Pipelined => echo(16, 32, 64),
            Self::Echo1k => echo(32, 1 << 10, 16),
            Self::Echo64k => echo(8, 64 << 10, 4),
            Self::Echo1m => echo(4, 1 << 20, 1),
            Self::Text1k => text(32, 1 << 10, 16),
            Self::Text64k => text(8, 64 << 10, 4),
            Self::FanOut => fan_out(1),
            Self::FanOut16 => fan_out(16),
            Self::Handshake => Work::Churn { at_once: 16 },
            Self::Idle => Work::Idle,
        }
    }

    /// Says in a line what the row does.
    pub(crate) fn title(self) -> String {
        let name = self
            .to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default();
        let what = match self.work() {
            Work::Echo(t) => format!(
                "echo of {}, {} in flight on each of {} connections",
                t.message(),
                t.depth,
                t.connections
            ),
            Work::FanOut(t) => format!(
                "{} from one to {}, {} under way; counted by delivery",
                t.message(),
                t.connections,
                t.depth
            ),
            Work::Churn { at_once } => {
                format!("connect, upgrade, close, {at_once} at once; counted by connection")
            }
            Work::Idle => "memory of connections that do nothing".to_owned(),
        };
        format!("{name}: {what}")
    }
}

impl Traffic {
    fn message(self) -> String {
        let kind = match self.kind {
            Kind::Binary => "binary",
            Kind::Text => "text",
            Kind::NonAsciiText => "non-ASCII text",
        };
        match self.bytes {
            bytes if bytes >= 1 << 20 => format!("{} MiB {kind}", bytes >> 20),
            bytes if bytes >= 1 << 10 => format!("{} KiB {kind}", bytes >> 10),
            bytes => format!("{bytes} B {kind}"),
        }
    }
}

/// The generator's side of a row against one server, open between slices.
#[derive(Debug)]
pub(crate) enum Load {
    Echo(Echo),
    FanOut(FanOut),
    Churn(Churn),
}

impl Load {
    /// Opens what the work needs; `None` for work that is not done in slices.
    pub(crate) fn open(work: Work, server: SocketAddr) -> anyhow::Result<Option<Self>> {
        Ok(Some(match work {
            Work::Echo(t) => Self::Echo(Echo::open(
                Target::echo(server, Carrier::WebSocket),
                t.connections,
                (t.kind, t.bytes),
                t.depth,
            )?),
            Work::FanOut(t) => Self::FanOut(FanOut::open(
                Target::broadcast(server, Carrier::WebSocket),
                t.connections,
                (t.kind, t.bytes),
                t.depth,
            )?),
            Work::Churn { at_once } => Self::Churn(Churn::new(server, at_once)?),
            Work::Idle => return Ok(None),
        }))
    }

    /// Loads the server for so long, and until all is answered.
    pub(crate) fn run(&mut self, duration: Duration) -> anyhow::Result<Outcome> {
        match self {
            Self::Echo(load) => load.run(duration),
            Self::FanOut(load) => load.run(duration),
            Self::Churn(load) => load.run(duration),
        }
    }
}
