//! Why a request is refused, and with which status.

use http::StatusCode;
use sockeye_types::CloseCode;
use thiserror::Error;

/// What a client sent is not an array of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BodyError {
    /// There is nothing, or JSON other than an array of strings. The first thing that is wrong decides: what follows it
    /// is not looked at.
    #[error("there is no array of strings")]
    PayloadExpected,
    /// It is not JSON (RFC 8259), or not UTF-8.
    #[error("the JSON is broken")]
    Broken,
    /// There are more messages than [`BodyLimits::messages`](crate::BodyLimits::messages).
    #[error("there are too many messages")]
    TooManyMessages,
    /// A message is larger than [`BodyLimits::message_bytes`](crate::BodyLimits::message_bytes).
    #[error("a message is too big")]
    MessageTooBig,
}

impl BodyError {
    /// Returns the code that a framed WebSocket is closed with. An HTTP request is refused with a [`RequestError`], and
    /// the session lives on.
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::PayloadExpected | Self::Broken => CloseCode::INVALID_PAYLOAD,
            Self::TooManyMessages => CloseCode::POLICY_VIOLATION,
            Self::MessageTooBig => CloseCode::MESSAGE_TOO_BIG,
        }
    }
}

/// Why a request is refused. What it prints is the answer's body: it holds nothing that a stranger must not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// 500: JSONP or htmlfile without a callback.
    #[error("\"callback\" parameter required")]
    MissingCallback,
    /// 500: a callback that is too long or could be script.
    #[error("invalid \"callback\" parameter")]
    InvalidCallback,
    /// 500: a send without an array of strings.
    #[error("Payload expected.")]
    PayloadExpected,
    /// 500: a send of broken JSON.
    #[error("Broken JSON encoding.")]
    BrokenJson,
    /// 413: a send of too many messages.
    #[error("Too many messages.")]
    TooManyMessages,
    /// 413: a send of a message that is too big.
    #[error("Message too big.")]
    MessageTooBig,
    /// 413: a send with a body that is too large.
    #[error("Body too large.")]
    BodyTooLarge,
    /// 408: a send whose body did not arrive in time.
    #[error("Body too slow.")]
    BodyTooSlow,
    /// 404: there is no such session, or the request has no right to it.
    #[error("No such session.")]
    UnknownSession,
    /// 404: the transport is not offered.
    #[error("Transport not offered.")]
    NotOffered,
    /// 404: the path names nothing.
    #[error("Not found.")]
    NotFound,
    /// 403: the request comes from a page whose origin is not allowed.
    #[error("Origin not allowed.")]
    ForeignOrigin,
    /// 503: the endpoint has all the sessions it may have.
    #[error("Too many sessions.")]
    TooManySessions,
    /// 429: the client's address has all the sessions it may have.
    #[error("Too many sessions from this address.")]
    TooManySessionsForAddress,
    /// 503: the session can not take more messages now.
    #[error("Busy.")]
    Busy,
    /// 503: the server shuts down.
    #[error("Going away.")]
    GoingAway,
    /// 400: a plain request for a WebSocket. 426 would say more, but the protocol's suite has 400.
    #[error("Not a valid websocket request")]
    NotAWebSocketRequest,
}

impl RequestError {
    /// Returns the answer's status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::MissingCallback
            | Self::InvalidCallback
            | Self::PayloadExpected
            | Self::BrokenJson => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooManyMessages | Self::MessageTooBig | Self::BodyTooLarge => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::UnknownSession | Self::NotOffered | Self::NotFound => StatusCode::NOT_FOUND,
            Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::TooManySessions | Self::Busy | Self::GoingAway => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooManySessionsForAddress => StatusCode::TOO_MANY_REQUESTS,
            Self::NotAWebSocketRequest => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<BodyError> for RequestError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::PayloadExpected => Self::PayloadExpected,
            BodyError::Broken => Self::BrokenJson,
            BodyError::TooManyMessages => Self::TooManyMessages,
            BodyError::MessageTooBig => Self::MessageTooBig,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_of_a_body_has_a_status_over_http_and_a_code_on_a_websocket() {
        for (error, status, code) in [
            (BodyError::PayloadExpected, 500, 1007),
            (BodyError::Broken, 500, 1007),
            (BodyError::TooManyMessages, 413, 1008),
            (BodyError::MessageTooBig, 413, 1009),
        ] {
            assert_eq!(RequestError::from(error).status().as_u16(), status);
            assert_eq!(error.close_code().as_u16(), code);
            assert!(error.close_code().is_sendable());
        }
    }
}
