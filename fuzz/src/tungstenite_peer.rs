//! tungstenite at the server's end, fed with bytes that are all there is.

use std::io::{self, Read, Write};

use bytes::Bytes;
use tungstenite::{
    Error, Message,
    protocol::{Role, WebSocket, WebSocketConfig},
};

use crate::wire::MESSAGE_BYTES;

/// What tungstenite tells, in words that fit both.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Text(Bytes),
    Binary(Bytes),
    Ping(Bytes),
    Pong(Bytes),
    Close,
}

/// What stopped tungstenite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It waits for more bytes.
    Starved,
    /// It was told to close, and reads no further.
    Closed,
    /// It refused the bytes.
    Failed,
}

/// Lets tungstenite read until it stops.
pub(crate) fn read_all(bytes: &[u8]) -> (Vec<Told>, Stop) {
    let config = WebSocketConfig::default()
        .max_frame_size(Some(MESSAGE_BYTES))
        .max_message_size(Some(MESSAGE_BYTES));
    let mut socket = WebSocket::from_raw_socket(Wire(bytes), Role::Server, Some(config));
    let mut told = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => told.push(Told::Text(Bytes::from(text))),
            Ok(Message::Binary(bytes)) => told.push(Told::Binary(bytes)),
            Ok(Message::Ping(bytes)) => told.push(Told::Ping(bytes)),
            Ok(Message::Pong(bytes)) => told.push(Told::Pong(bytes)),
            Ok(Message::Close(_)) => {
                told.push(Told::Close);
                return (told, Stop::Closed);
            }
            Ok(Message::Frame(_)) => {}
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return (told, Stop::Starved);
            }
            Err(_) => return (told, Stop::Failed),
        }
    }
}

/// Gives the bytes and then nothing more, and takes whatever is written.
struct Wire<'a>(&'a [u8]);

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.0.read(buffer)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
