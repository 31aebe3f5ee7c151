//! Replies on their way: those of one frame leave together, where nothing must come between them.

use bytes::BytesMut;
use sockeye_channel_proto::{Codec, Disconnect, Push, Reply};
use sockeye_types::Message;

use super::{Client, Refusal};
use crate::hub::Shape;

/// Replies that have not left.
#[derive(Debug)]
pub(super) struct Replies {
    codec: Codec,
    shape: Shape,
    frame: BytesMut,
}

impl Replies {
    pub(super) fn new(client: &Client) -> Self {
        Self {
            codec: client.codec,
            shape: client.shape,
            frame: BytesMut::new(),
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

    pub(super) fn flush(&mut self, client: &Client) {
        if let Some(message) = self.take() {
            client.push(message);
        }
    }
}
