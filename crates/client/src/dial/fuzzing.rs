//! Private parsers and machines as fuzzers need them: no socket, and answers in whatever pieces. For nobody else.

use bytes::BytesMut;
use http::Uri;

use super::{
    error::ProxyError,
    http_connect::HttpConnect,
    no_proxy,
    proxy_server::{ProxyServer, Scheme},
    socks5::{Socks5, Target},
    tunnel::{Exchange, Progress},
};
use crate::{InvalidProxy, RedirectError, address::Address, redirect};

/// What came of an exchange with a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchanged {
    /// What was said to the proxy.
    pub said: Vec<u8>,
    /// What is behind the last answer once the tunnel is open, `None` while it is not; or the error in words.
    pub end: Result<Option<Vec<u8>>, String>,
}

/// Asks a proxy that answers in these pieces for a tunnel to a server, by CONNECT or SOCKS as the proxy's address says;
/// `None` if one of the addresses is none. The head of an answer to CONNECT has at most `limit` bytes.
pub fn exchanged<'a>(
    proxy: &str,
    server: &str,
    limit: usize,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Option<Exchanged> {
    let proxy = ProxyServer::parse(proxy).ok()?;
    let address = Address::of(&server.parse::<Uri>().ok()?).ok()?;
    Some(match proxy.scheme {
        Scheme::Http | Scheme::Https => talk(HttpConnect::new(&address, &proxy, limit), pieces),
        Scheme::Socks5(_) => talk(Socks5::new(Target::of(&address), proxy.credentials), pieces),
    })
}

fn talk<'a>(mut exchange: impl Exchange, pieces: impl IntoIterator<Item = &'a [u8]>) -> Exchanged {
    let (mut input, mut out) = (BytesMut::new(), BytesMut::new());
    let mut progress = exchange.decode(&mut input, &mut out);
    for piece in pieces {
        input.extend_from_slice(piece);
        if matches!(progress, Ok(Progress::Waiting)) {
            progress = exchange.decode(&mut input, &mut out);
        }
    }
    Exchanged {
        said: out.to_vec(),
        end: match progress {
            Ok(Progress::Open) => Ok(Some(input.to_vec())),
            Ok(Progress::Waiting) => Ok(None),
            Err(ProxyError::Socks(failure)) => Err(failure.to_string()),
            Err(error) => Err(error.to_string()),
        },
    }
}

/// Returns a proxy's address as logs show it.
///
/// # Errors
/// It is none.
pub fn shown_proxy(address: &str) -> Result<String, InvalidProxy> {
    ProxyServer::parse(address).map(|proxy| proxy.to_string())
}

/// Says whether a list such as that of `no_proxy` has an entry for a host and port.
pub fn is_listed(list: &str, host: &str, port: u16) -> bool {
    no_proxy::lists(list, host, port)
}

/// Returns where a redirect leads.
///
/// # Errors
/// [`RedirectError`] if it is not followed.
pub fn redirected(from: &Uri, location: &str) -> Result<Uri, RedirectError> {
    redirect::target(from, Some(location))
}
