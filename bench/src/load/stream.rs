//! A socket of the generator, bare or with TLS on it.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

use mio::{Interest, Registry, Token, net::TcpStream as NonBlocking};
use rustls::{ClientConnection, StreamOwned, pki_types::ServerName};

use super::carrier::Security;
use crate::tls;

/// A socket, blocking or not.
#[derive(Debug)]
pub(super) enum Stream<S: Read + Write> {
    Plain(S),
    Tls(Box<StreamOwned<ClientConnection, S>>),
}

impl Stream<TcpStream> {
    /// Puts TLS on a connected socket, if there is to be any; its handshake happens when something is written.
    pub(super) fn over(socket: TcpStream, security: Security) -> anyhow::Result<Self> {
        Ok(match security {
            Security::Plain => Self::Plain(socket),
            Security::Tls => {
                let name = ServerName::try_from(tls::NAME)?;
                let conn = ClientConnection::new(tls::client()?, name)?;
                Self::Tls(Box::new(StreamOwned::new(conn, socket)))
            }
        })
    }

    pub(super) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// Puts it on a poll; it blocks no more.
    pub(super) fn register(
        self,
        registry: &Registry,
        token: Token,
    ) -> anyhow::Result<Stream<NonBlocking>> {
        Ok(match self {
            Self::Plain(socket) => Stream::Plain(register(socket, registry, token)?),
            Self::Tls(stream) => {
                let StreamOwned { conn, sock } = *stream;
                let sock = register(sock, registry, token)?;
                Stream::Tls(Box::new(StreamOwned::new(conn, sock)))
            }
        })
    }
}

/// Puts an open blocking socket on a poll.
pub(super) fn register(
    socket: TcpStream,
    registry: &Registry,
    token: Token,
) -> anyhow::Result<NonBlocking> {
    socket.set_nonblocking(true)?;
    let mut socket = NonBlocking::from_std(socket);
    registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
    Ok(socket)
}

impl<S: Read + Write> Stream<S> {
    /// Says whether bytes that were written may wait inside until it is flushed.
    pub(super) fn keeps_unsent(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Says whether a read that fills less than it could has drained the socket. With TLS each read ends with a record.
    pub(super) fn short_read_drains(&self) -> bool {
        matches!(self, Self::Plain(_))
    }
}

impl<S: Read + Write> Read for Stream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl<S: Read + Write> Write for Stream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            // What is encrypted waits for the socket inside, up to a limit; past that nothing is taken.
            Self::Tls(stream) => match stream.write(bytes)? {
                0 if !bytes.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
                taken => Ok(taken),
            },
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
