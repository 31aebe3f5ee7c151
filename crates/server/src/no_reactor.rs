//! Stands where the reactor does on systems that have no epoll: there is none, and each connection has a task.

use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tracing::Span;

use crate::driver::{Driver, Stream};

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

/// Accepts connections.
#[derive(Debug)]
pub(crate) struct Listening(tokio::net::TcpListener);

impl Listening {
    /// Takes a listener that does not block.
    ///
    /// # Errors
    /// The system's error if the runtime can't watch it.
    pub(crate) fn new(listener: TcpListener) -> io::Result<Self> {
        tokio::net::TcpListener::from_std(listener).map(Self)
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// The system's, of this connection or of all.
    ///
    /// Cancel safety: dropped before it is done, no connection is lost.
    pub(crate) async fn accept(&self) -> io::Result<(Fresh, SocketAddr)> {
        let (stream, peer) = self.0.accept().await?;
        // Not everywhere does it inherit this from its listener. If it can't be set, small messages wait for more.
        let _ = stream.set_nodelay(true);
        Ok((Fresh(stream), peer))
    }
}

/// A socket as it was accepted.
#[derive(Debug)]
pub(crate) struct Fresh(tokio::net::TcpStream);

impl Fresh {
    /// Gives the socket to the runtime, where it is.
    ///
    /// # Errors
    /// None.
    pub(crate) fn into_watched(self) -> io::Result<tokio::net::TcpStream> {
        Ok(self.0)
    }

    /// Gives the socket up, watched by nobody.
    ///
    /// # Errors
    /// The system's error if the runtime does not let it go.
    pub(crate) fn into_std(self) -> io::Result<TcpStream> {
        self.0.into_std()
    }
}

impl From<tokio::net::TcpStream> for Fresh {
    fn from(stream: tokio::net::TcpStream) -> Self {
        Self(stream)
    }
}

impl Stream for Fresh {}

impl AsyncRead for Fresh {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl AsyncWrite for Fresh {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
