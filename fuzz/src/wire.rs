//! Conns to fuzz, frames written by hand, and what comes of bytes that are fed to a conn.

use std::{sync::Arc, time::Instant};

use bytes::{Buf, BytesMut};
use sockeye_types::{Heartbeat, Limits};
use sockeye_ws_proto::{
    Conn, Ending, Event, MaskKeys, ProtocolError, Role, Scratch, Settings, deflate::Agreed,
};

/// The largest message of fuzzed conns, in bytes: small, so that the limit is reached.
pub(crate) const MESSAGE_BYTES: usize = 1 << 16;

/// Always the same key: what masks do is the business of one target alone.
#[derive(Debug)]
pub(crate) struct FixedKey(pub(crate) [u8; 4]);

impl MaskKeys for FixedKey {
    fn next_key(&mut self) -> [u8; 4] {
        self.0
    }
}

/// Settings that let as many control frames pass as a fuzzer likes to send.
pub(crate) fn settings() -> Arc<Settings> {
    let limits = Limits::default()
        .message_bytes(MESSAGE_BYTES)
        .frame_bytes(MESSAGE_BYTES)
        .control_frames_per_second(u32::MAX);
    Arc::new(
        Settings::default()
            .limits(limits)
            .heartbeat(Heartbeat::off()),
    )
}

/// Makes the server's end of a connection.
pub(crate) fn server(deflate: Option<Agreed>, now: Instant) -> Conn {
    Conn::new(Role::Server, settings(), deflate, now)
}

/// Makes the client's end, with one mask for all frames.
pub(crate) fn client(key: [u8; 4], deflate: Option<Agreed>, now: Instant) -> Conn {
    let role = Role::Client(Box::new(FixedKey(key)));
    Conn::new(role, settings(), deflate, now)
}

/// Writes a frame of at most 65,535 bytes as a client does; `first` holds FIN, the reserved bits and the opcode.
pub(crate) fn masked_frame(first: u8, key: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u8::try_from(payload.len()) {
        Ok(short @ 0..=125) => frame.push(0x80 | short),
        _ => {
            let [.., a, b] = payload.len().to_be_bytes();
            frame.extend([0x80 | 126, a, b]);
        }
    }
    frame.extend(key);
    frame.extend(masked(key, payload));
    frame
}

/// Masks or unmasks a payload, a byte at a time (RFC 6455 §5.3).
pub(crate) fn masked(key: [u8; 4], payload: &[u8]) -> impl Iterator<Item = u8> {
    payload
        .iter()
        .zip(key.into_iter().cycle())
        .map(|(byte, mask)| byte ^ mask)
}

/// What came of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) events: Vec<Event>,
    pub(crate) error: Option<ProtocolError>,
    pub(crate) replies: Vec<u8>,
    pub(crate) ending: Option<Ending>,
}

/// A conn together with its input and what was seen so far.
#[derive(Debug)]
pub(crate) struct Fed {
    pub(crate) conn: Conn,
    pub(crate) events: Vec<Event>,
    pub(crate) error: Option<ProtocolError>,
    scratch: Scratch,
    input: BytesMut,
    now: Instant,
}

impl Fed {
    pub(crate) fn new(conn: Conn, now: Instant) -> Self {
        Self {
            conn,
            events: Vec::new(),
            error: None,
            scratch: Scratch::default(),
            input: BytesMut::new(),
            now,
        }
    }

    /// Feeds bytes, and checks what holds for any: an error stays, and nothing is kept after the end.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        loop {
            let decoded = self
                .conn
                .decode(&mut self.input, &mut self.scratch, self.now);
            match decoded {
                Ok(Some(event)) => self.events.push(event),
                Ok(None) => break,
                Err(error) => {
                    assert!(self.error.is_none_or(|first| first == error));
                    self.error = Some(error);
                    break;
                }
            }
        }
        assert!(self.conn.wanted() <= MESSAGE_BYTES);
        assert!(!self.conn.is_over() || self.input.is_empty());
        assert_eq!(self.conn.is_open(), self.conn.ending().is_none());
    }

    pub(crate) fn finish(mut self) -> Seen {
        let out = &mut self.scratch.out;
        Seen {
            events: self.events,
            error: self.error,
            replies: out.copy_to_bytes(out.len()).into(),
            ending: self.conn.ending().cloned(),
        }
    }
}
