//! One request to the application: its body, its headers, its signature, and what its answer must be.

use std::{
    io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use http_body_util::Full;
use ring::hmac;
use thiserror::Error;

use super::headers::{SIGNATURE, TIMESTAMP};
use crate::{
    config::Secret,
    outgoing::{Cost, Outgoing, OutgoingError},
};

/// Sends to an application.
#[derive(Clone, Debug)]
pub(super) struct Post {
    outgoing: Outgoing,
    key: Option<hmac::Key>,
    answer_bytes: usize,
}

/// There was no answer, or none that could be taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(super) enum PostError {
    #[error("{0} requests were under way all the time")]
    Busy(u32),
    #[error("it could not be asked")]
    Outgoing(#[from] OutgoingError),
    #[error("no request could be made")]
    Request(#[from] http::Error),
    #[error("it answered with status {0}")]
    Status(StatusCode),
    #[error("its answer is not the JSON that was asked for")]
    Json(#[from] serde_json::Error),
    #[error("its answer has a value that is no base64")]
    Base64(#[from] base64::DecodeError),
    #[error("its answer has neither result, error nor disconnect")]
    NoResult,
    #[error("its answer has code {0}: errors have 100 to 1999, disconnects 3000 to 4999")]
    Code(u32),
}

impl Post {
    /// Reads the secret. An answer may have as many bytes as this.
    ///
    /// # Errors
    /// If the file that holds the secret can't be read.
    pub(super) fn new(
        outgoing: Outgoing,
        secret: Option<&Secret>,
        answer_bytes: usize,
    ) -> io::Result<Self> {
        let secret = secret.map(Secret::read).transpose()?;
        Ok(Self {
            outgoing,
            key: secret.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, &secret)),
            answer_bytes,
        })
    }

    /// Sends a body of JSON; returns that of the answer, whose status is 200.
    ///
    /// Cancel safety: dropped before it is done, the application may have got it or not.
    pub(super) async fn send(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
        time: Duration,
    ) -> Result<Bytes, PostError> {
        let mut request = Request::post(url).body(Full::new(body.clone()))?;
        *request.headers_mut() = headers;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        if let Some(key) = &self.key {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let timestamp = now.map_or(0, |since| since.as_secs()).to_string();
            let signature =
                HeaderValue::try_from(sign(key, &timestamp, &body)).map_err(http::Error::from)?;
            let timestamp = HeaderValue::try_from(timestamp).map_err(http::Error::from)?;
            request.headers_mut().insert(TIMESTAMP, timestamp);
            request.headers_mut().insert(SIGNATURE, signature);
        }
        let cost = Cost {
            time,
            bytes: self.answer_bytes,
        };
        let answer = self.outgoing.ask(request, cost).await?;
        if answer.status != StatusCode::OK {
            return Err(PostError::Status(answer.status));
        }
        Ok(answer.body)
    }
}

/// `v1=` and the HMAC-SHA256 of `TIMESTAMP.BODY` in hexadecimal digits.
fn sign(key: &hmac::Key, timestamp: &str, body: &[u8]) -> String {
    let mut signing = hmac::Context::with_key(key);
    for part in [timestamp.as_bytes(), b".", body] {
        signing.update(part);
    }
    let digits = signing
        .sign()
        .as_ref()
        .iter()
        .fold(String::new(), |mut digits, byte| {
            for half in [byte >> 4, byte & 15] {
                digits.extend(char::from_digit(half.into(), 16));
            }
            digits
        });
    format!("v1={digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_document() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"sesame");
        let signature = sign(&key, "1700000000", br#"{"client":"c"}"#);
        let document = include_str!("../../../../docs/CHANNELS-CONFIG.md");
        assert!(document.contains(&format!("`{signature}`")), "{signature}");
    }
}
