//! What a client posts where its stream is a response: commands, and whose they are.

use bytes::Bytes;

use crate::{Codec, DecodeError, EmulationRequest};

/// Reads the body of a request to `/emulation`. The commands in its `data` are a frame for [`Codec::decode`].
///
/// # Errors
/// [`DecodeError`] if the body is none: in JSON, also if `data` is no string. The answer is status 400.
pub fn read_emulation(codec: Codec, body: &Bytes) -> Result<EmulationRequest, DecodeError> {
    codec.decode_one(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Request, SendRequest};

    #[test]
    fn commands_stand_in_a_string_in_json() {
        let body = Bytes::from_static(
            br#"{"session":"s","node":"n","data":"{}\n{\"send\":{\"data\":1}}"}"#,
        );
        let request = read_emulation(Codec::Json, &body).unwrap();
        assert_eq!(
            (request.session.as_str(), request.node.as_str()),
            ("s", "n")
        );
        let commands: Result<Vec<Command>, _> = Codec::Json.decode(&request.data).collect();
        let data = Bytes::from_static(b"1");
        let send = Command::new(0, Request::Send(SendRequest { data }));
        assert_eq!(commands.unwrap(), [Command::default(), send]);
    }

    #[test]
    fn commands_that_stand_there_as_json_are_refused() {
        let body = Bytes::from_static(br#"{"session":"s","node":"n","data":{"id":1}}"#);
        assert_eq!(
            read_emulation(Codec::Json, &body),
            Err(DecodeError::Malformed)
        );
    }

    #[test]
    fn a_body_of_protobuf_has_no_length_before_it() {
        let body = Bytes::from_static(b"\x0a\x01n\x12\x01s\x1a\x01\x00");
        let request = read_emulation(Codec::Protobuf, &body).unwrap();
        let mut commands = Codec::Protobuf.decode::<Command>(&request.data);
        assert_eq!(commands.next(), Some(Ok(Command::default())));
        assert_eq!(commands.next(), None);
    }
}
