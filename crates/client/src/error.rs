//! Why there is no connection.

use std::{fmt, io, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, Response, StatusCode,
    header::{LOCATION, RETRY_AFTER},
};
use sockeye_ws_proto::handshake::{ClientHandshakeError, InvalidRequest};
use thiserror::Error;

use crate::{BlockedTransports, Closed, DialError, InvalidAddress, RedirectError};

/// Why there is no connection, sorted by blame.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The caller gave no address that can be connected to.
    #[error("the address can't be used")]
    InvalidAddress(#[from] InvalidAddress),
    /// The caller asked for what can't stand in a request.
    #[error("the request can't be made")]
    InvalidRequest(#[from] InvalidRequest),
    /// The caller gave a header with this name that is none.
    #[error("{0:?} and its value are no header")]
    InvalidHeader(String),
    /// The operating system has no randomness to give, without which there can be no masks.
    #[error("the operating system gives no randomness")]
    NoRandomness,
    /// The server could not be reached; the words are those of the stage that failed.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// [`connect_time`](crate::Connector::connect_time) was over.
    #[error("it took too long to {0}")]
    Timeout(Stage),
    /// The stream failed while the request was sent or the response awaited.
    #[error("the connection was lost within the handshake")]
    Lost(#[source] io::Error),
    /// The response is not HTTP, or too large; the words say which.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The server answered in HTTP, with another status than 101.
    #[error("the server answered with {}", .0.status())]
    Refused(Box<Refused>),
    /// The server redirected, and the redirect was not followed though [`redirects`](crate::Connector::redirects)
    /// allows some.
    #[error("the redirect can't be followed")]
    Redirect(#[source] RedirectError, Box<Refused>),
    /// The server answered with 101 and broke a rule of the handshake.
    #[error("the server broke a rule of the handshake")]
    Handshake(#[from] ClientHandshakeError),
    /// With a [`Fallback`](crate::Fallback): the connection ended before anything had come over it.
    #[error("the connection ended before it carried anything: {0}")]
    Ended(Closed),
    /// With a [`Fallback`](crate::Fallback): what answered does not speak SockJS.
    #[error("the answer is not SockJS")]
    NotSockJs,
    /// With a [`Fallback`](crate::Fallback): several transports were tried, and none got through.
    #[error("no transport gets through to the server")]
    Blocked(#[source] BlockedTransports),
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Reaching the server: names, TCP, proxies, TLS.
    Dial,
    /// Sending the request.
    Request,
    /// Waiting for the response.
    Response,
    /// Waiting for the answer to the first ping: see [`Fallback::proof_time`](crate::Fallback::proof_time).
    Proof,
    /// Waiting for a SockJS session to be opened.
    Session,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dial => "reach the server",
            Self::Request => "send the request",
            Self::Response => "get a response",
            Self::Proof => "get the answer to a ping",
            Self::Session => "get a session opened",
        })
    }
}

/// What came is no response.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// The head, with those of interim responses before it, has more bytes than
    /// [`head_bytes`](crate::Connector::head_bytes).
    #[error("the response's head is larger than {0} bytes")]
    TooLarge(usize),
    /// The head has more than 100 header fields.
    #[error("the response has too many header fields")]
    TooManyHeaders,
    /// The head is not HTTP/1.
    #[error("the response is not HTTP: {0}")]
    Malformed(&'static str),
    /// The server ended the stream before a head was whole.
    #[error("the server ended the connection before it answered")]
    Cut,
}

/// An answer in HTTP with another status than 101.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refused {
    /// The response's head.
    pub response: Response<()>,
    /// The first bytes of its body, at most [`body_bytes`](crate::Connector::body_bytes), as far as they came soon.
    pub body: Bytes,
}

impl Refused {
    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Returns where a redirect leads, as the server wrote it.
    pub fn location(&self) -> Option<&str> {
        self.headers().get(LOCATION)?.to_str().ok()
    }

    /// Returns after how long to come again, if the server says so in seconds (RFC 9110 §10.2.3). A date is not read.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers().get(RETRY_AFTER)?.to_str().ok()?;
        seconds.trim().parse().ok().map(Duration::from_secs)
    }
}
