//! What stands between clients and the server, and who the client of a connection or a request is in spite of it.

use std::{io, net::SocketAddr};

use http::Request;
use sockeye_endpoint::{Scheme, Site};
use thiserror::Error;
use tokio::{
    io::AsyncReadExt,
    net::TcpStream,
    time::{error::Elapsed, timeout},
};

use crate::{
    Forwarded, InvalidProxyHeader, PeerAddr, ProxyHeader, ProxyProtocol, TrustedProxies,
    options::Options,
};

/// What is set for all proxies in front.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    pub(crate) trusted: TrustedProxies,
    pub(crate) forwarded: Forwarded,
    pub(crate) protocol: ProxyProtocol,
}

/// Who is at the other end of a connection, as far as that is known before its first request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The address of the peer, or the one that its PROXY header names.
    pub(crate) addr: SocketAddr,
    /// `https` if TLS ends here. Without it the scheme is unknown: TLS may end in front.
    pub(crate) scheme: Option<Scheme>,
}

/// Why a connection is closed before anything is asked on it.
#[derive(Debug, Error)]
pub(crate) enum NotIntroduced {
    #[error("the peer is no trusted proxy")]
    Untrusted,
    #[error(transparent)]
    Header(#[from] InvalidProxyHeader),
    #[error("the PROXY header took too long")]
    TooLate(#[from] Elapsed),
    #[error("the connection failed before its PROXY header was whole")]
    Lost(#[from] io::Error),
}

impl Proxies {
    /// Returns who calls, if no PROXY header has to say so.
    pub(crate) fn known(&self, peer: SocketAddr) -> Option<Caller> {
        match self.protocol {
            ProxyProtocol::Off => Some(Caller {
                addr: peer,
                scheme: None,
            }),
            ProxyProtocol::Required => None,
        }
    }

    /// Finds out who calls, by the PROXY header if there has to be one. Not a byte behind it is read. A connection that
    /// is not introduced is to be closed; why is logged.
    ///
    /// Cancel safety: dropped before it is done, part of the header may be gone: close the connection.
    pub(crate) async fn introduce(
        &self,
        stream: &mut TcpStream,
        peer: SocketAddr,
        options: &Options,
    ) -> Option<Caller> {
        let introduced = match self.protocol {
            ProxyProtocol::Off => Ok(peer),
            ProxyProtocol::Required if !self.trusted.contains(peer.ip()) => {
                Err(NotIntroduced::Untrusted)
            }
            ProxyProtocol::Required => {
                timeout(options.handshake_time, read(stream, options.proxy_bytes))
                    .await
                    .map_err(NotIntroduced::from)
                    .flatten()
                    .map(|source| source.unwrap_or(peer))
            }
        };
        match introduced {
            Ok(addr) => Some(Caller { addr, scheme: None }),
            Err(error @ NotIntroduced::Header(_)) => {
                // Only a trusted proxy gets here: it is not set up as this server is.
                tracing::warn!(%peer, %error, "closing a connection");
                None
            }
            Err(error) => {
                tracing::debug!(%peer, %error, "closing a connection");
                None
            }
        }
    }

    /// Tells a request who its client is and what it asked for: what sessions, interceptors and pages go by.
    pub(crate) fn tell<B>(&self, request: &mut Request<B>, caller: Caller) {
        let told = self
            .forwarded
            .client(request.headers(), caller.addr, &self.trusted);
        let (addr, site) = match told {
            Some(client) => (client.addr, client.site),
            None => (caller.addr, Site::default().scheme(caller.scheme)),
        };
        let extensions = request.extensions_mut();
        extensions.insert(PeerAddr(addr));
        extensions.insert(site);
    }
}

/// Reads a PROXY header, and returns the source that it names.
async fn read(stream: &mut TcpStream, most: usize) -> Result<Option<SocketAddr>, NotIntroduced> {
    let mut head = Vec::new();
    let mut chunk = [0; 128];
    loop {
        // Whoever drives the connection later must find what follows, so a look comes first.
        let seen = stream.peek(&mut chunk).await?;
        if seen == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let before = head.len();
        head.extend_from_slice(chunk.get(..seen).unwrap_or_default());
        let header = ProxyHeader::parse(&head, most)?;
        // Without the header's end, all that was seen is part of it.
        let own = header.map_or(seen, |header| header.len.saturating_sub(before));
        let own = chunk.get_mut(..own).unwrap_or_default();
        stream.read_exact(own).await?;
        if let Some(header) = header {
            return Ok(header.source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(proxies: &Proxies, scheme: Option<Scheme>, header: &str) -> (SocketAddr, Site) {
        let request = Request::get("/").header("forwarded", header);
        let mut request = request.body(()).unwrap();
        let addr = ([10, 0, 0, 1], 7).into();
        proxies.tell(&mut request, Caller { addr, scheme });
        let PeerAddr(addr) = *request.extensions().get().unwrap();
        (addr, request.extensions().get::<Site>().unwrap().clone())
    }

    #[test]
    fn what_trusted_proxies_tell_beats_what_is_known_of_the_connection() {
        let (tls, plain) = (Some(Scheme::Https), Some(Scheme::Http));
        let header = "for=192.0.2.1;proto=http";
        let caller = SocketAddr::from(([10, 0, 0, 1], 7));
        let own = Site::default().scheme(tls);
        assert_eq!(told(&Proxies::default(), tls, header), (caller, own));
        assert_eq!(told(&Proxies::default(), None, header).1, Site::default());

        let proxies = Proxies {
            trusted: TrustedProxies::named(["private"]).unwrap(),
            forwarded: Forwarded::Forwarded,
            ..Proxies::default()
        };
        let (addr, site) = told(&proxies, tls, header);
        assert_eq!(addr, SocketAddr::from(([192, 0, 2, 1], 0)));
        assert_eq!(site.scheme, plain);
        // The connection between the proxy and us says nothing of the one between the client and the proxy.
        assert_eq!(told(&proxies, tls, "for=192.0.2.1").1.scheme, None);
    }
}
