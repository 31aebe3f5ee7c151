//! The setting that says whether a connection goes through a proxy, and through which.

pub use super::proxy_server::InvalidProxy;
use super::proxy_server::ProxyServer;

/// Whether connections go through a proxy, and through which.
///
/// The default is [`Proxy::none`].
#[derive(Clone, Debug)]
pub struct Proxy {
    choice: Choice,
    max_response_head: usize,
}

#[derive(Clone, Debug)]
enum Choice {
    Direct,
    At(Box<ProxyServer>),
}

impl Proxy {
    /// No proxy.
    pub fn none() -> Self {
        Self::choose(Choice::Direct)
    }

    /// The proxy at this address, for every connection.
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

    /// The proxy that stands before a server, if one does.
    pub(super) fn before(&self) -> Option<ProxyServer> {
        match &self.choice {
            Choice::Direct => None,
            Choice::At(server) => Some(server.as_ref().clone()),
        }
    }
}

impl Default for Proxy {
    fn default() -> Self {
        Self::none()
    }
}
