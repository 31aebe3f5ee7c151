//! From an address to a byte stream: names, TCP, proxies, TLS.

mod error;
mod happy_eyeballs;
mod network;
mod tls;

use std::{fmt, net::SocketAddr};

pub use self::{
    error::{DialError, Unreachable},
    happy_eyeballs::FailedAttempts,
    tls::{CertificateFault, PemFault, PemItem, Secured, Tls, TlsError},
};
use self::{
    network::{Network, System},
    tls::Role,
};
use crate::{
    address::{Address, Security},
    stream::Stream,
};

/// How to reach a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    pub(crate) tls: Tls,
}

/// A byte stream to a server.
pub(crate) struct Dialed {
    pub(crate) stream: Box<dyn Stream>,
    /// Who is at the other end of the TCP connection: the server, or the proxy.
    pub(crate) peer_addr: SocketAddr,
    /// What was agreed on with the server by TLS, for `wss://`.
    pub(crate) secured: Option<Secured>,
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
    route: &Route,
) -> Result<Dialed, DialError> {
    let (stream, peer_addr) = network::open(network, &address.host, address.port).await?;
    secure(stream, peer_addr, address, &route.tls).await
}

/// Puts TLS over a stream to the server, if the address asks for it.
async fn secure(
    stream: impl Stream,
    peer_addr: SocketAddr,
    address: &Address,
    tls: &Tls,
) -> Result<Dialed, DialError> {
    let (stream, secured): (Box<dyn Stream>, _) = match address.security {
        Security::Plain => (Box::new(stream), None),
        Security::Tls => {
            let secured = tls.secure(stream, &address.host, Role::Server).await;
            let (stream, secured) = secured.map_err(|source| DialError::Tls {
                host: address.host.clone(),
                source,
            })?;
            (Box::new(stream), Some(secured))
        }
    };
    Ok(Dialed {
        stream,
        peer_addr,
        secured,
    })
}

impl fmt::Debug for Dialed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialed")
            .field("peer_addr", &self.peer_addr)
            .field("secured", &self.secured)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
