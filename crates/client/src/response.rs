//! Reading a response's head, and the beginning of its body. Pure.

use bytes::{Buf, Bytes, BytesMut};
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};

use crate::ResponseError;

/// How many header fields a response may have.
const MAX_HEADERS: usize = 100;

/// Takes a head off the front of `input`; `None` if it is not whole.
pub(crate) fn take_head(input: &mut BytesMut) -> Result<Option<Response<()>>, ResponseError> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Response::new(&mut fields);
    let len = match parsed.parse(input) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(ResponseError::TooManyHeaders),
        Err(error) => return Err(ResponseError::Malformed(words(error))),
    };
    let mut response = Response::new(());
    let malformed = |_| ResponseError::Malformed("the status is none");
    *response.status_mut() =
        StatusCode::from_u16(parsed.code.unwrap_or_default()).map_err(malformed)?;
    *response.version_mut() = match parsed.version {
        Some(1) => Version::HTTP_11,
        _ => Version::HTTP_10,
    };
    for field in parsed.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes());
        let value = HeaderValue::from_bytes(field.value);
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(ResponseError::Malformed("a header field is none"));
        };
        response.headers_mut().append(name, value);
    }
    input.advance(len);
    Ok(Some(response))
}

fn words(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "a header's name is none",
        httparse::Error::HeaderValue => "a header's value is none",
        httparse::Error::NewLine => "a line does not end as it must",
        httparse::Error::Status => "the status line is none",
        httparse::Error::Version => "the version is not HTTP/1",
        httparse::Error::Token | httparse::Error::TooManyHeaders => "it does not begin as it must",
    }
}

/// How the body of a refusal is delimited (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Length(usize),
    Chunked,
    /// It ends with the stream.
    ToTheEnd,
}

/// What is there of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// All there is, or all that is wanted.
    Enough(Bytes),
    /// This, and more may come.
    Partial(Bytes),
}

impl Beginning {
    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Enough(bytes) | Self::Partial(bytes) => bytes,
        }
    }
}

impl Body {
    pub(crate) fn of(response: &Response<()>) -> Self {
        let headers: &HeaderMap = response.headers();
        if response.status() == StatusCode::NO_CONTENT
            || response.status() == StatusCode::NOT_MODIFIED
        {
            return Self::Length(0);
        }
        if headers.contains_key(TRANSFER_ENCODING) {
            return Self::Chunked;
        }
        let length = headers.get(CONTENT_LENGTH);
        match length.and_then(|length| length.to_str().ok()?.trim().parse().ok()) {
            Some(length) => Self::Length(length),
            None => Self::ToTheEnd,
        }
    }

    /// Returns up to `limit` bytes of the body, of which `raw` has come.
    pub(crate) fn begin(self, raw: &[u8], limit: usize) -> Beginning {
        let (bytes, is_whole) = match self {
            Self::Length(length) => {
                let bytes = raw.get(..length).unwrap_or(raw);
                (bytes.to_vec(), bytes.len() == length)
            }
            Self::Chunked => chunks(raw, limit),
            Self::ToTheEnd => (raw.to_vec(), false),
        };
        let is_enough = is_whole || bytes.len() >= limit;
        let mut bytes = Bytes::from(bytes);
        bytes.truncate(limit);
        if is_enough {
            Beginning::Enough(bytes)
        } else {
            Beginning::Partial(bytes)
        }
    }
}

/// Joins chunks (RFC 9112 §7.1), and says whether nothing more is to come. What is no chunk ends it.
fn chunks(mut raw: &[u8], limit: usize) -> (Vec<u8>, bool) {
    let mut joined = Vec::new();
    while joined.len() < limit {
        let (at, len) = match httparse::parse_chunk_size(raw) {
            Ok(httparse::Status::Complete(chunk)) => chunk,
            Ok(httparse::Status::Partial) => return (joined, false),
            Err(_) => return (joined, true),
        };
        if len == 0 {
            return (joined, true);
        }
        let rest = raw.get(at..).unwrap_or_default();
        let Some((chunk, rest)) = usize::try_from(len)
            .ok()
            .and_then(|len| rest.split_at_checked(len))
        else {
            joined.extend_from_slice(rest);
            return (joined, false);
        };
        joined.extend_from_slice(chunk);
        raw = rest.strip_prefix(b"\r\n").unwrap_or_default();
    }
    (joined, true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(text: &str) -> Result<Option<Response<()>>, ResponseError> {
        take_head(&mut BytesMut::from(text))
    }

    #[test]
    fn a_head_is_taken_when_it_is_whole_and_what_is_glued_to_it_stays() {
        let whole = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nUpgrade: b\r\n\r\n";
        let mut input = BytesMut::from(whole);
        input.extend_from_slice(b"\x81\x02hi");
        let response = take_head(&mut input).unwrap().unwrap();
        assert_eq!(response.headers().get_all("upgrade").iter().count(), 2);
        assert_eq!(&input[..], b"\x81\x02hi");
        for cut in 0..whole.len() {
            assert!(head(&whole[..cut]).unwrap().is_none(), "{cut}");
        }
    }

    #[test]
    fn what_is_no_response_is_refused() {
        for text in [
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/2 200\r\n\r\n",
            "HTTP/1.1 2x0\r\n\r\n",
        ] {
            assert!(
                matches!(head(text), Err(ResponseError::Malformed(_))),
                "{text}"
            );
        }
        let fields = |count| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(count));
        assert!(head(&fields(MAX_HEADERS)).unwrap().is_some());
        assert_eq!(
            head(&fields(MAX_HEADERS + 1)).unwrap_err(),
            ResponseError::TooManyHeaders
        );
    }

    #[test]
    fn a_body_is_cut_at_the_limit_and_known_to_be_whole() {
        let enough = |text: &'static str| Beginning::Enough(Bytes::from_static(text.as_bytes()));
        let partial = |text: &'static str| Beginning::Partial(Bytes::from_static(text.as_bytes()));
        assert_eq!(Body::Length(4).begin(b"nope, glued", 10), enough("nope"));
        assert_eq!(Body::Length(9).begin(b"nope", 10), partial("nope"));
        assert_eq!(Body::Length(9).begin(b"nope", 3), enough("nop"));
        assert_eq!(Body::ToTheEnd.begin(b"nope", 10), partial("nope"));
        let chunked = b"2\r\nno\r\n3;x=y\r\npe!\r\n0\r\n\r\n";
        assert_eq!(Body::Chunked.begin(chunked, 10), enough("nope!"));
        assert_eq!(Body::Chunked.begin(&chunked[..15], 10), partial("nop"));
        assert_eq!(Body::Chunked.begin(chunked, 4), enough("nope"));
        assert_eq!(Body::Chunked.begin(b"zz\r\n", 10), enough(""));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_no_body_grows_beyond_its_limit(
            raw in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'f'), any::<u8>()], 0..200),
            limit in 0..50_usize,
        ) {
            let _ = take_head(&mut BytesMut::from(&raw[..]));
            for body in [Body::Length(limit / 2), Body::Chunked, Body::ToTheEnd] {
                prop_assert!(body.begin(&raw, limit).into_bytes().len() <= limit);
            }
        }
    }
}
