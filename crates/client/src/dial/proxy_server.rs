//! A proxy's address: what it speaks, where it is, and as whom we come.

use std::{fmt, net::Ipv6Addr, str::FromStr};

use http::Uri;
use percent_encoding::percent_decode_str;
use thiserror::Error;

use crate::address::port;

/// A proxy, as its address names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProxyServer {
    pub(super) scheme: Scheme,
    /// A name or an IP address; an IPv6 address without its brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) credentials: Option<Credentials>,
}

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    /// HTTP, with TLS between us and the proxy.
    Https,
    Socks5(Names),
}

/// Who looks up the name of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    Ours,
    Proxys,
}

/// As whom we come to a proxy.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: String,
}

/// What was given as a proxy's address is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidProxy {
    /// It is no address of the form `scheme://user:password@host:port`.
    #[error("it is not of the form scheme://user:password@host:port")]
    Syntax,
    /// The scheme is none that a proxy speaks here.
    #[error("the scheme is none of http, https, socks5, socks5h")]
    Scheme,
    /// There is no host in it.
    #[error("there is no host in it")]
    Host,
    /// There is a path or a query behind host and port.
    #[error("there is a path behind the host")]
    Path,
    /// User or password can't be sent: not UTF-8 when decoded, control characters, a colon in the user of an HTTP
    /// proxy (RFC 7617 §2), or for SOCKS an empty one or more than 255 bytes (RFC 1929 §2).
    #[error("the user or the password can't be sent to such a proxy")]
    Credentials,
}

impl ProxyServer {
    pub(super) fn parse(address: &str) -> Result<Self, InvalidProxy> {
        let (scheme, _) = address.split_once("://").ok_or(InvalidProxy::Syntax)?;
        let (scheme, default_port) = match &*scheme.to_ascii_lowercase() {
            "http" => (Scheme::Http, 80),
            "https" => (Scheme::Https, 443),
            "socks5" => (Scheme::Socks5(Names::Ours), 1080),
            "socks5h" | "socks" => (Scheme::Socks5(Names::Proxys), 1080),
            _ => return Err(InvalidProxy::Scheme),
        };
        let uri = Uri::from_str(address).map_err(|_| InvalidProxy::Syntax)?;
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(InvalidProxy::Path);
        }
        let authority = uri.authority().ok_or(InvalidProxy::Host)?;
        let userinfo = authority.as_str().rsplit_once('@').map(|(info, _)| info);
        let port = port(authority).map_err(|_| InvalidProxy::Syntax)?;
        Ok(Self {
            scheme,
            host: bare_host(authority.host())?,
            port: port.unwrap_or(default_port),
            credentials: userinfo
                .map(|userinfo| Credentials::parse(userinfo, scheme))
                .transpose()?,
        })
    }
}

/// The host without the brackets of an IPv6 address.
fn bare_host(host: &str) -> Result<String, InvalidProxy> {
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    match bracketed {
        Some(address) if address.parse::<Ipv6Addr>().is_ok() => Ok(address.to_owned()),
        Some(_) => Err(InvalidProxy::Syntax),
        None if host.is_empty() => Err(InvalidProxy::Host),
        // `Uri` lets brackets pass that are on two sides of an `@`.
        None if host.contains(['[', ']']) => Err(InvalidProxy::Syntax),
        None => Ok(host.to_owned()),
    }
}

impl Credentials {
    fn parse(userinfo: &str, scheme: Scheme) -> Result<Self, InvalidProxy> {
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        let decoded = |part| match percent_decode_str(part).decode_utf8() {
            Ok(part) if !part.contains(char::is_control) => Ok(part.into_owned()),
            _ => Err(InvalidProxy::Credentials),
        };
        let (user, password) = (decoded(user)?, decoded(password)?);
        let fits = match scheme {
            Scheme::Http | Scheme::Https => !user.contains(':'),
            Scheme::Socks5(_) => [&user, &password]
                .iter()
                .all(|part| (1..=255).contains(&part.len())),
        };
        if !fits {
            return Err(InvalidProxy::Credentials);
        }
        Ok(Self { user, password })
    }
}

/// Without user and password: this is for logs and errors.
impl fmt::Display for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Socks5(Names::Ours) => "socks5",
            Scheme::Socks5(Names::Proxys) => "socks5h",
        };
        let authority = host_and_port(&self.host, self.port);
        write!(f, "{scheme}://{authority}")
    }
}

/// `host:port`, with brackets around an IPv6 address (RFC 3986 §3.2.2).
pub(super) fn host_and_port(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(address: &str) -> String {
        ProxyServer::parse(address).unwrap().to_string()
    }

    #[test]
    fn each_scheme_has_its_port() {
        assert_eq!(named("http://proxy"), "http://proxy:80");
        assert_eq!(named("HTTPS://proxy/"), "https://proxy:443");
        assert_eq!(named("socks5://proxy"), "socks5://proxy:1080");
        assert_eq!(named("socks5h://proxy:9050"), "socks5h://proxy:9050");
        assert_eq!(named("socks://[::1]:9"), "socks5h://[::1]:9");
    }

    #[test]
    fn user_and_password_are_decoded_and_shown_nowhere() {
        let server = ProxyServer::parse("http://a%20b:c%3a%40d:e@proxy:1").unwrap();
        let credentials = server.credentials.clone().unwrap();
        assert_eq!(credentials.user, "a b");
        assert_eq!(credentials.password, "c:@d:e");
        let shown = format!("{server} {server:?}");
        assert!(!shown.contains("a b") && !shown.contains("c:@d"), "{shown}");
        let server = ProxyServer::parse("http://user@[::1]:1").unwrap();
        assert_eq!(server.credentials.unwrap().password, "");
        assert_eq!((&*server.host, server.port), ("::1", 1));
    }

    #[test]
    fn what_is_no_proxy_is_refused_with_its_reason() {
        let refused = |address| ProxyServer::parse(address).unwrap_err();
        for address in [
            "proxy:3128",
            "http://pro xy",
            "http://[::g]:1",
            "http://[::1:a@proxy]:1",
            "http://proxy:70000",
            "http://proxy:0",
            "http://proxy:1x",
        ] {
            assert_eq!(refused(address), InvalidProxy::Syntax, "{address}");
        }
        assert_eq!(refused("socks4://proxy"), InvalidProxy::Scheme);
        assert_eq!(refused("http://proxy/there"), InvalidProxy::Path);
        assert_eq!(refused("http://proxy/?a"), InvalidProxy::Path);
        assert_eq!(refused("http://a@"), InvalidProxy::Syntax);
        let long = format!("socks5://{}:p@proxy", "u".repeat(256));
        for address in [
            "http://a%3ab:c@proxy",
            "http://a%0d%0a:c@proxy",
            "http://%ff:c@proxy",
            "socks5://user@proxy",
            &long,
        ] {
            assert_eq!(refused(address), InvalidProxy::Credentials, "{address}");
        }
    }
}
