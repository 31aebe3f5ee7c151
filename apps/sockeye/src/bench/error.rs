//! Why a measurement ends without a report.

use std::{io, process::ExitStatus};

use miette::Diagnostic;
use thiserror::Error;

/// Why there is no report.
#[derive(Debug, Error, Diagnostic)]
pub(super) enum BenchError {
    /// The system's limits do not let so many connections be.
    #[error("this system's limits are too low:\n{}", .0.join("\n"))]
    #[diagnostic(help("docs/CONNECTIONS.md says more"))]
    Limits(Vec<String>),
    /// A process can't be started, or not be talked to.
    #[error("{what}: {error}")]
    Process {
        what: &'static str,
        error: io::Error,
    },
    /// A file below `/proc` does not say what it should.
    #[error("{0} can't be read")]
    Proc(String),
    /// A server ended.
    #[error("a server process ended with {0}")]
    ServerEnded(ExitStatus),
    /// A process that holds connections says why it can't go on.
    #[error("{0}")]
    Connection(String),
    /// A process that holds connections ended without a word.
    #[error("a client process ended")]
    ClientEnded,
    /// A broadcast did not reach all.
    #[error("broadcast {broadcast} was lost: {heard} of {connections} connections heard it")]
    Lost {
        broadcast: u32,
        heard: usize,
        connections: usize,
    },
    /// Some server processes have no connection.
    #[error(
        "only {found} of {servers} server processes have one of the first {connections} connections"
    )]
    #[diagnostic(help("open more connections, or start fewer servers"))]
    EmptyServers {
        found: usize,
        servers: usize,
        connections: usize,
    },
    /// Nothing happened for too long.
    #[error("nothing happened for {0:?} while {1}")]
    Patience(std::time::Duration, &'static str),
    /// A URL names no address.
    #[error("{0}")]
    Url(String),
}
