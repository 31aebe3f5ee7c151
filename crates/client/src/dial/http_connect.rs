//! A tunnel by HTTP CONNECT (RFC 9110 §9.3.6).

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Buf, BytesMut};
use http::StatusCode;

use super::{
    error::ProxyError,
    proxy_server::{Credentials, ProxyServer, host_and_port},
    tunnel::{Exchange, Progress},
};
use crate::address::Address;

/// The exchange with an HTTP proxy.
///
/// ```text
/// Fresh ── request ──▶ Asked ── 2xx ──▶ open
///                       │  ▲
///                       └──┘ 1xx           (any other status is an error)
/// ```
#[derive(Debug)]
pub(super) struct HttpConnect {
    state: State,
    /// How many bytes of heads may still come.
    allowed: usize,
    limit: usize,
}

enum State {
    Fresh { request: String },
    Asked { searched: usize },
}

impl HttpConnect {
    pub(super) fn new(address: &Address, proxy: &ProxyServer, limit: usize) -> Self {
        let target = host_and_port(&address.host, address.port);
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some(credentials) = &proxy.credentials {
            let basic = basic(credentials);
            request.push_str(&format!("Proxy-Authorization: Basic {basic}\r\n"));
        }
        request.push_str("\r\n");
        Self {
            state: State::Fresh { request },
            allowed: limit,
            limit,
        }
    }
}

/// User and password as RFC 7617 §2 has them.
fn basic(credentials: &Credentials) -> String {
    STANDARD.encode(format!("{}:{}", credentials.user, credentials.password))
}

impl Exchange for HttpConnect {
    fn decode(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Result<Progress, ProxyError> {
        if let State::Fresh { request } = &self.state {
            out.extend_from_slice(request.as_bytes());
            self.state = State::Asked { searched: 0 };
        }
        loop {
            let State::Asked { searched } = &mut self.state else {
                return Ok(Progress::Waiting);
            };
            // What is beyond the limit is not judged: it may come later, after the answer was given up.
            if !may_be_a_response(input.get(..=self.allowed).unwrap_or(input)) {
                return Err(ProxyError::NotHttp);
            }
            let end = end_of_head(input, *searched);
            if end.unwrap_or(input.len()) > self.allowed {
                return Err(ProxyError::HeadTooLong { limit: self.limit });
            }
            let Some(end) = end else {
                // The end may have begun: at most three bytes of it, CR LF CR, are there.
                *searched = input.len().saturating_sub(3);
                return Ok(Progress::Waiting);
            };
            let status = status_of(input).ok_or(ProxyError::NotHttp)?;
            match status.as_u16() {
                // In a 2xx to CONNECT there is no content, whatever the headers say (RFC 9110 §9.3.6).
                200..=299 => {
                    input.advance(end);
                    return Ok(Progress::Open);
                }
                // Interim responses are to be read over (RFC 9110 §15.2), but no one asked for an upgrade.
                100 | 102..=199 => {
                    input.advance(end);
                    self.allowed = self.allowed.saturating_sub(end);
                    *searched = 0;
                }
                _ => return Err(ProxyError::Refused { status }),
            }
        }
    }
}

/// Whether these bytes are how a response of HTTP/1 begins, as far as they go. Who speaks something else is told apart
/// at once, not when it has sent as much as a head may have.
fn may_be_a_response(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .zip(b"HTTP/1.")
        .all(|(got, expected)| got == expected)
}

/// How long the head is, with the empty line; a lone LF ends a line too (RFC 9112 §2.2).
fn end_of_head(bytes: &[u8], searched: usize) -> Option<usize> {
    let feeds = bytes.iter().enumerate().skip(searched);
    feeds
        .filter(|(_, byte)| **byte == b'\n')
        .find_map(|(at, _)| {
            let next = bytes.get(at + 1..)?;
            let empty_line = if next.starts_with(b"\r\n") {
                2
            } else if next.starts_with(b"\n") {
                1
            } else {
                return None;
            };
            Some(at + 1 + empty_line)
        })
}

/// The status in the first line of a head (RFC 9112 §4).
fn status_of(head: &[u8]) -> Option<StatusCode> {
    let rest = head.strip_prefix(b"HTTP/1.")?;
    let (minor, rest) = rest.split_first()?;
    let (code, rest) = rest.strip_prefix(b" ")?.split_at_checked(3)?;
    let ended = matches!(rest.first(), Some(b' ' | b'\r' | b'\n'));
    if !minor.is_ascii_digit() || !ended {
        return None;
    }
    StatusCode::from_bytes(code).ok()
}

/// Without the request, which may hold a password.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fresh { .. } => "Fresh",
            Self::Asked { .. } => "Asked",
        })
    }
}

#[cfg(test)]
mod tests;
