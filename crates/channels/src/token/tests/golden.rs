//! Tokens that another implementation signed, one for each algorithm.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;

use super::{fetched::Source, *};

/// Made with the `crypto` module of Node.js.
#[derive(Deserialize)]
pub(super) struct Golden {
    pub(super) secret: String,
    pub(super) pem: BTreeMap<String, String>,
    pub(super) tokens: BTreeMap<String, String>,
    keys: serde_json::Value,
}

pub(super) fn golden() -> Golden {
    serde_json::from_str(include_str!("golden.json")).unwrap()
}

/// The set of its public keys.
pub(super) fn key_set() -> Bytes {
    serde_json::json!({ "keys": golden().keys })
        .to_string()
        .into()
}

async fn is_believed(tokens: &Tokens, token: &str) -> bool {
    let claims = tokens.verify_connection(token, NOW).await;
    claims.is_ok_and(|claims| claims.user == "42" && claims.expires == Some(1_800_000_000))
}

#[tokio::test]
async fn each_algorithm_is_verified_with_the_key_that_is_configured_for_it() {
    let golden = golden();
    for (algorithm, token) in &golden.tokens {
        let pem = |name: &str| golden.pem[name].clone();
        let settings = TokenSettings::default();
        let settings = match algorithm.split_at(2) {
            ("HS", _) => settings.hmac_secret(golden.secret.clone()),
            ("RS", _) => settings.rsa_public_key(pem("rsa")),
            ("ES", size) => settings.ecdsa_public_key(pem(&format!("ec{size}"))),
            _ => continue,
        };
        assert!(is_believed(&with(settings), token).await, "{algorithm}");
    }
    let older = TokenSettings::default().rsa_public_key(golden.pem["rsa_pkcs1"].clone());
    assert!(is_believed(&with(older), &golden.tokens["RS256"]).await);
}

#[tokio::test]
async fn each_public_key_algorithm_is_verified_with_the_key_of_its_name_in_a_set() {
    let tokens = Source::of(key_set()).tokens();
    for (algorithm, token) in golden().tokens {
        let is_public = !algorithm.starts_with("HS");
        assert_eq!(is_believed(&tokens, &token).await, is_public, "{algorithm}");
    }
}

#[tokio::test]
async fn a_token_is_refused_with_any_byte_of_it_changed() {
    let golden = golden();
    let fetched = Source::of(key_set()).tokens();
    let local = with(TokenSettings::default().hmac_secret(golden.secret.clone()));
    for (algorithm, token) in &golden.tokens {
        let tokens = if algorithm.starts_with("HS") {
            &local
        } else {
            &fetched
        };
        // Every byte would take long for RSA: these are of each part.
        for at in (0..token.len()).step_by(7) {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(!is_believed(tokens, &changed).await, "{algorithm} {at}");
        }
    }
}

#[tokio::test]
async fn the_example_of_rfc_7515_is_verified() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
    let secret =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let token = concat!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.",
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    );
    let tokens = with(TokenSettings::default().hmac_secret(BASE64.decode(secret).unwrap()));
    let claims = tokens
        .verify_connection(token, 1_300_819_379)
        .await
        .unwrap();
    assert_eq!(claims.issuer.as_deref(), Some("joe"));
    let late = tokens.verify_connection(token, 1_300_819_380).await;
    assert_eq!(late, Err(TokenError::Expired));
}

#[test]
fn keys_that_are_none_or_too_weak_are_refused_at_once() {
    let pem = golden().pem;
    let refused = |settings| Tokens::new(settings, None, None).map(|_| ()).unwrap_err();
    let settings = TokenSettings::default;
    for wrong in [
        "",
        "rsa",
        &pem["rsa_small"],
        &pem["ec256"],
        &pem["ed"],
        &pem["rsa"][..200],
    ] {
        let settings = settings().rsa_public_key(wrong);
        assert_eq!(refused(settings), InvalidTokenSettings::RsaKey, "{wrong}");
    }
    for wrong in ["", &pem["rsa"], &pem["ed"], &pem["ec256"][..100]] {
        let settings = settings().ecdsa_public_key(wrong);
        assert_eq!(refused(settings), InvalidTokenSettings::EcdsaKey, "{wrong}");
    }
    let empty = settings().hmac_secret("");
    assert_eq!(refused(empty), InvalidTokenSettings::EmptySecret);
    let empty = settings().hmac_secret("new").hmac_previous_secret("", None);
    assert_eq!(refused(empty), InvalidTokenSettings::EmptySecret);
    let nobody = settings().jwks_url("https://id.example/keys");
    assert_eq!(refused(nobody), InvalidTokenSettings::NoKeySource);
}

#[test]
fn a_secret_is_never_printed() {
    let settings = TokenSettings::default().hmac_secret("hunter2");
    let tokens = with(settings.clone());
    assert!(!format!("{settings:?} {tokens:?}").contains("hunter2"));
    let bytes = format!("{:?}", b"hunter2");
    assert!(!format!("{settings:?} {tokens:?}").contains(bytes.trim_matches(['[', ']'])));
}
