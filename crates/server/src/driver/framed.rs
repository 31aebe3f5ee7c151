//! SockJS frames in the text messages of a WebSocket.

use std::collections::VecDeque;

use bytes::BytesMut;
use sockeye_endpoint::{BinaryOverText, Outgoing};
use sockeye_sockjs_proto::{BodyLimits, Framing, read_frame_text};
use sockeye_types::{Close, CloseCode, Message, Text, Transport};

use crate::{
    drivers::Derived,
    sockjs::{IsBinary, frame, message},
};

/// What a session has beside its conn if its messages travel in SockJS frames.
#[derive(Debug)]
pub(crate) struct Framed {
    limits: BodyLimits,
    binary: BinaryOverText,
    /// What came in one frame and waits for the handler.
    unpacked: VecDeque<Message>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The `o` frame is owed.
    Fresh,
    Open,
    /// What came was no frame: the WebSocket is closed as such.
    Broken,
}

impl Framed {
    /// Makes it, if the transport is one with frames.
    pub(crate) fn of(transport: Transport, derived: &Derived) -> Option<Box<Self>> {
        if transport != Transport::SockJsWebSocket {
            return None;
        }
        let service = derived.sockjs.as_ref()?;
        Some(Box::new(Self {
            limits: service.body_limits(),
            binary: service.binary(),
            unpacked: VecDeque::new(),
            stage: Stage::Fresh,
        }))
    }

    /// Takes the messages out of a frame.
    ///
    /// # Errors
    /// What to close with if it is none.
    pub(super) fn unpack(&mut self, framed: &Message) -> Result<(), Close> {
        let texts = match framed.as_text() {
            Some(text) => read_frame_text(text, self.limits)
                .map_err(|error| close(error.close_code(), &error.to_string())),
            None => Err(close(CloseCode::UNSUPPORTED_DATA, "SockJS frames are text")),
        };
        let texts = texts.inspect_err(|_| self.stage = Stage::Broken)?;
        let binary = self.binary;
        self.unpacked
            .extend(texts.into_iter().map(|text| message(text, binary)));
        Ok(())
    }

    /// Returns the frame that closes the session. Who sends what is no frame gets none, as with the reference server.
    pub(super) fn close(&self, close: &Close) -> Option<Message> {
        let is_told = self.stage != Stage::Broken;
        is_told.then(|| written(|framing, out| framing.close(close, out)))
    }

    /// Returns the next message that was unpacked.
    pub(super) fn next(&mut self) -> Option<Message> {
        let message = self.unpacked.pop_front();
        if self.unpacked.is_empty() {
            self.unpacked = VecDeque::new();
        }
        message
    }

    pub(super) fn has_next(&self) -> bool {
        !self.unpacked.is_empty()
    }

    /// Returns the frame that opens the session, once.
    pub(super) fn open(&mut self) -> Option<Message> {
        (self.stage == Stage::Fresh).then(|| {
            self.stage = Stage::Open;
            written(|framing, out| framing.open(out))
        })
    }

    /// Puts messages into one frame.
    pub(super) fn pack(
        &self,
        messages: &mut dyn Iterator<Item = Outgoing>,
    ) -> (Option<Message>, Result<(), IsBinary>) {
        let mut out = BytesMut::new();
        let result = frame(&Framing::websocket(), messages, self.binary, &mut out);
        ((!out.is_empty()).then(|| text(out)), result)
    }
}

fn written(write: impl FnOnce(&Framing, &mut BytesMut)) -> Message {
    let mut out = BytesMut::new();
    write(&Framing::websocket(), &mut out);
    text(out)
}

/// Frames are made of text and ASCII.
fn text(frame: BytesMut) -> Message {
    match Text::try_from(frame.freeze()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::text(""),
    }
}

/// What to close with where a message can not be carried.
pub(super) fn binary_close() -> Close {
    close(
        CloseCode::UNSUPPORTED_DATA,
        "this transport carries text only",
    )
}

fn close(code: CloseCode, reason: &str) -> Close {
    Close::new(code, reason).unwrap_or_else(|_| Close::internal_error())
}
