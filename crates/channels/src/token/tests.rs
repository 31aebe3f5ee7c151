//! Tokens: those of another implementation, forged ones, what they say, their time, and where keys come from.

mod claims;
mod fetched;
mod forged;
mod golden;

use super::*;

/// A time at which the tokens here are good, in seconds since 1970.
const NOW: u64 = 1_700_000_000;

const SECRET: &[u8] = b"a secret of these tests";

/// Believes what is signed with the secret.
fn tokens() -> Tokens {
    with(TokenSettings::default().hmac_secret(SECRET))
}

fn with(settings: TokenSettings) -> Tokens {
    Tokens::new(settings, None, None).unwrap()
}

fn user(user: &str) -> ConnectionClaims {
    ConnectionClaims::new(user)
}

/// Signs a payload as it is.
fn signed(payload: &str) -> String {
    signed_with(r#"{"alg":"HS256"}"#, payload)
}

fn signed_with(header: &str, payload: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
    let text = format!("{}.{}", BASE64.encode(header), BASE64.encode(payload));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET);
    let signature = ring::hmac::sign(&key, text.as_bytes());
    format!("{text}.{}", BASE64.encode(signature))
}

fn invalid<T>(reason: InvalidToken) -> Result<T, TokenError> {
    Err(TokenError::Invalid(reason))
}
