//! Where a client connects to, read from a `ws://` or `wss://` address (RFC 6455 §3).

use http::{Uri, uri::Authority};
use thiserror::Error;

/// Host, port and scheme of an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) security: Security,
    /// A name or an IP address; an IPv6 address without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Whether TLS protects a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Security {
    Plain,
    Tls,
}

/// What was given as an address is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidAddress {
    /// It is no URI (RFC 3986).
    #[error("the address is no URI")]
    Syntax,
    /// The address does not begin with `ws://` or `wss://`.
    #[error("the address does not begin with ws:// or wss://")]
    Scheme,
    /// The address has no host.
    #[error("the address has no host")]
    Host,
    /// The port is 0, or larger than any is.
    #[error("the port in the address is none")]
    Port,
}

impl Address {
    pub(crate) fn of(uri: &Uri) -> Result<Self, InvalidAddress> {
        let (security, default_port) = match uri.scheme_str() {
            Some("ws") => (Security::Plain, 80),
            Some("wss") => (Security::Tls, 443),
            _ => return Err(InvalidAddress::Scheme),
        };
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or(InvalidAddress::Host)?;
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        Ok(Self {
            security,
            host: bare.unwrap_or(host).to_owned(),
            port: uri
                .authority()
                .map_or(Ok(None), port)?
                .unwrap_or(default_port),
        })
    }
}

/// The port in an authority; `None` if it names none. `Uri` lets one pass that is too large, and then acts as if there
/// were none.
pub(crate) fn port(authority: &Authority) -> Result<Option<u16>, InvalidAddress> {
    let text = authority.as_str();
    let (_, host_and_port) = text.rsplit_once('@').unwrap_or(("", text));
    match host_and_port.strip_prefix(authority.host()) {
        Some("" | ":") => Ok(None),
        Some(_) => match authority.port_u16() {
            Some(port) if port > 0 => Ok(Some(port)),
            _ => Err(InvalidAddress::Port),
        },
        None => Err(InvalidAddress::Host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_what_is_none_is_refused() {
        let address = |uri| Address::of(&Uri::from_static(uri));
        let found = address("wss://[::1]/say").unwrap();
        assert_eq!((&*found.host, found.port), ("::1", 443));
        assert_eq!(found.security, Security::Tls);
        assert_eq!(address("ws://example.com:81").unwrap().port, 81);
        assert_eq!(address("http://a/"), Err(InvalidAddress::Scheme));
        assert_eq!(address("/say"), Err(InvalidAddress::Scheme));
        assert_eq!(address("wss://user:1@a:/").unwrap().port, 443);
        for none in ["ws://a:65536/", "ws://a:99999/", "ws://[::1]:0/"] {
            assert_eq!(address(none), Err(InvalidAddress::Port), "{none}");
        }
    }
}
