//! Signs tokens with a secret (HS256): for `sockeye token`, and for tests.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;

use super::{ConnectionClaims, Hash, SubscriptionClaims, key::mac, payload::Payload};

/// The claims are none that a token can say: their payloads could not be written as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the claims cannot be written as JSON")]
pub struct Unsignable;

impl ConnectionClaims {
    /// Makes a token of the claims, signed with a secret.
    ///
    /// # Errors
    /// [`Unsignable`] if `meta` is not JSON.
    pub fn sign(&self, secret: &[u8]) -> Result<String, Unsignable> {
        let is_json = |meta| serde_json::from_slice::<&serde_json::value::RawValue>(meta).is_ok();
        if !self.meta.is_empty() && !is_json(&self.meta) {
            return Err(Unsignable);
        }
        sign(&Payload::from(self), secret)
    }
}

impl SubscriptionClaims {
    /// Makes a token of the claims, signed with a secret.
    ///
    /// # Errors
    /// [`Unsignable`] if there is no channel.
    pub fn sign(&self, secret: &[u8]) -> Result<String, Unsignable> {
        if self.channel.is_empty() {
            return Err(Unsignable);
        }
        sign(&Payload::from(self), secret)
    }
}

fn sign(payload: &Payload, secret: &[u8]) -> Result<String, Unsignable> {
    let payload = serde_json::to_vec(payload).map_err(|_| Unsignable)?;
    let mut token = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let key = hmac::Key::new(mac(Hash::Sha256), secret);
    let signature = hmac::sign(&key, token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}
