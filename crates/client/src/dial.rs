//! From an address to a byte stream: names, TCP, proxies, TLS.
//!
//! ```text
//! dial ── proxy::before ──▶ none ── network::open ──────────┐
//!                      └──▶ some ── tunnel::through ────────┴─▶ tls::secure, for wss ──▶ Dialed
//! ```

mod environment;
mod error;
pub mod fuzzing;
mod happy_eyeballs;
mod http_connect;
mod network;
mod no_proxy;
mod prefixed;
mod proxy;
mod proxy_server;
mod socks5;
mod tls;
mod tunnel;

use std::{fmt, net::SocketAddr};

pub use self::{
    error::{DialError, ProxyError, Unreachable},
    happy_eyeballs::FailedAttempts,
    proxy::{InvalidProxy, Proxy},
    socks5::SocksFailure,
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
    pub(crate) proxy: Proxy,
}

/// A byte stream to a server.
pub(crate) struct Dialed {
    pub(crate) stream: Box<dyn Stream>,
    /// Who is at the other end of the TCP connection: the server, or the proxy.
    pub(crate) peer_addr: SocketAddr,
    /// The proxy's address, without user and password, if there is one in between.
    pub(crate) via: Option<String>,
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
    let proxy = route.proxy.before(address);
    let proxy = proxy.map_err(|invalid| DialError::ProxyVariable {
        variable: invalid.variable,
        source: invalid.source,
    })?;
    let Some(proxy) = proxy else {
        let (stream, peer_addr) = network::open(network, &address.host, address.port).await?;
        return secure(stream, peer_addr, address, &route.tls).await;
    };
    let via = proxy.to_string();
    match tunnel::through(network, &proxy, address, route).await {
        Ok((stream, peer_addr)) => {
            let dialed = secure(stream, peer_addr, address, &route.tls).await?;
            Ok(Dialed {
                via: Some(via),
                ..dialed
            })
        }
        Err(source) => Err(DialError::Proxy { proxy: via, source }),
    }
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
        via: None,
        secured,
    })
}

impl fmt::Debug for Dialed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialed")
            .field("peer_addr", &self.peer_addr)
            .field("via", &self.via)
            .field("secured", &self.secured)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
