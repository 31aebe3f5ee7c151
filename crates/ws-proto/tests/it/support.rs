//! One end of a conversation with all it needs, and frames made by hand.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Buf, BytesMut};
use sockeye_types::{Close, CloseCode, ContextTakeover, Deflate, Limits, Message};
use sockeye_ws_proto::{
    Conn, Event, Lapse, MaskKeys, ProtocolError, Role, Scratch, Settings,
    deflate::Agreed,
    handshake::{ClientRequest, ServerOffer, accept},
};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const KEY: [u8; 4] = [0xa1, 0xb2, 0xc3, 0xd4];

/// Keys that differ from frame to frame.
#[derive(Debug)]
pub(crate) struct Keys(u32);

impl MaskKeys for Keys {
    fn next_key(&mut self) -> [u8; 4] {
        self.0 = self.0.wrapping_mul(747_796_405).wrapping_add(1);
        self.0.to_be_bytes()
    }
}

/// A conn with its driver's things: what arrived and was not decoded, the scratch, the time.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) conn: Conn,
    pub(crate) input: BytesMut,
    pub(crate) scratch: Scratch,
    pub(crate) now: Instant,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the fake clock has to begin somewhere"
)]
fn start() -> Instant {
    Instant::now()
}

impl Side {
    pub(crate) fn new(role: Role, settings: Settings, agreed: Option<Agreed>) -> Self {
        let now = start();
        Self {
            conn: Conn::new(role, Arc::new(settings), agreed, now),
            input: BytesMut::new(),
            scratch: Scratch::default(),
            now,
        }
    }

    pub(crate) fn server() -> Self {
        Self::new(Role::Server, Settings::default(), None)
    }

    pub(crate) fn client() -> Self {
        Self::new(client_role(), Settings::default(), None)
    }

    pub(crate) fn limited(limits: Limits) -> Self {
        Self::new(Role::Server, Settings::default().limits(limits), None)
    }

    /// Lets bytes arrive and tells all events; those before an error are dropped.
    pub(crate) fn hear(&mut self, bytes: &[u8]) -> Result<Vec<Event>, ProtocolError> {
        self.input.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some(event) = self
            .conn
            .decode(&mut self.input, &mut self.scratch, self.now)?
        {
            events.push(event);
        }
        Ok(events)
    }

    /// Takes what is to be sent.
    pub(crate) fn said(&mut self) -> Vec<u8> {
        let out = &mut self.scratch.out;
        out.copy_to_bytes(out.len()).into()
    }

    pub(crate) fn send(&mut self, message: impl Into<Message>) -> Vec<u8> {
        self.conn.send(&message.into(), &mut self.scratch).unwrap();
        self.said()
    }

    pub(crate) fn close(&mut self, close: &Close) -> Vec<u8> {
        self.conn.close(close, &mut self.scratch, self.now);
        self.said()
    }

    /// Moves the clock and does what is due.
    pub(crate) fn pass(&mut self, time: Duration) -> Result<(), Lapse> {
        self.now += time;
        self.conn.handle_timeout(self.now, &mut self.scratch)
    }
}

pub(crate) fn client_role() -> Role {
    Role::Client(Box::new(Keys(7)))
}

pub(crate) fn message(message: impl Into<Message>) -> Event {
    Event::Message(message.into())
}

/// A frame as a server sends it.
pub(crate) fn plain(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, None, payload)
}

/// A frame as a client sends it.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, Some(KEY), payload)
}

pub(crate) fn frame(first: u8, key: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let bit = if key.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(bit | u8::try_from(short).unwrap()),
        medium @ 126..65_536 => {
            bytes.push(bit | 126);
            bytes.extend(u16::try_from(medium).unwrap().to_be_bytes());
        }
        long => {
            bytes.push(bit | 127);
            bytes.extend(u64::try_from(long).unwrap().to_be_bytes());
        }
    }
    bytes.extend(
        key.unwrap_or_default()
            .iter()
            .take(if key.is_some() { 4 } else { 0 }),
    );
    let key = key.unwrap_or_default();
    bytes.extend(
        payload
            .iter()
            .zip(key.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
    bytes
}

/// The payload of a close frame.
pub(crate) fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

/// Reads the code of the one unmasked close frame that the bytes are.
pub(crate) fn close_code(bytes: &[u8]) -> CloseCode {
    assert_eq!(bytes[0], 0x88, "{bytes:x?}");
    assert_eq!(usize::from(bytes[1]), bytes.len() - 2, "{bytes:x?}");
    CloseCode::new(u16::from_be_bytes([bytes[2], bytes[3]]))
}

/// Asserts that a fresh server refuses the frames with this error and its close code, now and for ever.
pub(crate) fn assert_refused(mut server: Side, frames: &[u8], error: ProtocolError) {
    assert_eq!(server.hear(frames), Err(error));
    assert_eq!(close_code(&server.said()), error.close_code());
    assert_eq!(server.hear(&masked(0x81, b"more")), Err(error));
    assert!(server.said().is_empty());
    assert!(server.conn.is_over() && !server.conn.is_clean());
    assert_eq!(server.conn.poll_timeout(), None);
}

/// What two conns agreed on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wire {
    Plain,
    Deflated,
    DeflatedWithContext,
}

impl Side {
    /// A server and a client that agreed on the same.
    pub(crate) fn pair(wire: Wire) -> (Self, Self) {
        let context = match wire {
            Wire::Plain => return (Self::server(), Self::client()),
            Wire::Deflated => ContextTakeover::None,
            Wire::DeflatedWithContext => ContextTakeover::Kept,
        };
        let deflate = Deflate::default().contexts(context, context);
        let (server, client) = agree(&deflate, deflate);
        (
            Self::new(Role::Server, Settings::default(), Some(server)),
            Self::new(client_role(), Settings::default(), Some(client)),
        )
    }
}

/// Lets a server and a client agree by a handshake.
pub(crate) fn agree(server: &Deflate, client: Deflate) -> (Agreed, Agreed) {
    let uri = "ws://localhost/".parse().unwrap();
    let asked = ClientRequest::new(uri, [7; 16]).deflate(client);
    let (head, ()) = asked.to_request().unwrap().into_parts();
    let offer = ServerOffer {
        deflate: Some(server),
        ..ServerOffer::default()
    };
    let accepted = accept(&head, &offer).unwrap();
    let (answer, ()) = accepted.response.into_parts();
    let established = asked.verify(&answer).unwrap();
    (accepted.deflate.unwrap(), established.deflate.unwrap())
}

/// The payload of the one unmasked frame that the bytes are.
pub(crate) fn payload_of(bytes: &[u8]) -> &[u8] {
    match bytes[1] {
        126 => &bytes[4..],
        127 => &bytes[10..],
        _ => &bytes[2..],
    }
}
