//! A listening socket that the runtime watches, while nobody watches what it accepts.
#![expect(
    unsafe_code,
    reason = "the runtime must be promised that a descriptor stays open while it watches it"
)]

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use rustix::net::{SocketFlags, acceptfrom_with};
use tokio::io::{Interest, unix::AsyncFd};

use super::fresh::Fresh;

/// Accepts connections.
#[derive(Debug)]
pub(crate) struct Listening(AsyncFd<TcpListener>);

impl Listening {
    /// Takes a listener that does not block.
    ///
    /// # Errors
    /// The system's error if the runtime, in which this is called, can't watch it.
    pub(crate) fn new(listener: TcpListener) -> io::Result<Self> {
        // SAFETY: a `TcpListener` is open until it is dropped and never becomes another; nobody takes it out of here.
        let listener = unsafe { AsyncFd::register_with_interest(listener, Interest::READABLE) };
        Ok(Self(listener?))
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// The system's, of this connection or of all.
    ///
    /// Cancel safety: dropped before it is done, no connection is lost.
    pub(crate) async fn accept(&self) -> io::Result<(Fresh, SocketAddr)> {
        self.0.async_io(Interest::READABLE, accept).await
    }
}

fn accept(listener: &TcpListener) -> io::Result<(Fresh, SocketAddr)> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let (socket, peer) = acceptfrom_with(listener, flags)?;
    let peer = peer.ok_or(io::ErrorKind::ConnectionAborted)?;
    Ok((Fresh::new(socket.into()), SocketAddr::try_from(peer)?))
}
