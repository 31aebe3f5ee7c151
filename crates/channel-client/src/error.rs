//! What can go wrong, by blame: the way to the server, and what the server answers.

use sockeye_channel_proto::Error;
use sockeye_client::{Closed, ConnectError};
use thiserror::Error;

/// There is no connection.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LineError {
    /// The server could not be reached, or refused the handshake.
    #[error("can't connect")]
    Connect(#[from] ConnectError),
    /// It was reached, and refused the connect command.
    #[error("the server does not let this client in")]
    Refused(#[source] CallError),
}

/// A command came to nothing.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum CallError {
    /// The server refused it.
    #[error("{} (error {})", .0.message, .0.code)]
    Refused(Error),
    /// The connection ended before the reply. What was asked may have happened or not.
    #[error("the connection ended{}", words(.0.as_ref()))]
    Ended(Option<Closed>),
    /// The payload is no JSON, and the connection speaks JSON.
    #[error("the payload is no JSON")]
    NotJson,
    /// The reply holds nothing that answers the command.
    #[error("the server answered something else")]
    Mismatch,
}

impl CallError {
    /// Returns the protocol's code, if the server refused.
    pub const fn code(&self) -> Option<u32> {
        match self {
            Self::Refused(error) => Some(error.code),
            Self::Ended(_) | Self::NotJson | Self::Mismatch => None,
        }
    }
}

fn words(closed: Option<&Closed>) -> String {
    closed.map_or_else(String::new, |closed| format!(": {closed}"))
}
