//! Why a server could not be reached, stage by stage.

use std::io;

use thiserror::Error;

use super::{happy_eyeballs::FailedAttempts, tls::TlsError};

/// Why a server could not be reached.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DialError {
    /// No TCP connection to the server came about.
    #[error("can't reach the server")]
    Unreachable(#[from] Unreachable),
    /// TLS with the server did not come about.
    #[error("no TLS connection to {host}")]
    Tls {
        /// The server's name or IP address.
        host: String,
        /// What went wrong.
        source: TlsError,
    },
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
