//! The client's side: what a frame says, what a send is, and the URL of a session.

use bytes::{BufMut, BytesMut};
use sockeye_types::{CloseCode, Text};
use thiserror::Error;

use crate::{BodyError, BodyLimits, CloseFrame, Escape, escape_into, json::Reader};

/// A frame from a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "SockJS 0.3 has these, and a client must know each"
)]
pub enum ServerFrame {
    /// `o`: the session is open.
    Open,
    /// `h`: the server is there.
    Heartbeat,
    /// `a[…]`, or `m"…"` from servers of old: messages.
    Messages(Vec<Text>),
    /// `c[…]`: the session is closed.
    Close(CloseFrame),
}

/// The server broke a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The frame is of no kind that SockJS has, or goes on where it should end.
    #[error("the server sent a frame of no known kind")]
    Unknown,
    /// The messages can not be read, or are too many or too big.
    #[error("the server sent messages that can not be taken")]
    Messages(#[source] BodyError),
    /// A close frame is not `[code,"reason"]`.
    #[error("the server sent a broken close frame")]
    Close,
    /// A frame is larger than the limit.
    #[error("the server sent a frame that is too big")]
    TooBig,
}

impl ServerFrame {
    /// Reads one frame, without what the transport puts around it.
    ///
    /// # Errors
    /// [`FrameError`], if it breaks a rule or one of the limits.
    pub fn parse(frame: &[u8], limits: BodyLimits) -> Result<Self, FrameError> {
        match frame {
            b"o" => Ok(Self::Open),
            b"h" => Ok(Self::Heartbeat),
            [b'a', json @ ..] => crate::read_strings(json, limits)
                .map(Self::Messages)
                .map_err(FrameError::Messages),
            [b'm', json @ ..] => message(json, limits)
                .map(|message| Self::Messages(vec![message]))
                .map_err(FrameError::Messages),
            [b'c', json @ ..] => close(json, limits)
                .map(Self::Close)
                .map_err(|_| FrameError::Close),
            _ => Err(FrameError::Unknown),
        }
    }
}

fn message(json: &[u8], limits: BodyLimits) -> Result<Text, BodyError> {
    let mut reader = Reader::new(json)?;
    reader.skip_space();
    let message = reader.string(limits.message_bytes)?;
    reader.end()?;
    Ok(message)
}

fn close(json: &[u8], limits: BodyLimits) -> Result<CloseFrame, BodyError> {
    let mut reader = Reader::new(json)?;
    reader.skip_space();
    reader.required(b'[')?;
    reader.skip_space();
    let code = CloseCode::new(reader.number()?);
    reader.skip_space();
    reader.required(b',')?;
    reader.skip_space();
    let reason = reader.string(limits.message_bytes)?;
    reader.skip_space();
    reader.required(b']')?;
    reader.end()?;
    Ok(CloseFrame { code, reason })
}

/// Appends the body of a send: a JSON array of the messages.
pub fn send_body<'a>(messages: impl IntoIterator<Item = &'a str>, out: &mut BytesMut) {
    out.put_u8(b'[');
    let mut separator: &[u8] = b"";
    for message in messages {
        out.put_slice(separator);
        separator = b",";
        escape_into(Escape::Json, message, out);
    }
    out.put_u8(b']');
}

/// How many random bytes [`session_path`] needs.
pub const SESSION_RANDOM_BYTES: usize = 22;

/// Makes the path of a new session, to follow the service's URL: `/{server}/{session}`. The bytes must be from a strong
/// source: who guesses a session's id has the session. It has 100 bits.
pub fn session_path(random: [u8; SESSION_RANDOM_BYTES]) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz012345";
    let [high, low, id @ ..] = random;
    let server = u16::from_be_bytes([high, low]) % 1000;
    let letter = |byte: u8| LETTERS.get(usize::from(byte % 32)).copied();
    let id = id.into_iter().filter_map(letter).map(char::from);
    format!("/{server:03}/{}", id.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: BodyLimits = BodyLimits {
        messages: 2,
        message_bytes: 8,
    };

    #[test]
    fn each_kind_of_frame_is_read() {
        let close = |code, reason: &str| {
            ServerFrame::Close(CloseFrame {
                code: CloseCode::new(code),
                reason: reason.into(),
            })
        };
        for (frame, expected) in [
            ("o", ServerFrame::Open),
            ("h", ServerFrame::Heartbeat),
            (
                "a[\"x\",\"\\n\"]",
                ServerFrame::Messages(vec!["x".into(), "\n".into()]),
            ),
            ("a[]", ServerFrame::Messages(vec![])),
            ("m\"x\"", ServerFrame::Messages(vec!["x".into()])),
            ("c[3000,\"Go away!\"]", close(3000, "Go away!")),
            ("c[ 2010 , \"\" ] ", close(2010, "")),
        ] {
            assert_eq!(
                ServerFrame::parse(frame.as_bytes(), LIMITS),
                Ok(expected),
                "{frame}"
            );
        }
    }

    #[test]
    fn what_breaks_a_rule_or_a_limit_is_told_apart() {
        for (frame, expected) in [
            ("", FrameError::Unknown),
            ("x", FrameError::Unknown),
            ("oo", FrameError::Unknown),
            ("a", FrameError::Messages(BodyError::PayloadExpected)),
            ("a[1]", FrameError::Messages(BodyError::PayloadExpected)),
            ("a[\"x\"", FrameError::Messages(BodyError::Broken)),
            (
                "a[\"\",\"\",\"\"]",
                FrameError::Messages(BodyError::TooManyMessages),
            ),
            (
                "m\"123456789\"",
                FrameError::Messages(BodyError::MessageTooBig),
            ),
            ("m\"\"x", FrameError::Messages(BodyError::Broken)),
            ("c", FrameError::Close),
            ("c[3000]", FrameError::Close),
            ("c[99999,\"\"]", FrameError::Close),
            ("c[-1,\"\"]", FrameError::Close),
            ("c[,\"\"]", FrameError::Close),
            ("c[1000,\"\"]]", FrameError::Close),
        ] {
            assert_eq!(
                ServerFrame::parse(frame.as_bytes(), LIMITS),
                Err(expected),
                "{frame}"
            );
        }
        assert_eq!(
            ServerFrame::parse(b"a[\"\xff\"]", LIMITS),
            Err(FrameError::Messages(BodyError::Broken))
        );
    }

    #[test]
    fn a_send_is_an_array() {
        for (messages, expected) in [
            (&[][..], "[]"),
            (&["a"], r#"["a"]"#),
            (&["a", "\"\n"], r#"["a","\"\n"]"#),
        ] {
            let mut out = BytesMut::new();
            send_body(messages.iter().copied(), &mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn a_sessions_path_is_one_that_a_server_knows() {
        assert_eq!(
            session_path([0; SESSION_RANDOM_BYTES]),
            "/000/aaaaaaaaaaaaaaaaaaaa"
        );
        assert_eq!(
            session_path([255; SESSION_RANDOM_BYTES]),
            "/535/55555555555555555555"
        );
    }
}
