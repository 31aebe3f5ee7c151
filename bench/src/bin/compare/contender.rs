//! Who takes part: our server, the floor and the peers, each a child process on the server's CPU.

use clap::{ValueEnum, builder::PossibleValue};
use serde::{Serialize, Serializer};
use sockeye_bench::{
    Peer,
    host::{Cpus, NodePeer, Program, Server},
};

use crate::row::{Row, Suite};

/// A server that can be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// Ours.
    Sockeye,
    /// Ours, with two workers.
    SockeyeTwo,
    /// A bare epoll loop: what there is to lose.
    Floor,
    /// uWebSockets, called from Node.js.
    Uws,
    /// One on another library.
    Peer(Peer),
    /// sockjs-node, which serves SockJS.
    SockJsNode,
}

impl Contender {
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    pub(crate) fn is_uws(self) -> bool {
        self == Self::Uws
    }

    pub(crate) fn is_floor(self) -> bool {
        self == Self::Floor
    }

    /// Says whether it is somebody else's library that is compared: one in Rust, or sockjs-node for SockJS.
    pub(crate) fn is_peer(self) -> bool {
        matches!(self, Self::Peer(_) | Self::SockJsNode)
    }

    /// Says whether its application gathers by hand what is ready.
    pub(crate) fn is_batched(self) -> bool {
        matches!(self, Self::Peer(peer) if peer.is_batched())
    }

    /// Starts it on the server's CPU and waits until it accepts.
    pub(crate) fn start(self, row: Row, cpus: Cpus) -> anyhow::Result<Server> {
        match self {
            Self::Sockeye => Program::beside("echo-server", row.options())?,
            Self::SockeyeTwo => {
                return Program::beside("echo-server", &["--workers", "2"])?.start_on_two(cpus);
            }
            Self::Floor => Program::beside("floor-server", &[])?,
            Self::Peer(_) if row == Row::Wss32 => {
                Program::beside("peer-server", &["--tls", "--kind", &self.name()])?
            }
            Self::Peer(_) => Program::beside("peer-server", &["--kind", &self.name()])?,
            Self::Uws | Self::SockJsNode => NodePeer::install(&self.name())?.program(),
        }
        .start(cpus)
    }

    /// Says whether it takes part in a row.
    pub(crate) fn serves(self, row: Row) -> bool {
        match row {
            Row::Page => {
                let has_page = matches!(self, Self::Peer(Peer::Axum | Peer::AxumBatched));
                return has_page || matches!(self, Self::Sockeye | Self::Floor | Self::Uws);
            }
            Row::Deflate1k | Row::IdleDeflate | Row::IdleDeflateContext => {
                return self.deflates();
            }
            Row::Workers2 => return matches!(self, Self::Sockeye | Self::SockeyeTwo),
            Row::Wss32 => return self.speaks_tls(),
            _ => {}
        }
        match self {
            Self::Sockeye => true,
            Self::SockeyeTwo => false,
            Self::Floor | Self::Peer(_) | Self::Uws => row.suite() == Suite::WebSocket,
            Self::SockJsNode => row.suite() == Suite::SockJs,
        }
    }
}

impl Contender {
    fn speaks_tls(self) -> bool {
        match self {
            Self::Sockeye => true,
            Self::Peer(peer) => !matches!(peer, Peer::WsTool | Peer::Axum | Peer::AxumBatched),
            Self::SockeyeTwo | Self::Floor | Self::Uws | Self::SockJsNode => false,
        }
    }

    fn deflates(self) -> bool {
        match self {
            Self::Sockeye | Self::Uws => true,
            Self::Peer(peer) => matches!(
                peer,
                Peer::Sockudo | Peer::SockudoBatched | Peer::Yawc | Peer::YawcBatched
            ),
            Self::SockeyeTwo | Self::Floor | Self::SockJsNode => false,
        }
    }

    /// Says whether it is yawc, in whichever way its application writes.
    pub(crate) fn is_yawc(self) -> bool {
        matches!(self, Self::Peer(Peer::Yawc | Peer::YawcBatched))
    }
}

impl ValueEnum for Contender {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Sockeye,
            Self::SockeyeTwo,
            Self::Floor,
            Self::Uws,
            Self::Peer(Peer::Tungstenite),
            Self::Peer(Peer::TungsteniteBatched),
            Self::Peer(Peer::TokioWebsockets),
            Self::Peer(Peer::TokioWebsocketsBatched),
            Self::Peer(Peer::Fastwebsockets),
            Self::Peer(Peer::Sockudo),
            Self::Peer(Peer::SockudoBatched),
            Self::Peer(Peer::Yawc),
            Self::Peer(Peer::YawcBatched),
            Self::Peer(Peer::WsTool),
            Self::Peer(Peer::Axum),
            Self::Peer(Peer::AxumBatched),
            Self::SockJsNode,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Sockeye => Some(PossibleValue::new("sockeye")),
            Self::SockeyeTwo => Some(PossibleValue::new("sockeye-two-workers")),
            Self::Floor => Some(PossibleValue::new("floor")),
            Self::Uws => Some(PossibleValue::new("uwebsockets-js")),
            Self::Peer(peer) => peer.to_possible_value(),
            Self::SockJsNode => Some(PossibleValue::new("sockjs-node")),
        }
    }
}

impl Serialize for Contender {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}
