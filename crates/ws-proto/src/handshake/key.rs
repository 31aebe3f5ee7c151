//! `Sec-WebSocket-Key` and the `Sec-WebSocket-Accept` that proves that it was read (RFC 6455 §1.3).

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig},
};
use http::HeaderValue;
use sha1::{Digest, Sha1};

use super::header_value;

/// What is appended to every key (RFC 6455 §1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Base64 as RFC 4648 §4 has it. The four bits that 16 bytes leave over in it are not looked at: clients that make a
/// key of random letters set them.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Says whether a key is 16 bytes as base64 (RFC 6455 §4.1).
pub(super) fn is_key(key: &HeaderValue) -> bool {
    let mut nonce = [0; 18];
    matches!(BASE64.decode_slice(key, &mut nonce), Ok(16))
}

/// Writes 16 random bytes as a key.
pub(super) fn key_of(nonce: [u8; 16]) -> HeaderValue {
    header_value(&BASE64.encode(nonce))
}

/// What a server has to answer to a key.
pub(super) fn accept_of(key: &HeaderValue) -> HeaderValue {
    let digest = Sha1::new_with_prefix(key).chain_update(GUID).finalize();
    header_value(&BASE64.encode(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_rfc_6455_is_answered_as_it_shows() {
        let key = key_of(*b"the sample nonce");
        assert_eq!(key, "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept_of(&key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_key_is_16_bytes_as_base64_and_nothing_else_is() {
        for key in [
            "AAAAAAAAAAAAAAAAAAAAAA==",
            "/+//+//+//+//+//+//+/w==",
            "abcdefghijklmnopqrstuv==",
        ] {
            assert!(is_key(&HeaderValue::from_static(key)), "{key}");
        }
        for key in [
            "",
            "AAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAA=",
            "AAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAAA=",
            "AAAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "_-__-__-__-__-__-__-_w==",
            "AAAAAAAAAAA AAAAAAAAAA==",
        ] {
            assert!(!is_key(&HeaderValue::from_static(key)), "{key}");
        }
    }
}
