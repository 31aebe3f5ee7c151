//! Replies on their way: those of one frame leave together, where nothing must come between them.

use bytes::BytesMut;
use sockeye_channel_proto::{Codec, Disconnect, Reply};
use sockeye_types::Message;

use super::{Client, Refusal};

/// Replies that have not left.
#[derive(Debug)]
pub(super) struct Replies {
    codec: Codec,
    frame: BytesMut,
}

impl Replies {
    pub(super) fn new(codec: Codec) -> Self {
        Self {
            codec,
            frame: BytesMut::new(),
        }
    }

    /// Adds a reply. One that the codec can't carry ends the connection: it would get it again.
    pub(super) fn add(&mut self, reply: &Reply) -> Result<(), Refusal> {
        let encoded = self.codec.encode(reply, &mut self.frame);
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
