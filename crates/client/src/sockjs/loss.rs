//! How a session is lost that HTTP carries.

use std::error::Error;

use http::StatusCode;
use sockeye_sockjs_proto::{BodyError, FrameError};
use sockeye_types::CloseCode;

use crate::{Closed, ConnectError};

/// How a session is lost.
#[derive(Debug)]
pub(super) enum Loss {
    /// A request to receive did not come about.
    Unasked(ConnectError),
    /// It was answered with this status.
    Status(StatusCode),
    /// The response broke off.
    Broken(String),
    /// The response ended within a frame, or without any.
    Cut,
    /// Nothing came for too long.
    Silent,
    /// A frame took too long from its first byte to its last.
    Slow,
    /// What came is no frame, or too large.
    Frame(FrameError),
    /// The server opened the session anew: it has forgotten it, and what was in it.
    Forgotten,
}

impl Loss {
    pub(super) fn closed(&self) -> Closed {
        match self {
            Self::Unasked(error) => Closed::lost(words(error)),
            Self::Status(status) => Closed::lost(format!("the server answered with {status}")),
            Self::Broken(words) => Closed::lost(format!("the response broke off: {words}")),
            Self::Cut => Closed::lost("the response ended where no frame does"),
            Self::Silent => Closed::cut("the server is silent"),
            Self::Slow => Closed::ruled(CloseCode::POLICY_VIOLATION, "a frame came too slowly"),
            Self::Frame(error) => Closed::ruled(code_of(error), words(error)),
            Self::Forgotten => Closed::lost("the server has lost the session"),
        }
    }
}

/// The code that a WebSocket would be closed with. Only the receiver is told: SockJS has no close of the client's.
fn code_of(error: &FrameError) -> CloseCode {
    match error {
        FrameError::TooBig
        | FrameError::Messages(BodyError::TooManyMessages | BodyError::MessageTooBig) => {
            CloseCode::MESSAGE_TOO_BIG
        }
        _ => CloseCode::PROTOCOL_ERROR,
    }
}

/// All levels of an error, in one line.
pub(super) fn words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        words += &format!(": {error}");
        next = error.source();
    }
    words
}
