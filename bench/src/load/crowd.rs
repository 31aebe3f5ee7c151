//! A crowd: many connections that do nothing, so that the server's memory for them can be read.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context, ensure};
use rustix::net::sockopt::set_socket_linger;

use super::{Checker, Kind, OpCode, Ring, Target, client_frame, handshake, stream::Stream};

/// Connections, opened and used one by one.
#[derive(Debug)]
pub struct Crowd(Vec<Stream<TcpStream>>);

impl Crowd {
    /// Opens so many connections.
    ///
    /// # Errors
    /// When the server refuses one.
    pub fn open(target: Target, connections: usize) -> anyhow::Result<Self> {
        let open = || handshake::open(target).map(|(stream, _)| stream);
        (0..connections)
            .map(|n| open().with_context(|| format!("connection {n}")))
            .collect::<anyhow::Result<_>>()
            .map(Self)
    }

    /// Has one message of `size` bytes echoed on each.
    ///
    /// # Errors
    /// When one comes back wrong.
    pub fn echo_each(&mut self, (kind, size): (Kind, usize)) -> anyhow::Result<()> {
        let ring = Ring::new(kind, size, 1);
        let mut buffer = vec![0; size + 16];
        for stream in &mut self.0 {
            stream.write_all(ring.window(0, 0, 1))?;
            let mut checker = Checker::default();
            let mut messages = 0;
            while messages == 0 {
                let length = stream.read(&mut buffer)?;
                ensure!(length > 0, "the server closed the connection");
                let bytes = buffer.get(..length).unwrap_or_default();
                messages = checker.take(bytes, &ring)?.messages;
            }
        }
        Ok(())
    }

    /// Closes all, each with its closing handshake.
    ///
    /// # Errors
    /// When the server does not close its side.
    pub fn close(self) -> anyhow::Result<()> {
        let close = client_frame(OpCode::Close, &1000_u16.to_be_bytes());
        for mut stream in self.0 {
            stream.write_all(&close)?;
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest)?;
            set_socket_linger(stream.socket(), Some(Duration::ZERO))?;
        }
        Ok(())
    }
}
