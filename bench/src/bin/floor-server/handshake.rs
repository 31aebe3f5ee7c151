//! The opening handshake, as short as it gets: a key is answered, whatever else the request holds (RFC 6455 §4.2.2).

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What a request came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// For a page; the connection stays one of HTTP.
    Page,
    /// For an echo.
    Echo,
    /// For what all hear.
    Broadcast,
}

/// The length of the request at the front, if it is all there.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, b"\r\n\r\n").map(|end| end + 4)
}

/// Appends the response to a whole request.
pub(crate) fn answer(request: &[u8], out: &mut Vec<u8>) -> Asked {
    let Some(key) = key(request) else {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        return Asked::Page;
    };
    let hash = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    out.extend_from_slice(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: ",
    );
    out.extend_from_slice(BASE64_STANDARD.encode(hash).as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
    if request.starts_with(b"GET /broadcast ") {
        Asked::Broadcast
    } else {
        Asked::Echo
    }
}

fn key(request: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"sec-websocket-key:";
    request.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(NAME.len())?;
        let value = name.eq_ignore_ascii_case(NAME).then_some(value)?;
        Some(value.trim_ascii())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_rfc_6455_section_1_3_is_answered_as_there() {
        let request =
            b"GET /broadcast HTTP/1.1\r\nsec-WebSocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nmore";
        let length = length(request).unwrap();
        assert_eq!(length, request.len() - 4);
        let mut out = Vec::new();
        assert_eq!(answer(&request[..length], &mut out), Asked::Broadcast);
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{out}");
    }

    #[test]
    fn a_request_without_a_key_gets_a_page() {
        assert_eq!(
            answer(b"GET / HTTP/1.1\r\n\r\n", &mut Vec::new()),
            Asked::Page
        );
    }
}
