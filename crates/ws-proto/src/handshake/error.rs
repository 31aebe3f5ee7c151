//! Why a server refuses an opening handshake, and how it says so in HTTP.

use http::{
    HeaderValue, Response, StatusCode,
    header::{ALLOW, CONNECTION, SEC_WEBSOCKET_VERSION, UPGRADE},
};
use thiserror::Error;

use super::{UPGRADE as UPGRADE_TOKEN, VERSION, WEBSOCKET};

/// A request is no opening handshake: one variant for each rule of RFC 6455 §4.2.1, RFC 8441 and HTTP that it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The request is neither HTTP/1.1 nor, as an extended CONNECT, HTTP/2. In HTTP/1.0 there is no upgrade (RFC 9110
    /// §7.8).
    #[error("a WebSocket handshake is an HTTP/1.1 request, or an extended CONNECT in HTTP/2")]
    HttpVersion,
    /// The method is not GET.
    #[error("a WebSocket handshake is a GET request")]
    Method,
    /// `Host` is missing.
    #[error("the Host header is missing")]
    MissingHost,
    /// `Host` is given more than once (RFC 9112 §3.2).
    #[error("the Host header is given more than once")]
    DoubledHost,
    /// `Origin` is given more than once, so that it can't be told where the request comes from.
    #[error("the Origin header is given more than once")]
    DoubledOrigin,
    /// `Upgrade` is missing: most likely someone opened the address in a browser.
    #[error("this address speaks WebSocket: the Upgrade header is missing")]
    MissingUpgrade,
    /// `Upgrade` names other protocols, but not `websocket`.
    #[error("the Upgrade header does not name websocket")]
    Upgrade,
    /// `Connection` is missing.
    #[error("the Connection header is missing")]
    MissingConnection,
    /// `Connection` has no `Upgrade` in it; often a proxy has left it out.
    #[error("the Connection header does not name Upgrade")]
    Connection,
    /// `Sec-WebSocket-Version` is missing.
    #[error("the Sec-WebSocket-Version header is missing")]
    MissingVersion,
    /// `Sec-WebSocket-Version` is given more than once.
    #[error("the Sec-WebSocket-Version header is given more than once")]
    DoubledVersion,
    /// `Sec-WebSocket-Version` is not 13.
    #[error("the Sec-WebSocket-Version header is not 13")]
    Version,
    /// `Sec-WebSocket-Key` is missing.
    #[error("the Sec-WebSocket-Key header is missing")]
    MissingKey,
    /// `Sec-WebSocket-Key` is given more than once (RFC 6455 §11.3.1).
    #[error("the Sec-WebSocket-Key header is given more than once")]
    DoubledKey,
    /// `Sec-WebSocket-Key` is not 16 bytes as base64.
    #[error("the Sec-WebSocket-Key header is not 16 bytes as base64")]
    Key,
    /// A body is announced, which would be taken for frames.
    #[error("a WebSocket handshake has no body")]
    Body,
    /// `Sec-WebSocket-Protocol` is not a list of tokens that are all different (RFC 6455 §4.1).
    #[error("the Sec-WebSocket-Protocol header is malformed")]
    Protocols,
    /// `Sec-WebSocket-Extensions` breaks its grammar (RFC 6455 §9.1).
    #[error("the Sec-WebSocket-Extensions header is malformed")]
    Extensions,
    /// The method is not CONNECT in HTTP/2: most likely someone opened the address in a browser.
    #[error("this address speaks WebSocket: over HTTP/2 that is asked for by an extended CONNECT")]
    NotConnect,
    /// `:protocol` is missing: a plain CONNECT asks for a tunnel, and this is no proxy.
    #[error("the :protocol pseudo-header is missing")]
    MissingConnectProtocol,
    /// `:protocol` is not `websocket` (RFC 8441 §5).
    #[error("the :protocol pseudo-header is not websocket")]
    ConnectProtocol,
    /// `:scheme` or `:path` is missing (RFC 8441 §4).
    #[error("the :scheme or the :path pseudo-header is missing")]
    Target,
    /// `Sec-WebSocket-Version` of an extended CONNECT is missing or not 13.
    #[error("the Sec-WebSocket-Version header is missing or not 13")]
    ConnectVersion,
}

impl HandshakeError {
    /// Returns the status to refuse with: 405 for the method, 426 (RFC 9110 §15.5.22) where the client has to ask for
    /// another protocol or version, 501 where an extended CONNECT asks for another protocol, and 400 (RFC 6455 §4.2.1)
    /// otherwise.
    ///
    /// An old HTTP version is 400, too: 505 speaks of the major version, and HTTP/1.0 has the same. So is the wrong
    /// version of WebSocket in HTTP/2: 426 would have to name it in `Upgrade`, which is not allowed there (RFC 9113
    /// §8.2.2).
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Method | Self::NotConnect => StatusCode::METHOD_NOT_ALLOWED,
            Self::ConnectProtocol => StatusCode::NOT_IMPLEMENTED,
            Self::MissingUpgrade | Self::Upgrade | Self::MissingVersion | Self::Version => {
                StatusCode::UPGRADE_REQUIRED
            }
            Self::HttpVersion
            | Self::MissingHost
            | Self::DoubledHost
            | Self::DoubledOrigin
            | Self::MissingConnection
            | Self::Connection
            | Self::DoubledVersion
            | Self::MissingKey
            | Self::DoubledKey
            | Self::Key
            | Self::Body
            | Self::Protocols
            | Self::Extensions
            | Self::MissingConnectProtocol
            | Self::Target
            | Self::ConnectVersion => StatusCode::BAD_REQUEST,
        }
    }

    /// Returns the head of the refusal: the status, and the headers that belong to it. 405 says which method is
    /// allowed (RFC 9110 §15.5.6), 426 which protocol and version to ask for (RFC 9110 §15.5.22, RFC 6455 §4.4), as
    /// does 400 for a version in HTTP/2.
    pub fn response(&self) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        match self {
            Self::Method => {
                headers.insert(ALLOW, HeaderValue::from_static("GET"));
            }
            Self::NotConnect => {
                headers.insert(ALLOW, HeaderValue::from_static("CONNECT"));
            }
            Self::ConnectVersion => {
                headers.insert(SEC_WEBSOCKET_VERSION, VERSION);
            }
            _ if self.status() == StatusCode::UPGRADE_REQUIRED => {
                headers.insert(UPGRADE, WEBSOCKET);
                headers.insert(CONNECTION, UPGRADE_TOKEN);
                headers.insert(SEC_WEBSOCKET_VERSION, VERSION);
            }
            _ => {}
        }
        response
    }
}
