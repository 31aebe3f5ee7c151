//! Who takes part: our server and the peers, each a child process on the server's CPU.

use std::{
    env,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use serde::{Serialize, Serializer};
use sockeye_bench::{Peer, measure::pin};

use crate::args::Cpus;

/// How long a server may take until it accepts.
const START: Duration = Duration::from_secs(10);

/// How often it is tried.
const RETRY: Duration = Duration::from_millis(5);

/// A server that can be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// Ours.
    Sockeye,
    /// One on another library.
    Peer(Peer),
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
            Self::Sockeye => false,
            Self::Peer(peer) => match peer {
                Peer::Tungstenite | Peer::TokioWebsockets | Peer::Fastwebsockets => true,
                Peer::TungsteniteBatched | Peer::TokioWebsocketsBatched => false,
            },
        }
    }

    /// Starts it on the server's CPU and waits until it accepts.
    pub(crate) fn start(self, cpus: Cpus) -> anyhow::Result<Server> {
        let address = free_address()?;
        let (binary, options) = match self {
            Self::Sockeye => ("echo-server", vec!["--workers".to_owned(), "1".to_owned()]),
            Self::Peer(_) => ("peer-server", vec!["--kind".to_owned(), self.name()]),
        };
        let path = env::current_exe()?.with_file_name(binary);
        let mut command = Command::new(&path);
        command
            .arg("--listen")
            .arg(address.to_string())
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        // A child runs where its parent ran: no race with the threads it starts.
        pin(cpus.server)?;
        let child = command.spawn();
        pin(cpus.generator)?;
        let child = child.with_context(|| format!("{} can't be started", path.display()))?;
        let mut server = Server { child, address };
        server.wait_until_it_accepts()?;
        Ok(server)
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
        ]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        match self {
            Self::Sockeye => Some(clap::builder::PossibleValue::new("sockeye")),
            Self::Peer(peer) => peer.to_possible_value(),
        }
    }
}

impl Serialize for Contender {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    fn wait_until_it_accepts(&mut self) -> anyhow::Result<()> {
        let start = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended before it listened ({status})");
            }
            ensure!(start.elapsed() < START, "the server does not listen");
            thread::sleep(RETRY);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Finds a port that nobody listens on. Somebody else could take it first; then the server says so and the row fails.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
