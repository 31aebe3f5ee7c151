//! From an address to a byte stream: names, TCP, proxies, TLS.

use std::{fmt, io, net::SocketAddr};

use thiserror::Error;
use tokio::net::TcpStream;

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

/// Why a server could not be reached.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DialError {
    /// No address of the host could be connected to.
    #[error("can't connect to {0}")]
    Connect(String, #[source] io::Error),
}

/// Opens a byte stream to an address.
///
/// Cancel safety: dropped before it is done, what was opened is closed again.
pub(crate) async fn dial(address: &Address, _route: &Route) -> Result<Dialed, DialError> {
    let failed = |error| DialError::Connect(address.host.clone(), error);
    let stream = TcpStream::connect((&*address.host, address.port))
        .await
        .map_err(failed)?;
    let peer_addr = stream.peer_addr().map_err(failed)?;
    let _ = stream.set_nodelay(true);
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
