//! Clients whose commands come in requests of their own, beside the response that they listen to (`/emulation`).

use bytes::Bytes;
use sockeye_channel_proto::{Codec, DecodeError, read_emulation};
use sockeye_types::{Message, Text};

/// Commands for a session that is carried by a streaming response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Emulation {
    /// The server that has the session, by its [`node`](crate::NodeStats::node).
    pub node: String,
    /// The secret by which the session is found.
    pub session: String,
    /// The commands, as they would come over a WebSocket.
    pub message: Message,
}

/// The body of a request to `/emulation` is none. The answer is status 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is none of /emulation")]
pub struct NotEmulation(#[from] DecodeError);

impl Emulation {
    /// Reads the body of a request: Protobuf if it is an `application/octet-stream`, else JSON.
    ///
    /// # Errors
    /// [`NotEmulation`] if it is neither.
    pub fn read(content_type: Option<&str>, body: &Bytes) -> Result<Self, NotEmulation> {
        let codec = if content_type == Some("application/octet-stream") {
            Codec::Protobuf
        } else {
            Codec::Json
        };
        let request = read_emulation(codec, body)?;
        let message = match codec {
            Codec::Protobuf => Message::from(request.data),
            _ => Message::from(Text::try_from(request.data).map_err(|_| DecodeError::Malformed)?),
        };
        Ok(Self {
            node: request.node,
            session: request.session,
            message,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_text_in_json_and_binary_in_protobuf() {
        let json = Bytes::from_static(br#"{"session":"s","node":"n","data":"{}"}"#);
        let read = Emulation::read(Some("application/json"), &json).unwrap();
        assert_eq!((read.node.as_str(), read.session.as_str()), ("n", "s"));
        assert_eq!(read.message.as_text(), Some("{}"));
        let protobuf = Bytes::from_static(b"\x0a\x01n\x12\x01s\x1a\x01\x00");
        let read = Emulation::read(Some("application/octet-stream"), &protobuf).unwrap();
        assert_eq!((read.node.as_str(), read.session.as_str()), ("n", "s"));
        assert_eq!(read.message, Message::from(Bytes::from_static(&[0])));
        assert!(Emulation::read(None, &Bytes::from_static(b"{")).is_err());
        assert!(Emulation::read(Some("application/octet-stream"), &json).is_err());
    }
}
