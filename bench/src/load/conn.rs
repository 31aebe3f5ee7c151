//! One connection of the generator: what it owes the server, and what the server owes it.

use std::io::{self, Read, Write};

use anyhow::{Context, ensure};
use mio::{Registry, Token, net::TcpStream as NonBlocking};

use super::{Checker, Meter, OpCode, Ring, Target, Wrong, client_frame, handshake, stream::Stream};

/// An open connection on a poll.
#[derive(Debug)]
pub struct Conn {
    stream: Stream<NonBlocking>,
    checker: Checker,
    /// Messages written whole.
    written: usize,
    /// Bytes of the message after those that are written already.
    offset: usize,
    /// Messages to write, the one begun among them.
    owed: usize,
    pongs_owed: usize,
    meter: Meter,
}

impl Conn {
    /// Connects, shakes hands and registers for reading and writing.
    ///
    /// # Errors
    /// When the server refuses, or answers the handshake wrongly.
    pub fn open(target: Target, registry: &Registry, token: Token) -> anyhow::Result<Self> {
        let (stream, meter) = handshake::open(target)?;
        Ok(Self {
            stream: stream.register(registry, token)?,
            checker: Checker::default(),
            written: 0,
            offset: 0,
            owed: 0,
            pongs_owed: 0,
            meter,
        })
    }

    /// Adds so many messages to what [`flush`](Self::flush) writes.
    pub fn owe(&mut self, messages: usize) {
        self.owed += messages;
    }

    /// Writes what is owed, as far as the socket takes it.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn flush(&mut self, ring: &Ring) -> anyhow::Result<()> {
        if self.stream.keeps_unsent() {
            taken(self.stream.flush().map(|()| 0))?;
        }
        while self.pongs_owed > 0 && self.offset == 0 {
            let pong = client_frame(OpCode::Pong, &[]);
            match taken(self.stream.write(&pong))? {
                None => return Ok(()),
                Some(length) => ensure!(length == pong.len(), "a pong was cut in two"),
            }
            self.meter.sent += pong.len() as u64;
            self.pongs_owed -= 1;
        }
        while self.owed > 0 {
            let window = ring.window(self.written, self.offset, self.owed);
            let Some(length) = taken(self.stream.write(window))? else {
                return Ok(());
            };
            self.meter.sent += length as u64;
            let (ended, offset) = ring.advance(self.written, self.offset, length);
            self.offset = offset;
            self.written += ended;
            self.owed -= ended;
        }
        Ok(())
    }

    /// Reads and compares all that has arrived, and returns how many messages ended. `buffer` is scratch, shared by all
    /// connections.
    ///
    /// # Errors
    /// When the connection is broken or closed, or the server sent something wrong.
    pub fn receive(&mut self, ring: &Ring, buffer: &mut [u8]) -> anyhow::Result<usize> {
        let mut messages = 0;
        loop {
            let Some(length) = taken(self.stream.read(buffer))? else {
                return Ok(messages);
            };
            self.meter.received += length as u64;
            let bytes = buffer.get(..length).unwrap_or_default();
            ensure!(!bytes.is_empty(), Wrong::Closed);
            let tally = self.checker.take(bytes, ring)?;
            messages += tally.messages;
            // An empty pong is a sign of life, though not the answer to any one ping.
            self.pongs_owed += tally.pings;
            // A short read has drained the socket; what comes later raises a new edge.
            if length < buffer.len() && self.stream.short_read_drains() {
                return Ok(messages);
            }
        }
    }

    /// Returns what went over the wire, the handshake included.
    pub const fn meter(&self) -> Meter {
        self.meter
    }
}

/// Tells "not now" from the bytes that were moved.
pub(super) fn taken(moved: io::Result<usize>) -> anyhow::Result<Option<usize>> {
    match moved {
        Ok(length) => Ok(Some(length)),
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(e) => Err(e).context("the connection broke"),
    }
}
