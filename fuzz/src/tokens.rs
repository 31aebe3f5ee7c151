//! Any text as a token, any bytes as the claims of one that is signed, as a set of keys, and as a public key.

use std::sync::Arc;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use ring::hmac;
use sockeye_channels::token::{KeySet, KeySource, TokenSettings, Tokens};
use tokio::runtime::Builder;

/// A time in seconds since 1970.
const NOW: u64 = 1_700_000_000;

/// What claims are signed with.
const SECRET: &str = "secret";

/// Answers with the same bytes, whatever it is asked for.
#[derive(Debug)]
struct Fixed(Bytes);

impl KeySource for Fixed {
    fn fetch<'a>(&'a self, _: &'a str) -> KeySet<'a> {
        let keys = self.0.clone();
        Box::pin(async move { Ok(keys) })
    }
}

/// The token, a line's end, and the set of keys, which serves as claims and as a key as well.
pub fn tokens(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n');
    let (token, rest) = data.split_at(at.unwrap_or(data.len()));
    let rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    let keys: Arc<dyn KeySource> = Arc::new(Fixed(Bytes::copy_from_slice(rest)));
    let fetched = TokenSettings::default().jwks_url("https://localhost/keys");
    let token = String::from_utf8_lossy(token);
    let signed = signed(rest);
    let secret = TokenSettings::default().hmac_secret(SECRET);
    for settings in [fetched, secret] {
        if let Ok(tokens) = Tokens::new(settings, None, Some(&keys)) {
            verify(&tokens, &[&token, &signed]);
        }
    }
    let body = STANDARD.encode(rest);
    for label in ["PUBLIC KEY", "RSA PUBLIC KEY"] {
        let pem = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        let settings = TokenSettings::default();
        for settings in [
            settings.clone().rsa_public_key(pem.clone()),
            settings.ecdsa_public_key(pem),
        ] {
            if let Ok(tokens) = Tokens::new(settings, None, None) {
                verify(&tokens, &[&token]);
            }
        }
    }
}

/// Makes a token of any claims.
fn signed(claims: &[u8]) -> String {
    let [header, claims] = [br#"{"alg":"HS256"}"#, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    let text = format!("{header}.{claims}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes()));
    format!("{text}.{signature}")
}

/// A token names a channel or does not: it is of one kind at most.
fn verify(tokens: &Tokens, texts: &[&str]) {
    let runtime = Builder::new_current_thread().enable_time().build();
    assert!(runtime.is_ok());
    let Ok(runtime) = runtime else {
        return;
    };
    for text in texts {
        let connection = runtime.block_on(tokens.verify_connection(text, NOW));
        let subscription = runtime.block_on(tokens.verify_subscription(text, NOW));
        assert!(connection.is_err() || subscription.is_err());
    }
}
