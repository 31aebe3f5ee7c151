//! What `/info` says: written by a server, read by a client.

use bytes::{BufMut, Bytes, BytesMut};
use thiserror::Error;

use crate::{BodyError, Escape, escape_into, json::Reader};

/// What a server can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether it takes WebSockets.
    pub websocket: bool,
    /// Whether clients must bring cookies, for a load balancer.
    pub cookie_needed: bool,
    /// Where the transports are, if not below the URL that was asked.
    pub base_url: Option<String>,
}

/// What a server answered to `/info` is not what SockJS has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the server's /info is no JSON object of what it can do")]
pub struct InfoError;

/// How long a `base_url` a client takes, in bytes.
const BASE_URL_BYTES: usize = 8 << 10;

/// How deep a value may be that a client does not know. Servers nest two.
const DEPTH: u8 = 16;

impl Default for Capabilities {
    /// What a client assumes of a server that does not say.
    fn default() -> Self {
        Self {
            websocket: true,
            cookie_needed: false,
            base_url: None,
        }
    }
}

impl Capabilities {
    /// Writes the body. `entropy` must be from a strong source, and new for each answer: clients of old seed their ids
    /// with it.
    pub fn body(&self, entropy: u32) -> Bytes {
        let head = format!(
            r#"{{"websocket":{},"cookie_needed":{},"origins":["*:*"],"entropy":{entropy}"#,
            self.websocket, self.cookie_needed,
        );
        let mut body = BytesMut::from(head.as_bytes());
        if let Some(url) = &self.base_url {
            body.put_slice(br#","base_url":"#);
            escape_into(Escape::Json, url, &mut body);
        }
        body.put_u8(b'}');
        body.freeze()
    }

    /// Reads the body of a server's answer. Read no more than a few KiB of it: it is short.
    ///
    /// # Errors
    /// [`InfoError`] if it is no JSON object, or what is known in it is of another type.
    pub fn parse(body: &[u8]) -> Result<Self, InfoError> {
        Self::read(body).map_err(|_| InfoError)
    }

    fn read(body: &[u8]) -> Result<Self, BodyError> {
        let mut capabilities = Self::default();
        let mut reader = Reader::new(body)?;
        reader.object(|reader, key| {
            match key {
                "websocket" => capabilities.websocket = flag(reader)?,
                "cookie_needed" => capabilities.cookie_needed = flag(reader)?,
                "base_url" if reader.peek() == Some(b'"') => {
                    capabilities.base_url = Some(reader.string(BASE_URL_BYTES)?.into());
                }
                _ => reader.skip_value(DEPTH)?,
            }
            Ok(())
        })?;
        reader.end()?;
        Ok(capabilities)
    }
}

fn flag(reader: &mut Reader<'_>) -> Result<bool, BodyError> {
    if reader.word("true") {
        Ok(true)
    } else if reader.word("false") {
        Ok(false)
    } else {
        Err(BodyError::Broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_what_the_suite_reads_and_a_client_reads_it_back() {
        let plain = Capabilities::default();
        let expected =
            r#"{"websocket":true,"cookie_needed":false,"origins":["*:*"],"entropy":4294967295}"#;
        assert_eq!(plain.body(u32::MAX), expected);
        let full = Capabilities {
            websocket: false,
            cookie_needed: true,
            base_url: Some("/a\"b\\".into()),
        };
        let body = full.body(0);
        assert!(body.ends_with(br#","entropy":0,"base_url":"/a\"b\\"}"#));
        assert_eq!(Capabilities::parse(&body), Ok(full));
        assert_eq!(Capabilities::parse(&plain.body(7)), Ok(plain));
    }

    #[test]
    fn what_a_server_says_beside_is_passed_over() {
        let body = br#" { "a" : [ {"b":[null, -1.5e+3, "]}"]}, {} , [] ], "websocket" : false , "base_url":null } "#;
        let expected = Capabilities {
            websocket: false,
            ..Capabilities::default()
        };
        assert_eq!(Capabilities::parse(body), Ok(expected));
        assert_eq!(Capabilities::parse(b"{}"), Ok(Capabilities::default()));
    }

    #[test]
    fn what_is_no_info_is_refused() {
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        for body in [
            "",
            "[]",
            "{",
            "{}x",
            "null",
            "<html>",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":[}]}"#,
            r#"{"websocket":1}"#,
            r#"{"websocket":"true"}"#,
            r#"{a:1}"#,
            &deep,
        ] {
            assert_eq!(
                Capabilities::parse(body.as_bytes()),
                Err(InfoError),
                "{:.40}",
                body
            );
        }
    }
}
