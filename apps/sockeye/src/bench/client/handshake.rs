//! The opening handshake as a client does it (RFC 6455 §4.1), the same for each connection.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::Uri;
use ring::digest;

/// What the key is hashed with (RFC 6455 §1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Any 16 bytes. All connections ask with the same: nothing caches the answers here.
const KEY: &str = "c29ja2V5ZSBpZGxlIC4uLg==";

/// The longest head of an answer.
const HEAD_BYTES: usize = 4096;

const END: &[u8] = b"\r\n\r\n";

/// What is asked, and what must be answered.
#[derive(Debug)]
pub(super) struct Handshake {
    pub(super) request: Vec<u8>,
    accept: String,
}

impl Handshake {
    pub(super) fn new(url: &Uri) -> Self {
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let host = url.authority().map_or("", |authority| authority.as_str());
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
        );
        let hash = digest::digest(
            &digest::SHA1_FOR_LEGACY_USE_ONLY,
            format!("{KEY}{GUID}").as_bytes(),
        );
        Self {
            request: request.into_bytes(),
            accept: STANDARD.encode(hash),
        }
    }

    /// Looks at what has been answered so far. Returns what stands behind the head once it is whole.
    ///
    /// # Errors
    /// With the answer's first line, if it does not accept.
    pub(super) fn verify<'a>(&self, answer: &'a [u8]) -> Result<Option<&'a [u8]>, String> {
        let Some(end) = answer.windows(END.len()).position(|it| it == END) else {
            return match answer.len() {
                0..HEAD_BYTES => Ok(None),
                _ => Err("an answer without an end".to_owned()),
            };
        };
        let (head, rest) = answer.split_at_checked(end + END.len()).unwrap_or_default();
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let status = lines.next().unwrap_or_default();
        let accepts = lines
            .filter_map(|line| line.split_once(':'))
            .any(|(name, value)| {
                name.eq_ignore_ascii_case("sec-websocket-accept") && value.trim() == self.accept
            });
        if status.starts_with("HTTP/1.1 101") && accepts {
            Ok(Some(rest))
        } else {
            Err(status.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_with_the_right_hash_accepts() {
        let handshake = Handshake::new(&Uri::from_static("ws://127.0.0.1:1/say"));
        assert!(
            handshake
                .request
                .starts_with(b"GET /say HTTP/1.1\r\nHost: 127.0.0.1:1\r\n")
        );
        let head = |status, accept: &str| {
            format!("HTTP/1.1 {status}\r\nsec-websocket-accept: {accept}\r\n\r\nrest")
        };
        let good = head("101 Switching Protocols", &handshake.accept);
        assert_eq!(handshake.verify(good.as_bytes()), Ok(Some(&b"rest"[..])));
        assert_eq!(handshake.verify(&good.as_bytes()[..40]), Ok(None));
        let other = head("101 Switching Protocols", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(handshake.verify(other.as_bytes()).is_err());
        let refused = head("503 Service Unavailable", &handshake.accept);
        assert_eq!(
            handshake.verify(refused.as_bytes()),
            Err("HTTP/1.1 503 Service Unavailable".to_owned())
        );
        assert!(handshake.verify(&[b'a'; HEAD_BYTES]).is_err());
    }
}
