//! From an address to a byte stream: names, TCP, proxies, TLS.

mod error;
mod happy_eyeballs;
mod network;

use std::{fmt, net::SocketAddr};

use self::network::{Network, System};
pub use self::{
    error::{DialError, Unreachable},
    happy_eyeballs::FailedAttempts,
};
use crate::{address::Address, stream::Stream};

/// How to reach a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {}

/// A byte stream to a server.
pub(crate) struct Dialed {
    pub(crate) stream: Box<dyn Stream>,
    /// Who is at the other end of the TCP connection: the server, or the proxy.
    pub(crate) peer_addr: SocketAddr,
}

/// Opens a byte stream to an address.
///
/// It may wait as long as the network does: the caller sets the time.
///
/// Cancel safety: dropped before it is done, what was opened is closed again.
pub(crate) async fn dial(address: &Address, route: &Route) -> Result<Dialed, DialError> {
    dial_over(&System, address, route).await
}

async fn dial_over<N: Network>(
    network: &N,
    address: &Address,
    _route: &Route,
) -> Result<Dialed, DialError> {
    let (stream, peer_addr) = network::open(network, &address.host, address.port).await?;
    Ok(Dialed {
        stream: Box::new(stream),
        peer_addr,
    })
}

impl fmt::Debug for Dialed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialed")
            .field("peer_addr", &self.peer_addr)
            .finish_non_exhaustive()
    }
}
