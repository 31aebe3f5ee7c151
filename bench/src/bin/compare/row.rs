//! The rows of the comparison: what the generator does in each.

use std::{net::SocketAddr, time::Duration};

use clap::ValueEnum;
use serde::{Serialize, Serializer};
use sockeye_bench::load::{Carrier, Churn, Echo, FanOut, Kind, Outcome, Paced, Target};

/// A row by its name on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Row {
    #[value(name = "echo32-1")]
    Echo32One,
    #[value(name = "echo32-1-spin")]
    Echo32OneSpin,
    Workers2,
    #[value(name = "echo32")]
    Echo32,
    #[value(name = "echo32-1000")]
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
    #[value(name = "deflate1k")]
    Deflate1k,
    #[value(name = "wss32")]
    Wss32,
    #[value(name = "fanout")]
    FanOut,
    #[value(name = "fanout16")]
    FanOut16,
    Latency50,
    Latency80,
    Handshake,
    Page,
    Idle,
    IdleDeflate,
    IdleDeflateContext,
    SockjsStreaming,
    #[value(name = "sockjs-streaming16")]
    SockjsStreaming16,
    SockjsPolling,
    #[value(name = "sockjs-polling16")]
    SockjsPolling16,
    #[value(name = "sockjs-eventsource")]
    SockjsEventSource,
    #[value(name = "sockjs-eventsource16")]
    SockjsEventSource16,
    #[value(name = "sockjs-fanout")]
    SockjsFanOut,
    SockjsIdleStreaming,
    SockjsIdlePolling,
}

/// What rows are about, which decides who can take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suite {
    WebSocket,
    /// SockJS over HTTP.
    SockJs,
}

/// What is done in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// Echoes, so many in flight on each connection.
    Echo(Traffic),
    /// Echoes, sent when they are due: such a share of what the server can.
    Paced(Traffic, f64),
    /// Echoes over TLS.
    SecureEcho(Traffic),
    /// Echoes, and a page that is asked for meanwhile.
    Page(Traffic),
    /// Messages from one to all, so many under way.
    FanOut(Traffic),
    /// Connections that open and close, so many at once.
    Churn { at_once: usize },
    /// Connections that do nothing, opened that way, and what one says for the second reading.
    Idle(fn(SocketAddr) -> Target, Kind),
    /// Sessions of SockJS that do nothing.
    IdleSessions(Carrier),
}

/// Messages on connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traffic {
    carrier: Carrier,
    connections: usize,
    kind: Kind,
    bytes: usize,
    depth: usize,
}

impl Row {
    /// Returns what the row does.
    pub(crate) fn work(self) -> Work {
        let over = |carrier, kind| {
            move |connections, bytes, depth| Traffic {
                carrier,
                connections,
                kind,
                bytes,
                depth,
            }
        };
        let websocket = |kind| over(Carrier::WebSocket, kind);
        let echo = |connections, bytes, depth| {
            Work::Echo(websocket(Kind::Binary)(connections, bytes, depth))
        };
        let text = |connections, bytes, depth| {
            Work::Echo(websocket(Kind::NonAsciiText)(connections, bytes, depth))
        };
        let fan_out = |depth| Work::FanOut(websocket(Kind::Binary)(1000, 128, depth));
        let one_each = |carrier| Work::Echo(over(carrier, Kind::Text)(100, 32, 1));
        let several = |carrier| Work::Echo(over(carrier, Kind::Text)(16, 128, 16));
        match self {
            Self::Echo32One | Self::Echo32OneSpin => echo(1, 32, 1),
            Self::Echo32 => echo(100, 32, 1),
            Self::Echo32Thousand => echo(1000, 32, 1),
            Self::Latency50 => Work::Paced(websocket(Kind::Binary)(100, 32, 1), 0.5),
            Self::Latency80 => Work::Paced(websocket(Kind::Binary)(100, 32, 1), 0.8),
            Self::Pipelined | Self::Workers2 => echo(16, 32, 64),
            Self::Echo1k => echo(32, 1 << 10, 16),
            Self::Echo64k => echo(8, 64 << 10, 4),
            Self::Echo1m => echo(4, 1 << 20, 1),
            Self::Text1k => text(32, 1 << 10, 16),
            Self::Text64k => text(8, 64 << 10, 4),
            Self::FanOut => fan_out(1),
            Self::FanOut16 => fan_out(16),
            Self::Handshake => Work::Churn { at_once: 16 },
            Self::Wss32 => Work::SecureEcho(websocket(Kind::Binary)(100, 32, 1)),
            Self::Page => Work::Page(websocket(Kind::Binary)(16, 32, 64)),
            Self::Idle => Work::Idle(plain, Kind::Binary),
            Self::IdleDeflate => Work::Idle(Target::deflated, Kind::DeflatedJson),
            Self::IdleDeflateContext => Work::Idle(Target::deflated_in_context, Kind::DeflatedJson),
            Self::Deflate1k => Work::Echo(websocket(Kind::DeflatedJson)(32, 1 << 10, 16)),
            Self::SockjsStreaming => one_each(Carrier::XhrStreaming),
            Self::SockjsStreaming16 => several(Carrier::XhrStreaming),
            Self::SockjsPolling => one_each(Carrier::Xhr),
            Self::SockjsPolling16 => several(Carrier::Xhr),
            Self::SockjsEventSource => one_each(Carrier::EventSource),
            Self::SockjsEventSource16 => several(Carrier::EventSource),
            Self::SockjsFanOut => {
                Work::FanOut(over(Carrier::XhrStreaming, Kind::Text)(1000, 128, 1))
            }
            Self::SockjsIdleStreaming => Work::IdleSessions(Carrier::XhrStreaming),
            Self::SockjsIdlePolling => Work::IdleSessions(Carrier::Xhr),
        }
    }

    /// Returns what the row is about.
    pub(crate) fn suite(self) -> Suite {
        match self.work() {
            Work::Echo(t) | Work::FanOut(t) if t.carrier != Carrier::WebSocket => Suite::SockJs,
            Work::IdleSessions(_) => Suite::SockJs,
            _ => Suite::WebSocket,
        }
    }

    /// Returns its name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// Returns what our server is started with in this row.
    pub(crate) fn options(self) -> &'static [&'static str] {
        match self {
            Self::Echo32OneSpin => &["--workers", "1", "--spin", "50"],
            Self::Wss32 => &["--workers", "1", "--tls"],
            _ => &["--workers", "1"],
        }
    }

    /// Returns how many times fewer connections the row opens than other idle rows: each may take half a megabyte.
    pub(crate) fn idle_divisor(self) -> usize {
        match self {
            Self::IdleDeflateContext => 10,
            _ => 1,
        }
    }

    /// Says in a line what the row does.
    pub(crate) fn title(self) -> String {
        let what = match self.work() {
            Work::Echo(t) => format!(
                "echo of {}, {} in flight on each of {} {}",
                t.message(),
                t.depth,
                t.connections,
                t.carriers()
            ),
            Work::Paced(t, share) => format!(
                "echo of {} on {} connections at {:.0} % of what the server can, each message sent when it is due, and timed \
                 from then",
                t.message(),
                t.connections,
                share * 100.0
            ),
            Work::SecureEcho(t) => format!(
                "echo of {} over TLS, {} in flight on each of {} {}",
                t.message(),
                t.depth,
                t.connections,
                t.carriers()
            ),
            Work::Page(t) => format!(
                "latency of a page over HTTP, due every 5 ms, while {} connections echo {}, {} in flight on each",
                t.connections,
                t.message(),
                t.depth
            ),
            Work::FanOut(t) => format!(
                "{} from one to {} {}, {} under way; counted by delivery",
                t.message(),
                t.connections,
                t.carriers(),
                t.depth
            ),
            Work::Churn { at_once } => {
                format!("connect, upgrade, close, {at_once} at once; counted by connection")
            }
            Work::Idle(_, kind) => {
                let deflate = if kind.is_deflated() {
                    " with permessage-deflate"
                } else {
                    ""
                };
                format!("memory of connections{deflate} that do nothing")
            }
            Work::IdleSessions(carrier) => {
                format!("memory of {} that do nothing", carriers(carrier))
            }
        };
        let with = match self {
            Self::Echo32OneSpin => "; Sockeye looks for more for 50 µs before it sleeps",
            Self::Workers2 => ", by one worker and by two",
            Self::IdleDeflateContext => ", and remember messages as context",
            _ => "",
        };
        format!("{}: {what}{with}", self.name())
    }
}

fn carriers(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::WebSocket => "connections",
        Carrier::XhrStreaming => "sessions of xhr_streaming",
        Carrier::Xhr => "sessions of xhr polling",
        Carrier::EventSource => "sessions of eventsource",
        Carrier::RepeatedGet => "clients",
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

fn plain(server: SocketAddr) -> Target {
    Target::echo(server, Carrier::WebSocket)
}

impl Traffic {
    fn target(self, server: SocketAddr) -> Target {
        if self.kind.is_deflated() {
            Target::deflated(server)
        } else {
            Target::echo(server, self.carrier)
        }
    }

    fn carriers(self) -> &'static str {
        carriers(self.carrier)
    }

    fn message(self) -> String {
        let kind = match self.kind {
            Kind::Binary => "binary",
            Kind::Text => "text",
            Kind::NonAsciiText => "non-ASCII text",
            Kind::DeflatedJson => "JSON with permessage-deflate",
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
    Paced(Paced),
    FanOut(FanOut),
    Churn(Churn),
}

impl Load {
    /// Opens what the work needs; `None` for work that is not done in slices.
    pub(crate) fn open(work: Work, server: SocketAddr) -> anyhow::Result<Option<Self>> {
        Ok(Some(match work {
            Work::Echo(t) => Self::Echo(Echo::open(
                t.target(server),
                t.connections,
                (t.kind, t.bytes),
                t.depth,
            )?),
            Work::Paced(t, share) => Self::Paced(Paced::new(
                Echo::open(t.target(server), t.connections, (t.kind, t.bytes), t.depth)?,
                share,
            )),
            Work::SecureEcho(t) => {
                let target = t.target(server).over_tls();
                Self::Echo(Echo::open(
                    target,
                    t.connections,
                    (t.kind, t.bytes),
                    t.depth,
                )?)
            }
            Work::Page(t) => {
                let target = Target::echo(server, t.carrier);
                let echo = Echo::open(target, t.connections, (t.kind, t.bytes), t.depth)?;
                Self::Echo(echo.with_page(Target::page(server))?)
            }
            Work::FanOut(t) => Self::FanOut(FanOut::open(
                Target::broadcast(server, t.carrier),
                t.connections,
                (t.kind, t.bytes),
                t.depth,
            )?),
            Work::Churn { at_once } => Self::Churn(Churn::new(server, at_once)?),
            Work::Idle(..) | Work::IdleSessions(_) => return Ok(None),
        }))
    }

    /// Loads the server for so long, and until all is answered.
    pub(crate) fn run(&mut self, duration: Duration) -> anyhow::Result<Outcome> {
        match self {
            Self::Echo(load) => load.run(duration),
            Self::Paced(load) => load.run(duration),
            Self::FanOut(load) => load.run(duration),
            Self::Churn(load) => load.run(duration),
        }
    }
}
