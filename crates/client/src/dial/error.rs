//! Why a server could not be reached, stage by stage.

use std::io;

use http::StatusCode;
use thiserror::Error;

use super::{
    happy_eyeballs::FailedAttempts, proxy::InvalidProxy, socks5::SocksFailure, tls::TlsError,
};

/// Why a server could not be reached.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DialError {
    /// No TCP connection to the server came about; the words say which host.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// A variable of the environment names no proxy that could be used.
    #[error("the environment variable {variable} names no proxy")]
    ProxyVariable {
        /// The name of the variable, as it is spelt there.
        variable: String,
        /// What is wrong with it.
        source: InvalidProxy,
    },
    /// The proxy could not be reached, or did not let us through.
    #[error("no way through the proxy {proxy}")]
    Proxy {
        /// The proxy's address, without user and password.
        proxy: String,
        /// What went wrong there.
        source: ProxyError,
    },
    /// TLS with the server did not come about.
    #[error("no TLS connection to {host}")]
    Tls {
        /// The server's name or IP address.
        host: String,
        /// What went wrong.
        source: TlsError,
    },
    /// The caller, who opens the streams, could open none.
    #[error("no stream to the server could be opened")]
    Stream(#[source] io::Error),
}

/// Why no TCP connection to a host came about.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Unreachable {
    /// The system's resolver failed, most often because there is no such name.
    #[error("can't look up {host}")]
    Lookup {
        /// The name that was looked up.
        host: String,
        /// What the system says.
        source: io::Error,
    },
    /// The name is there, but has no address.
    #[error("{host} has no address")]
    NoAddress {
        /// The name that was looked up.
        host: String,
    },
    /// No address of the host could be connected to.
    #[error("can't connect to {host}")]
    Connect {
        /// The name or IP address.
        host: String,
        /// Each address that was tried, and why it failed.
        source: FailedAttempts,
    },
}

/// Why there is no way through a proxy.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// No TCP connection to the proxy came about, or its name resolution was ours and failed; the words say which host.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// TLS with the proxy itself did not come about.
    #[error("no TLS connection to it")]
    Tls(#[source] TlsError),
    /// The connection broke before the tunnel was open.
    #[error("the connection to it broke")]
    Broken(#[source] io::Error),
    /// The proxy closed the connection before the tunnel was open.
    #[error("it closed the connection before the tunnel was open")]
    Closed,
    /// The answer to CONNECT is no HTTP/1 response.
    #[error("its answer is not HTTP/1")]
    NotHttp,
    /// The head of the answer to CONNECT is longer than
    /// [`Proxy::max_response_head`](crate::Proxy::max_response_head) allows.
    #[error("the head of its answer is longer than {limit} bytes")]
    HeadTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The proxy answered CONNECT with another status than 2xx (RFC 9110 §9.3.6); 407 asks for user and password, or
    /// for others.
    #[error("it answered CONNECT with {status}")]
    Refused {
        /// The status of its answer.
        status: StatusCode,
    },
    /// The answer is not SOCKS 5.
    #[error("its answer is not SOCKS 5")]
    NotSocks,
    /// The proxy takes none of the authentication methods offered: nothing, and user and password if the setting has
    /// them (RFC 1928 §3).
    #[error("it takes none of the authentication methods offered")]
    NoAcceptableMethod,
    /// The proxy did not accept user and password (RFC 1929 §2).
    #[error("it did not accept user and password")]
    Unauthorized,
    /// The proxy did not connect to the server (RFC 1928 §6).
    #[error("it did not connect to the server")]
    Socks(#[from] SocksFailure),
}
