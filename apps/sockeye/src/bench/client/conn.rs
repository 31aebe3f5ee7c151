//! One connection: from connecting to hearing what is said.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

use rustix::net::sockopt;

use super::{
    frame::{self, Heard},
    handshake::Handshake,
};

/// A connection, on its way or open.
#[derive(Debug)]
pub(super) struct Conn {
    pub(super) stream: TcpStream,
    pub(super) stage: Stage,
    /// The number of the broadcast it heard last, 0 before the first.
    pub(super) last: u32,
    /// Who spoke first in its room, where that is known.
    pub(super) room: Option<u32>,
    /// What has arrived of a frame, or of the answer to the handshake, that is not there whole.
    rest: Vec<u8>,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Until the socket is writable.
    Connecting,
    /// The handshake is sent.
    Asked,
    /// The handshake is done, and a ping is sent: its session may not have begun yet on the other side.
    Accepted,
    /// The ping was answered, so the session has begun, and is in its room.
    Open,
}

impl Conn {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            stage: Stage::Connecting,
            last: 0,
            room: None,
            rest: Vec::new(),
        }
    }

    /// Sends the handshake, the socket being writable.
    pub(super) fn ask(&mut self, handshake: &Handshake) -> Result<(), String> {
        let connected = sockopt::socket_error(&self.stream).and_then(|it| it);
        connected.map_err(|error| format!("a connection is refused: {error}"))?;
        self.send(&handshake.request)?;
        self.stage = Stage::Asked;
        Ok(())
    }

    /// Reads an answer to the handshake, and sends a ping once it is there whole.
    pub(super) fn shake(&mut self, handshake: &Handshake, buffer: &mut [u8]) -> Result<(), String> {
        let new = self.read(buffer)?;
        self.rest.extend_from_slice(new);
        let verified = handshake.verify(&self.rest);
        let verified = verified.map_err(|why| format!("a handshake is refused: {why}"))?;
        if let Some(rest) = verified {
            self.rest = rest.to_vec();
            self.send(&frame::ping())?;
            self.stage = Stage::Accepted;
        }
        Ok(())
    }

    /// Reads frames, answers pings, and tells of each message. Returns how many pings there were.
    pub(super) fn hear(
        &mut self,
        buffer: &mut [u8],
        mut tell: impl FnMut(&mut Hearer<'_>, &[u8]) -> Result<(), String>,
    ) -> Result<u64, String> {
        let new = self.read(buffer)?;
        let joined;
        let mut bytes = if self.rest.is_empty() {
            new
        } else {
            let mut all = std::mem::take(&mut self.rest);
            all.extend_from_slice(new);
            joined = all;
            &joined
        };
        let mut pings = 0;
        while let Some((heard, rest)) = frame::first(bytes).map_err(|it| it.to_string())? {
            bytes = rest;
            match heard {
                Heard::Message(message) => {
                    let mut hearer = Hearer {
                        last: &mut self.last,
                        room: &mut self.room,
                    };
                    tell(&mut hearer, message)?;
                }
                Heard::Pong => self.stage = Stage::Open,
                Heard::Ping(payload) => {
                    pings += 1;
                    self.send(&frame::pong(payload))?;
                }
            }
        }
        self.rest = bytes.to_vec();
        Ok(pings)
    }

    /// Sends a message.
    pub(super) fn speak(&mut self, message: &[u8]) -> Result<(), String> {
        self.send(&frame::message(message))
    }

    /// What is sent is small and its answer waited for, so that the socket always has room for all of it.
    fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        match self.stream.write(bytes) {
            Ok(length) if length == bytes.len() => Ok(()),
            Ok(_) => Err("a connection does not take what is sent".to_owned()),
            Err(error) => Err(format!("a connection broke: {error}")),
        }
    }

    fn read<'a>(&mut self, buffer: &'a mut [u8]) -> Result<&'a [u8], String> {
        match self.stream.read(buffer) {
            Ok(0) => Err("the server ended a connection".to_owned()),
            Ok(length) => Ok(buffer.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(&[]),
            Err(error) => Err(format!("a connection broke: {error}")),
        }
    }
}

/// What a connection remembers of what it heard.
#[derive(Debug)]
pub(super) struct Hearer<'a> {
    pub(super) last: &'a mut u32,
    pub(super) room: &'a mut Option<u32>,
}
