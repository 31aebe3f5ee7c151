//! Stands where the reactor does on systems that have no epoll: there is none, and each connection has a task.

use std::{io, net::TcpStream, time::Duration};

use tracing::Span;

use crate::driver::Driver;

/// Nobody has one.
#[derive(Clone)]
pub(crate) enum Entrance {}

impl Entrance {
    /// Is never called.
    pub(crate) fn enter(
        &self,
        _: TcpStream,
        _: impl FnOnce(tokio::net::TcpStream) -> (Driver<tokio::net::TcpStream>, Span),
    ) {
        match *self {}
    }
}

/// Starts nothing.
///
/// # Errors
/// Always: the system has no epoll.
pub(crate) fn start(_: Duration) -> io::Result<Entrance> {
    Err(io::ErrorKind::Unsupported.into())
}
