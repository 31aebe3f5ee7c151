//! The two ways in which messages stand on the wire, and how several of them share a frame.

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};
use sockeye_types::{Message, Text};
use thiserror::Error;

use crate::{
    Command, ConnectRequest, DecodeError, Decoded, EmulationRequest, Push, Reply,
    prepared::put_length, subs,
};

/// How messages stand on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// A JSON object each, with line feeds between them; in text.
    #[default]
    Json,
    /// A length as varint before each; in binary.
    Protobuf,
}

/// A payload that is no JSON can't be sent as JSON. Ends the connection that reads JSON with
/// [`Disconnect::InappropriateProtocol`](crate::Disconnect::InappropriateProtocol).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a payload is no JSON")]
pub struct NotJson;

/// What the codecs carry: commands and replies; where a transport goes one way, a [`ConnectRequest`] and pushes.
pub trait Wire: prost::Message + Serialize + DeserializeOwned + Default {
    /// Returns the message in Protobuf, where SDKs fail to read what `prost` makes of it.
    fn own_protobuf(&self) -> Option<BytesMut> {
        None
    }
}

impl Wire for Command {}
impl Wire for ConnectRequest {}
impl Wire for EmulationRequest {}

impl Wire for Push {
    fn own_protobuf(&self) -> Option<BytesMut> {
        subs::push(self)
    }
}

impl Wire for Reply {
    fn own_protobuf(&self) -> Option<BytesMut> {
        subs::reply(self)
    }
}

impl Codec {
    /// Reads the messages of a frame, one after the other, as they are asked for. After the first error comes nothing.
    ///
    /// In JSON, one line feed may stand at the end. Unknown fields are ignored, `null` is no value, a field that comes
    /// twice is an error. Messages nest 100 deep at most. Payloads are copied out of the frame, so that one that is
    /// kept does not keep its frame.
    pub fn decode<T: Wire>(self, frame: &Bytes) -> Decoded<T> {
        Decoded::new(self, frame.clone())
    }

    /// Reads one message that has no frame around it: a body. In JSON it may have line feeds between its tokens.
    ///
    /// # Errors
    /// [`DecodeError`] if it is none.
    pub fn decode_one<T: Wire>(self, message: &[u8]) -> Result<T, DecodeError> {
        match self {
            // Serde would take an array for an object.
            Self::Json if message.trim_ascii_start().first() != Some(&b'{') => {
                Err(DecodeError::Malformed)
            }
            Self::Json => serde_json::from_slice(message).map_err(|_| DecodeError::Malformed),
            Self::Protobuf => T::decode(message).map_err(|_| DecodeError::Malformed),
        }
    }

    /// Appends a message to a frame. The default of a message is a ping, or its answer.
    ///
    /// # Errors
    /// [`NotJson`] if a payload is not what the codec can carry; the frame is as it was.
    pub fn encode<T: Wire>(self, message: &T, frame: &mut BytesMut) -> Result<(), NotJson> {
        match self {
            Self::Json => {
                let before = frame.len();
                separate(frame);
                write_json(message, frame).inspect_err(|_| frame.truncate(before))
            }
            Self::Protobuf => match message.own_protobuf() {
                Some(message) => {
                    put_length(message.len(), frame);
                    frame.put_slice(&message);
                    Ok(())
                }
                None => message.encode_length_delimited(frame).map_err(|_| NotJson),
            },
        }
    }

    /// Makes a message for the transport of a frame: text for JSON, binary for Protobuf.
    pub fn message(self, frame: BytesMut) -> Message {
        match self {
            Self::Json => {
                Text::try_from(frame.freeze()).map_or_else(|_| Message::from(""), Message::from)
            }
            Self::Protobuf => Message::from(frame.freeze()),
        }
    }
}

/// Ends the line before, if there is one.
pub(crate) fn separate(frame: &mut BytesMut) {
    if !frame.is_empty() {
        frame.put_u8(b'\n');
    }
}

/// Appends a value as JSON. What is written before an error stays.
pub(crate) fn write_json<T: Serialize + ?Sized>(
    value: &T,
    frame: &mut BytesMut,
) -> Result<(), NotJson> {
    serde_json::to_writer(frame.writer(), value).map_err(|_| NotJson)
}

#[cfg(test)]
mod tests;
