//! Replies on their way: those of one frame leave together, where nothing must come between them.

use bytes::BytesMut;
use sockeye_channel_proto::{Codec, Disconnect, Push, Reply};
use sockeye_types::Message;
use tracing::Span;

use super::{Client, Refusal};
use crate::hub::Shape;

/// Replies that have not left.
#[derive(Debug)]
pub(super) struct Replies {
    codec: Codec,
    shape: Shape,
    frame: BytesMut,
    /// The code that the last command was refused with, or the connection ended with.
    refused: Option<u32>,
}

impl Replies {
    pub(super) fn new(client: &Client) -> Self {
        Self {
            codec: client.codec,
            shape: client.shape,
            frame: BytesMut::new(),
            refused: None,
        }
    }

    /// Adds a reply. One that the codec can't carry ends the connection: it would get it again.
    pub(super) fn add(&mut self, reply: &Reply) -> Result<(), Refusal> {
        let encoded = self.codec.encode(reply, &mut self.frame);
        encoded.map_err(|_| Disconnect::InappropriateProtocol.into())
    }

    /// Adds a push, as [`add`](Self::add) does.
    pub(super) fn push(&mut self, push: Push) -> Result<(), Refusal> {
        let encoded = self.shape.encode(push, self.codec, &mut self.frame);
        encoded.map_err(|_| Disconnect::InappropriateProtocol.into())
    }

    /// Takes all of them as one message.
    pub(super) fn take(&mut self) -> Option<Message> {
        let frame = std::mem::take(&mut self.frame);
        (!frame.is_empty()).then(|| self.codec.message(frame))
    }

    pub(super) const fn note_refused(&mut self, code: u32) {
        self.refused = Some(code);
    }

    /// Tells a command's span what became of it.
    pub(super) fn record(&mut self, span: &Span) {
        let refused = self.refused.take();
        let outcome = if refused.is_some() { "refused" } else { "done" };
        span.record("outcome", outcome).record("code", refused);
    }

    pub(super) fn flush(&mut self, client: &Client) {
        if let Some(message) = self.take() {
            client.push(message);
        }
    }
}
