//! How a connection ended.

use std::fmt;

use sockeye_types::{Close, CloseCode, Text};

/// Who ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Initiator {
    /// The server sent a close.
    Peer,
    /// The caller closed the connection, or dropped it.
    Client,
    /// The engine did: the server broke a rule, or a time ran out.
    Engine,
    /// Nobody closed it: the connection was lost.
    Network,
}

impl Initiator {
    /// Returns the name that logs use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Client => "client",
            Self::Engine => "engine",
            Self::Network => "network",
        }
    }
}

/// How a connection ended: code, reason and who started it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closed {
    /// The code that the first close frame carried; [`CloseCode::ABNORMAL`] if there was none.
    pub code: CloseCode,
    /// The reason in that frame; without a frame, what became of the connection.
    pub reason: Text,
    /// Who started it.
    pub initiator: Initiator,
}

impl Closed {
    /// A close that somebody started.
    pub fn new(close: &Close, initiator: Initiator) -> Self {
        Self {
            code: close.code(),
            reason: close.reason().clone(),
            initiator,
        }
    }

    /// The connection was lost without a close frame (RFC 6455 §7.1.5).
    pub(crate) fn lost(reason: impl Into<Text>) -> Self {
        Self {
            code: CloseCode::ABNORMAL,
            reason: reason.into(),
            initiator: Initiator::Network,
        }
    }

    /// The engine cut the connection without a close frame.
    pub(crate) fn cut(reason: impl Into<Text>) -> Self {
        Self {
            initiator: Initiator::Engine,
            ..Self::lost(reason)
        }
    }

    /// The engine ended it because of a rule or a time, and told the server.
    pub(crate) fn ruled(code: CloseCode, reason: impl Into<Text>) -> Self {
        Self {
            code,
            ..Self::cut(reason)
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.code, self.initiator.as_str())?;
        if self.reason.is_empty() {
            Ok(())
        } else {
            write!(f, ": {}", self.reason)
        }
    }
}
