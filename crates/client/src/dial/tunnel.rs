//! The way through a proxy: one exchange, of HTTP CONNECT or SOCKS 5, and then the stream belongs to the server.

use std::net::SocketAddr;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    Route,
    error::ProxyError,
    http_connect::HttpConnect,
    network::{Network, find, open},
    prefixed::Prefixed,
    proxy_server::{Names, ProxyServer, Scheme},
    socks5::{Socks5, SocksFailure, Target},
    tls::Role,
};
use crate::{address::Address, stream::Stream};

/// How much room is made for each read of an answer, in bytes.
const READ: usize = 1024;

/// A stream that may be any of those that lead to a proxy.
type Opened = Box<dyn Stream>;

/// What is said to a proxy and what it answers, as a machine: bytes in, bytes out, no socket.
pub(super) trait Exchange {
    /// Takes whole answers out of `input` and appends what is to be said next to `out`. Called with nothing in `input`
    /// first. Bytes behind the last answer stay in `input`: they are the server's.
    fn decode(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Result<Progress, ProxyError>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// There is more to come from the proxy.
    Waiting,
    /// The tunnel is open.
    Open,
}

/// Goes to an address through a proxy; gives the stream and the proxy's address.
///
/// Cancel safety: dropped, the connection to the proxy is closed.
pub(super) async fn through<N: Network>(
    network: &N,
    proxy: &ProxyServer,
    address: &Address,
    route: &Route,
) -> Result<(Prefixed<Opened>, SocketAddr), ProxyError> {
    let way = Way {
        network,
        proxy,
        route,
    };
    let names = match proxy.scheme {
        Scheme::Http | Scheme::Https => {
            let limit = route.proxy.response_head_limit();
            return way.take(HttpConnect::new(address, proxy, limit)).await;
        }
        Scheme::Socks5(names) => names,
    };
    match names {
        Names::Proxys => way.take(way.socks(Target::of(address))).await,
        Names::Ours => way.first_of(address).await,
    }
}

/// A proxy and how to get there.
struct Way<'a, N> {
    network: &'a N,
    proxy: &'a ProxyServer,
    route: &'a Route,
}

impl<N: Network> Way<'_, N> {
    fn socks(&self, target: Target) -> Socks5 {
        Socks5::new(target, self.proxy.credentials.clone())
    }

    /// Looks the server up, and asks the proxy for one address after the other until one is reached.
    async fn first_of(
        &self,
        address: &Address,
    ) -> Result<(Prefixed<Opened>, SocketAddr), ProxyError> {
        let found = find(self.network, &address.host, address.port).await?;
        let mut last = ProxyError::Closed;
        for target in found {
            match self.take(self.socks(Target::Ip(target))).await {
                Err(error) if is_about_the_target(&error) => last = error,
                outcome => return outcome,
            }
        }
        Err(last)
    }

    /// Connects to the proxy, and asks for the tunnel.
    async fn take(
        &self,
        exchange: impl Exchange,
    ) -> Result<(Prefixed<Opened>, SocketAddr), ProxyError> {
        let (host, port) = (&*self.proxy.host, self.proxy.port);
        let (stream, peer_addr) = open(self.network, host, port).await?;
        let opened: Opened = match self.proxy.scheme {
            Scheme::Http | Scheme::Socks5(_) => Box::new(stream),
            Scheme::Https => {
                let secured = self.route.tls.secure(stream, host, Role::Proxy).await;
                Box::new(secured.map_err(ProxyError::Tls)?.0)
            }
        };
        Ok((talk(opened, exchange).await?, peer_addr))
    }
}

/// Whether another address of the same server may fare better.
fn is_about_the_target(error: &ProxyError) -> bool {
    matches!(
        error,
        ProxyError::Socks(
            SocksFailure::General
                | SocksFailure::NetworkUnreachable
                | SocksFailure::HostUnreachable
                | SocksFailure::ConnectionRefused
                | SocksFailure::TtlExpired
                | SocksFailure::AddressTypeNotSupported
        )
    )
}

/// Moves the bytes of an exchange.
async fn talk<S: Stream>(
    mut stream: S,
    mut exchange: impl Exchange,
) -> Result<Prefixed<S>, ProxyError> {
    let mut input = BytesMut::new();
    let mut out = BytesMut::new();
    loop {
        let progress = exchange.decode(&mut input, &mut out)?;
        if !out.is_empty() {
            stream.write_all(&out).await.map_err(ProxyError::Broken)?;
            stream.flush().await.map_err(ProxyError::Broken)?;
            out.clear();
        }
        if progress == Progress::Open {
            return Ok(Prefixed::new(input.freeze(), stream));
        }
        input.reserve(READ);
        let read = stream.read_buf(&mut input).await;
        if read.map_err(ProxyError::Broken)? == 0 {
            return Err(ProxyError::Closed);
        }
    }
}
