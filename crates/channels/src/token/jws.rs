//! The three parts of a token (RFC 7515 §3.1), taken apart and not yet believed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::{Algorithm, InvalidToken};

/// The longest token that is looked at, in bytes: as much as a client's message may be by default.
pub const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// A token in parts.
#[derive(Debug)]
pub(super) struct Jws<'a> {
    pub(super) algorithm: Algorithm,
    /// Which of several keys signed it.
    pub(super) key: Option<String>,
    /// The bytes that are signed.
    pub(super) signed: &'a [u8],
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// What whoever does not understand it must not accept (RFC 7515 §4.1.11). We understand none.
    crit: Option<serde::de::IgnoredAny>,
}

impl<'a> Jws<'a> {
    pub(super) fn read(token: &'a str) -> Result<Self, InvalidToken> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(InvalidToken::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(InvalidToken::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(InvalidToken::Malformed)?;
        let header = serde_json::from_slice(&decoded(header)?);
        let header: Header = header.map_err(|_| InvalidToken::Malformed)?;
        if header.crit.is_some() {
            return Err(InvalidToken::Critical);
        }
        Ok(Self {
            algorithm: Algorithm::named(&header.alg).ok_or(InvalidToken::Algorithm)?,
            key: header.kid,
            signed: signed.as_bytes(),
            payload: decoded(payload)?,
            signature: decoded(signature)?,
        })
    }
}

fn decoded(part: &str) -> Result<Vec<u8>, InvalidToken> {
    let decoded = URL_SAFE_NO_PAD.decode(part);
    decoded.map_err(|_| InvalidToken::Malformed)
}
