//! What proxies say of a client in the headers of its requests: `Forwarded` (RFC 7239) or `X-Forwarded-*`.
//!
//! Each proxy adds to the right. What stands on the left may be the client's own invention, so it is read from the
//! right, and only as far as proxies that are trusted wrote it.

mod element;

use std::net::SocketAddr;

use http::{HeaderMap, HeaderName, header};
use sockeye_endpoint::{Scheme, Site};

use self::element::{Element, address, rsplit};
use crate::TrustedProxies;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// How many proxies there may be between a client and the server. Whoever is beyond is taken for the client.
const MOST_HOPS: usize = 16;

/// Which headers of trusted proxies are believed. Only those that the proxies write: they pass the others on as the
/// client sent them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forwarded {
    /// None.
    #[default]
    Off,
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// `X-Forwarded-For`, `X-Forwarded-Proto`, `X-Forwarded-Host`. A proxy must write or remove each of the three.
    XForwarded,
}

/// A client, as its proxies tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForwardedClient {
    /// Its address; that of the proxy next to it if they do not tell or it can't be read. The port is 0 where they
    /// tell none.
    pub addr: SocketAddr,
    /// How it came and what it asked for, as far as they tell.
    pub site: Site,
}

impl Forwarded {
    /// Returns what the headers of a request tell of its client; `None` if nothing that they say is to be believed,
    /// since none are or the peer is no trusted proxy.
    ///
    /// The client is the first from the right whose address is not a trusted proxy's. Behind what is malformed or
    /// hidden nothing is read. `X-Forwarded-Proto` and `-Host` count with their last value.
    ///
    /// [`Server`](crate::Server) asks it for every request. A server that mounts endpoints may:
    ///
    /// ```
    /// # use std::net::SocketAddr;
    /// # use sockeye_server::{Forwarded, PeerAddr, TrustedProxies};
    /// # fn tell<B>(mut request: http::Request<B>, peer: SocketAddr, trusted: &TrustedProxies) -> http::Request<B> {
    /// if let Some(client) = Forwarded::XForwarded.client(request.headers(), peer, trusted) {
    ///     request.extensions_mut().insert(PeerAddr(client.addr));
    ///     request.extensions_mut().insert(client.site);
    /// }
    /// # request
    /// # }
    /// ```
    pub fn client(
        self,
        headers: &HeaderMap,
        peer: SocketAddr,
        trusted: &TrustedProxies,
    ) -> Option<ForwardedClient> {
        if self == Self::Off || !trusted.contains(peer.ip()) {
            return None;
        }
        let mut client = ForwardedClient {
            addr: peer,
            site: Site::default(),
        };
        match self {
            Self::Off => return None,
            Self::Forwarded => {
                for text in from_right(headers, &header::FORWARDED).take(MOST_HOPS) {
                    let Some(element) = Element::parse(text) else {
                        break;
                    };
                    client.site = element.site;
                    let Some(addr) = element.client else { break };
                    client.addr = addr;
                    if !trusted.contains(addr.ip()) {
                        break;
                    }
                }
            }
            Self::XForwarded => {
                for text in from_right(headers, &X_FORWARDED_FOR).take(MOST_HOPS) {
                    let Some(addr) = address(text) else { break };
                    client.addr = addr;
                    if !trusted.contains(addr.ip()) {
                        break;
                    }
                }
                client.site = x_forwarded_site(headers);
            }
        }
        Some(client)
    }
}

/// The last values are those of the proxy next to us; it alone is known to be trusted.
fn x_forwarded_site(headers: &HeaderMap) -> Site {
    let last = |name| from_right(headers, name).next();
    Site::default()
        .scheme(last(&X_FORWARDED_PROTO).and_then(Scheme::named))
        .authority(last(&X_FORWARDED_HOST).map(str::to_owned))
}

/// The elements of a list, from the last line's last on (RFC 9110 §5.3). Empty ones are none (§5.6.1); a line that is
/// not text ends it.
fn from_right<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).iter().rev();
    lines
        .map_while(|line| line.to_str().ok())
        .flat_map(|line| rsplit(line, b','))
        .map(|element| element.trim_matches([' ', '\t']))
        .filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests;
