//! Where a client connects to, read from a `ws://` or `wss://` address (RFC 6455 §3).

use http::Uri;
use thiserror::Error;

/// Host, port and scheme of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) security: Security,
    /// A name or an IP address; an IPv6 address without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Whether TLS protects a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
            port: uri.port_u16().unwrap_or(default_port),
        })
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
    }
}
