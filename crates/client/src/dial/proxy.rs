//! The setting that says whether a connection goes through a proxy, and through which.

use std::env;

use super::{
    environment::{self, InvalidVariable},
    proxy_server::ProxyServer,
};
use crate::address::Address;

pub use super::proxy_server::InvalidProxy;

/// Whether connections go through a proxy, and through which.
///
/// The default is [`Proxy::from_environment`].
#[derive(Clone, Debug)]
pub struct Proxy {
    choice: Choice,
    max_response_head: usize,
}

#[derive(Clone, Debug)]
enum Choice {
    Environment,
    Direct,
    At(Box<ProxyServer>),
}

impl Proxy {
    /// Asks the environment, anew for each connection.
    ///
    /// The first of these variables that is set and not empty names the proxy, in the form that [`Proxy::at`] takes or
    /// as `host:port`, which is an HTTP proxy:
    ///
    /// - for `wss://`: `wss_proxy`, `https_proxy`, `all_proxy`, `socks_proxy`
    /// - for `ws://`: `ws_proxy`, `http_proxy`, `all_proxy`, `socks_proxy`
    ///
    /// Names in capitals are read where the small one is not set, save `HTTP_PROXY`: in a CGI program that variable
    /// holds a header of the request. In `socks_proxy`, `host:port` and `http://host:port` mean `socks5h://host:port`.
    ///
    /// `no_proxy` (or `NO_PROXY`) lists who is reached directly, separated by commas or spaces: `example.com` and
    /// `.example.com` (both stand for the name and all names below it), `192.0.2.7`, `2001:db8::/32`, each also with a
    /// port behind it (`example.com:8080`, `[::1]:80`), or `*` for everyone. Names are compared as written, not
    /// looked up.
    ///
    /// `localhost`, names below it and loopback addresses are always reached directly: for the proxy, they are
    /// another machine.
    pub fn from_environment() -> Self {
        Self::choose(Choice::Environment)
    }

    /// No proxy, whatever the environment says.
    pub fn none() -> Self {
        Self::choose(Choice::Direct)
    }

    /// The proxy at this address, for every connection, whatever the environment says.
    ///
    /// - `http://host:port`: HTTP CONNECT (RFC 9110 §9.3.6), also for `ws://`; port 80 if none is given
    /// - `https://host:port`: the same, with TLS to the proxy, which is checked against the roots of
    ///   [`Tls`](crate::Tls); port 443
    /// - `socks5://host:port`: SOCKS 5 (RFC 1928), names are looked up here; port 1080
    /// - `socks5h://host:port`, `socks://host:port`: SOCKS 5, the proxy looks names up; port 1080
    ///
    /// `user:password@` before the host is for Basic authentication (RFC 7617) or that of RFC 1929, percent-encoded
    /// where a character means something else in an address.
    ///
    /// # Errors
    ///
    /// The address is not of this form.
    pub fn at(address: &str) -> Result<Self, InvalidProxy> {
        let server = ProxyServer::parse(address)?;
        Ok(Self::choose(Choice::At(Box::new(server))))
    }

    /// How long the head of a proxy's answer to CONNECT may be, in bytes; those of interim answers (1xx) count too.
    ///
    /// 16,384 if not set. A proxy that sends more is given up. It costs this much memory while a connection is made.
    #[must_use]
    pub fn max_response_head(mut self, bytes: usize) -> Self {
        self.max_response_head = bytes;
        self
    }

    fn choose(choice: Choice) -> Self {
        Self {
            choice,
            max_response_head: 16 * 1024,
        }
    }

    pub(super) fn response_head_limit(&self) -> usize {
        self.max_response_head
    }

    /// The proxy that stands before an address, if one does.
    pub(super) fn before(&self, address: &Address) -> Result<Option<ProxyServer>, InvalidVariable> {
        match &self.choice {
            Choice::Environment => environment::proxy_before(address, |name| env::var(name).ok()),
            Choice::Direct => Ok(None),
            Choice::At(server) => Ok(Some(server.as_ref().clone())),
        }
    }
}

impl Default for Proxy {
    fn default() -> Self {
        Self::from_environment()
    }
}
