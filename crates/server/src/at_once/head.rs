//! The head of a request that asks for WebSocket, parsed in place (RFC 9112 §2 to §5).

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use http_body_util::Empty;
use httparse::Status;

/// Most clients send fewer headers; a request with more is left to the HTTP server, which counts them.
const HEADERS: usize = 32;

/// What the first bytes of a connection are.
#[derive(Debug)]
pub(super) enum Head {
    /// A request that asks for an upgrade and has no body.
    Handshake {
        /// The request, which shares the bytes.
        request: Box<Request<Empty<Bytes>>>,
        /// How many of the bytes are its head.
        len: usize,
    },
    /// Part of a head.
    Partial,
    /// Anything else: the HTTP server's.
    Other,
}

impl Head {
    /// Parses what was read, with room for so many headers.
    ///
    /// It knows nothing better than the HTTP server does: whatever that would answer by itself is left to it.
    pub(super) fn parse(bytes: &Bytes, most_headers: usize) -> Self {
        let mut headers = [const { MaybeUninit::uninit() }; HEADERS];
        let headers = headers.get_mut(..most_headers.min(HEADERS));
        let mut parsed = httparse::Request::new(&mut []);
        let len = match parsed.parse_with_uninit_headers(bytes, headers.unwrap_or_default()) {
            Ok(Status::Complete(len)) => len,
            Ok(Status::Partial) => return Self::Partial,
            Err(_) => return Self::Other,
        };
        match request(bytes, &parsed) {
            Some(request) => Self::Handshake {
                request: Box::new(request),
                len,
            },
            None => Self::Other,
        }
    }
}

fn request(bytes: &Bytes, parsed: &httparse::Request<'_, '_>) -> Option<Request<Empty<Bytes>>> {
    if parsed.method != Some("GET") || parsed.version != Some(1) {
        return None;
    }
    let headers = header_map(bytes, parsed.headers)?;
    let asks = headers.contains_key(header::UPGRADE)
        && headers.contains_key(header::SEC_WEBSOCKET_KEY)
        && headers.contains_key(header::SEC_WEBSOCKET_VERSION);
    // A body, or the question whether to send one, is not for us.
    let has_body = headers.contains_key(header::CONTENT_LENGTH)
        || headers.contains_key(header::TRANSFER_ENCODING)
        || headers.contains_key(header::EXPECT);
    if !asks || has_body || may_close(&headers) {
        return None;
    }
    let target = bytes.slice_ref(parsed.path?.as_bytes());
    let mut request = Request::new(Empty::new());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = Uri::from_maybe_shared(target).ok()?;
    *request.headers_mut() = headers;
    Some(request)
}

/// Says whether the client may want no second request: the HTTP server says so in its answers.
fn may_close(headers: &HeaderMap) -> bool {
    const CLOSE: &[u8] = b"close";
    let mut values = headers.get_all(header::CONNECTION).iter();
    values.any(|value| {
        let mut parts = value.as_bytes().windows(CLOSE.len());
        parts.any(|part| part.eq_ignore_ascii_case(CLOSE))
    })
}

fn header_map(bytes: &Bytes, parsed: &[httparse::Header<'_>]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(parsed.len());
    for header in parsed {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        let value = HeaderValue::from_maybe_shared(bytes.slice_ref(header.value)).ok()?;
        headers.append(name, value);
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANDSHAKE: &str = "GET /say?a=b HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: k\r\n\r\n";

    fn parse(text: &str) -> Head {
        Head::parse(&Bytes::copy_from_slice(text.as_bytes()), 100)
    }

    #[test]
    fn a_handshake_is_whole_at_its_last_byte_and_not_before() {
        for end in 0..HANDSHAKE.len() {
            assert!(matches!(parse(&HANDSHAKE[..end]), Head::Partial), "{end}");
        }
        let Head::Handshake { request, len } = parse(&format!("{HANDSHAKE}glued")) else {
            panic!("it is whole");
        };
        assert_eq!(len, HANDSHAKE.len());
        assert_eq!(request.uri(), "/say?a=b");
        assert_eq!(request.headers().len(), 5);
        assert_eq!(request.headers()["host"], "h");
    }

    #[test]
    fn what_is_not_ours_is_left_to_the_http_server() {
        for (from, to) in [
            ("GET", "POST"),
            ("HTTP/1.1", "HTTP/1.0"),
            ("Upgrade: w", "Up: w"),
            ("-Key", "-Kex"),
            ("-Version", "-Versiom"),
            ("Host: h", "Content-Length: 1"),
            ("Host: h", "Transfer-Encoding: chunked"),
            ("Host: h", "Expect: 100-continue"),
            ("Host: h", "Ho st: h"),
            ("n: Upgrade", "n: Upgrade, Close"),
            ("/say", "http://"),
        ] {
            let text = HANDSHAKE.replace(from, to);
            assert_ne!(text, HANDSHAKE);
            assert!(matches!(parse(&text), Head::Other), "{text}");
        }
        assert!(matches!(parse("\x16\x03\x01"), Head::Other));
    }

    #[test]
    fn one_header_more_than_there_may_be_is_left_to_the_http_server() {
        let bytes = Bytes::from_static(HANDSHAKE.as_bytes());
        assert!(matches!(Head::parse(&bytes, 5), Head::Handshake { .. }));
        assert!(matches!(Head::parse(&bytes, 4), Head::Other));
        let more = |count| HANDSHAKE.replace("Host: h", &vec!["Host: h"; count].join("\r\n"));
        assert!(matches!(parse(&more(HEADERS - 4)), Head::Handshake { .. }));
        assert!(matches!(parse(&more(HEADERS - 3)), Head::Other));
    }
}
