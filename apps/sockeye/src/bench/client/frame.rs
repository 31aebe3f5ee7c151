//! Frames as a server writes them and as a client answers (RFC 6455 §5.2): only what an idle connection hears.

use thiserror::Error;

/// The masking key of every frame that is sent. It hides nothing here: nobody stands between.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;
/// The length that says that two bytes with the length follow.
const MORE: u8 = 126;

/// A frame that a server wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard<'a> {
    /// A binary message, whole.
    Message(&'a [u8]),
    /// To be answered with the same bytes.
    Ping(&'a [u8]),
    /// The answer to a ping of ours.
    Pong,
}

/// Why a connection is of no more use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Unheard {
    #[error("the server closed a connection with {0}")]
    Closed(u16),
    #[error(
        "a connection got a frame that begins with {0:#04x} {1:#04x}, which nothing here asks for"
    )]
    Unexpected(u8, u8),
}

/// Takes the first frame off the bytes; `None` if it is not there whole.
pub(super) fn first(bytes: &[u8]) -> Result<Option<(Heard<'_>, &[u8])>, Unheard> {
    let Some((&[head, short], rest)) = bytes.split_first_chunk::<2>() else {
        return Ok(None);
    };
    let (length, rest) = match short {
        0..MORE => (usize::from(short), rest),
        MORE => match rest.split_first_chunk() {
            Some((length, rest)) => (u16::from_be_bytes(*length).into(), rest),
            None => return Ok(None),
        },
        _ => return Err(Unheard::Unexpected(head, short)),
    };
    let Some((payload, rest)) = rest.split_at_checked(length) else {
        return Ok(None);
    };
    if head == FINAL | BINARY {
        Ok(Some((Heard::Message(payload), rest)))
    } else if head == FINAL | PING {
        Ok(Some((Heard::Ping(payload), rest)))
    } else if head == FINAL | PONG {
        Ok(Some((Heard::Pong, rest)))
    } else if head == FINAL | CLOSE {
        // Without a code it is as if 1005 were there (RFC 6455 §7.1.5).
        let code = payload
            .first_chunk()
            .map_or(1005, |it| u16::from_be_bytes(*it));
        Err(Unheard::Closed(code))
    } else {
        Err(Unheard::Unexpected(head, short))
    }
}

/// A binary message as a client sends it.
pub(super) fn message(payload: &[u8]) -> Vec<u8> {
    masked(FINAL | BINARY, payload)
}

/// Asks for a sign of life (RFC 6455 §5.5.2).
pub(super) fn ping() -> Vec<u8> {
    masked(FINAL | PING, &[])
}

/// The answer to a ping (RFC 6455 §5.5.3).
pub(super) fn pong(payload: &[u8]) -> Vec<u8> {
    masked(FINAL | PONG, payload)
}

fn masked(head: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![head];
    match u8::try_from(payload.len()) {
        Ok(short @ 0..MORE) => frame.push(MASKED | short),
        _ => {
            frame.push(MASKED | MORE);
            // What is sent here is never longer.
            let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(a, b)| a ^ b));
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_one_by_one_and_only_whole() {
        let mut bytes = vec![0x89, 1, b'?', 0x82, 126, 0, 126];
        bytes.extend([7; 126]);
        let (ping, rest) = first(&bytes).unwrap().unwrap();
        assert_eq!(ping, Heard::Ping(b"?"));
        let (message, nothing) = first(rest).unwrap().unwrap();
        assert_eq!(message, Heard::Message(&[7; 126]));
        assert_eq!(first(nothing), Ok(None));
        assert_eq!(first(&[0x8a, 0]), Ok(Some((Heard::Pong, &[][..]))));
        for end in 0..rest.len() {
            assert_eq!(first(&rest[..end]), Ok(None), "{end}");
        }
    }

    #[test]
    fn a_close_is_told_with_its_code_and_other_frames_are_not_expected() {
        assert_eq!(first(&[0x88, 2, 3, 0xf3]), Err(Unheard::Closed(1011)));
        assert_eq!(first(&[0x88, 0]), Err(Unheard::Closed(1005)));
        for [head, short] in [[0x02, 1], [0x82, 127], [0xc2, 1], [0x82, 0x81], [0x81, 1]] {
            let bytes = [head, short, 0];
            assert_eq!(first(&bytes), Err(Unheard::Unexpected(head, short)));
        }
    }

    #[test]
    fn what_is_sent_is_masked_and_has_the_shortest_head() {
        assert_eq!(pong(b""), [0x8a, 0x80, 0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(ping(), [0x89, 0x80, 0x37, 0xfa, 0x21, 0x3d]);
        let long = message(&[0; 126]);
        assert_eq!(&long[..8], [0x82, 0xfe, 0, 126, 0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(&long[8..], &MASK.repeat(32)[..126]);
    }
}
