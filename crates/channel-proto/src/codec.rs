//! The two ways in which messages stand on the wire, and how several of them share a frame.

use bytes::{Buf, Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};
use sockeye_types::{Message, Text};
use thiserror::Error;

use crate::{Command, Push, Reply};

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

/// A frame holds something that is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The frame, or a line of it, is empty.
    #[error("a message is empty")]
    Empty,
    /// Not a message in this codec.
    #[error("not a message of the protocol")]
    Malformed,
    /// A message is longer than what is left of the frame.
    #[error("a message is cut off")]
    CutOff,
}

/// A payload that is no JSON can't be sent as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a payload is no JSON")]
pub struct NotJson;

/// What the codecs carry.
pub trait Wire: prost::Message + Serialize + DeserializeOwned + Default {}

impl Wire for Command {}
impl Wire for Reply {}
impl Wire for Push {}

impl Codec {
    /// Reads the messages of a frame, one after the other. After the first error comes nothing.
    pub fn decode<T: Wire>(self, frame: &Bytes) -> Decoded<T> {
        let mut rest = frame.clone();
        if self == Self::Json && rest.last() == Some(&b'\n') {
            rest.truncate(rest.len() - 1);
        }
        Decoded {
            codec: self,
            rest: Some(rest),
            messages: std::marker::PhantomData,
        }
    }

    /// Appends a message to a frame.
    ///
    /// # Errors
    /// [`NotJson`] if a payload is not what the codec can carry; the frame is as it was.
    pub fn encode<T: Wire>(self, message: &T, frame: &mut BytesMut) -> Result<(), NotJson> {
        match self {
            Self::Json => {
                let json = serde_json::to_vec(message).map_err(|_| NotJson)?;
                if !frame.is_empty() {
                    frame.extend_from_slice(b"\n");
                }
                frame.extend(json.into_iter().filter(|byte| *byte != b'\n'));
                Ok(())
            }
            Self::Protobuf => message.encode_length_delimited(frame).map_err(|_| NotJson),
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

/// The messages of a frame: see [`Codec::decode`].
#[derive(Debug)]
pub struct Decoded<T> {
    codec: Codec,
    rest: Option<Bytes>,
    messages: std::marker::PhantomData<T>,
}

impl<T: Wire> Iterator for Decoded<T> {
    type Item = Result<T, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let decoded = match self.codec {
            Codec::Json => self.line(rest),
            Codec::Protobuf => self.delimited(rest),
        };
        Some(decoded)
    }
}

impl<T: Wire> Decoded<T> {
    fn line(&mut self, mut rest: Bytes) -> Result<T, DecodeError> {
        let line = match rest.iter().position(|byte| *byte == b'\n') {
            Some(at) => {
                let line = rest.split_to(at);
                rest.advance(1);
                self.rest = Some(rest);
                line
            }
            None => rest,
        };
        if line.is_empty() {
            self.rest = None;
            return Err(DecodeError::Empty);
        }
        serde_json::from_slice(&line).map_err(|_| {
            self.rest = None;
            DecodeError::Malformed
        })
    }

    fn delimited(&mut self, mut rest: Bytes) -> Result<T, DecodeError> {
        if rest.is_empty() {
            return Err(DecodeError::Empty);
        }
        let length =
            prost::decode_length_delimiter(&mut rest).map_err(|_| DecodeError::Malformed)?;
        if length > rest.len() {
            return Err(DecodeError::CutOff);
        }
        let message = rest.split_to(length);
        if !rest.is_empty() {
            self.rest = Some(rest);
        }
        T::decode(message).map_err(|_| {
            self.rest = None;
            DecodeError::Malformed
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Empty, PublishRequest};

    fn publish(data: &'static [u8]) -> Command {
        Command {
            id: 7,
            publish: Some(PublishRequest {
                channel: "news".to_owned(),
                data: Bytes::from_static(data),
                ..PublishRequest::default()
            }),
            ..Command::default()
        }
    }

    #[test]
    fn what_is_encoded_is_decoded_in_both_codecs_several_a_frame() {
        for codec in [Codec::Json, Codec::Protobuf] {
            let mut frame = BytesMut::new();
            for _ in 0..3 {
                codec
                    .encode(&publish(br#"{"a": 1.50}"#), &mut frame)
                    .unwrap();
            }
            let decoded: Result<Vec<Command>, _> = codec.decode(&frame.freeze()).collect();
            assert_eq!(decoded.unwrap(), [0; 3].map(|_| publish(br#"{"a": 1.50}"#)));
        }
    }

    #[test]
    fn json_is_what_clients_read() {
        let mut frame = BytesMut::new();
        let reply = Reply {
            id: 7,
            publish: Some(Empty {}),
            ..Reply::default()
        };
        Codec::Json.encode(&reply, &mut frame).unwrap();
        assert_eq!(&frame[..], br#"{"id":7,"publish":{}}"#);
        assert_eq!(
            Codec::Json.encode(&publish(b"boom"), &mut frame),
            Err(NotJson)
        );
    }
}
