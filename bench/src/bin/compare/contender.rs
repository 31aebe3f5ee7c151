//! Who takes part: our server and the peers, each a child process on the server's CPU.

use clap::ValueEnum;
use serde::{Serialize, Serializer};
use sockeye_bench::{
    Peer,
    host::{Cpus, Program, Server, SockJsNode},
};

use crate::row::Suite;

/// A server that can be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// Ours.
    Sockeye,
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

    pub(crate) fn is_peer(self) -> bool {
        self != Self::Sockeye
    }

    /// Says whether the application just calls `send().await` for each message.
    pub(crate) fn is_plain_peer(self) -> bool {
        match self {
            Self::Sockeye | Self::SockJsNode => false,
            Self::Peer(peer) => match peer {
                Peer::Tungstenite | Peer::TokioWebsockets | Peer::Fastwebsockets => true,
                Peer::TungsteniteBatched | Peer::TokioWebsocketsBatched => false,
            },
        }
    }

    /// Starts it on the server's CPU and waits until it accepts.
    pub(crate) fn start(self, cpus: Cpus) -> anyhow::Result<Server> {
        match self {
            Self::Sockeye => Program::beside("echo-server", &["--workers", "1"])?,
            Self::Peer(_) => Program::beside("peer-server", &["--kind", &self.name()])?,
            Self::SockJsNode => SockJsNode::install()?.program(),
        }
        .start(cpus)
    }

    /// Says whether it takes part in rows of that kind.
    pub(crate) fn serves(self, suite: Suite) -> bool {
        match self {
            Self::Sockeye => true,
            Self::Peer(_) => suite == Suite::WebSocket,
            Self::SockJsNode => suite == Suite::SockJs,
        }
    }
}

impl ValueEnum for Contender {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Sockeye,
            Self::Peer(Peer::Tungstenite),
            Self::Peer(Peer::TungsteniteBatched),
            Self::Peer(Peer::TokioWebsockets),
            Self::Peer(Peer::TokioWebsocketsBatched),
            Self::Peer(Peer::Fastwebsockets),
            Self::SockJsNode,
        ]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        match self {
            Self::Sockeye => Some(clap::builder::PossibleValue::new("sockeye")),
            Self::Peer(peer) => peer.to_possible_value(),
            Self::SockJsNode => Some(clap::builder::PossibleValue::new("sockjs-node")),
        }
    }
}

impl Serialize for Contender {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}
