//! Why a client does not take a server's response for the end of a handshake.

use http::StatusCode;
use thiserror::Error;

use crate::deflate::InvalidAnswer;

/// The response to an opening handshake is not as it must be: one variant for each rule of RFC 6455 §4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClientHandshakeError {
    /// The status is not 101: the server redirects, refuses, or does not speak WebSocket. The response tells more.
    #[error("the server answered with status {0}")]
    Status(StatusCode),
    /// The response is not HTTP/1.1.
    #[error("the response is not HTTP/1.1")]
    HttpVersion,
    /// `Upgrade` is missing or not `websocket`.
    #[error("the Upgrade header of the response is not websocket")]
    Upgrade,
    /// `Connection` is missing or does not name `Upgrade`.
    #[error("the Connection header of the response does not name Upgrade")]
    Connection,
    /// `Sec-WebSocket-Accept` is missing.
    #[error("the Sec-WebSocket-Accept header is missing")]
    MissingAccept,
    /// `Sec-WebSocket-Accept` is given more than once (RFC 6455 §11.3.3).
    #[error("the Sec-WebSocket-Accept header is given more than once")]
    DoubledAccept,
    /// `Sec-WebSocket-Accept` is not the answer to this request's key: most likely it was answered out of a cache.
    #[error("the Sec-WebSocket-Accept header does not answer the key")]
    Accept,
    /// `Sec-WebSocket-Protocol` is given more than once (RFC 6455 §11.3.4).
    #[error("the Sec-WebSocket-Protocol header is given more than once")]
    DoubledProtocol,
    /// `Sec-WebSocket-Protocol` names a subprotocol that was not asked for.
    #[error("the server chose a subprotocol that was not asked for")]
    Protocol,
    /// `Sec-WebSocket-Extensions` breaks its grammar (RFC 6455 §9.1).
    #[error("the Sec-WebSocket-Extensions header is malformed")]
    MalformedExtensions,
    /// The server answers extensions that were not offered, or not as they were.
    #[error("the server chose extensions that were not offered like that")]
    Extensions(#[from] InvalidAnswer),
}
