//! Tokens that nobody should have made.

use proptest::prelude::*;
use tokio::runtime::Builder;

use super::{
    fetched::Source,
    golden::{golden, key_set},
    *,
};

#[tokio::test]
async fn a_token_without_a_signature_is_refused() {
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let token = signed_with(&format!(r#"{{"alg":"{none}"}}"#), r#"{"sub":"42"}"#);
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        for token in [token, unsigned] {
            let refused = tokens().verify_connection(&token, NOW).await;
            assert_eq!(refused, invalid(InvalidToken::Algorithm), "{none}");
        }
    }
    let token = user("42").sign(SECRET).unwrap();
    let cut = format!("{}.", token.rsplit_once('.').unwrap().0);
    let refused = tokens().verify_connection(&cut, NOW).await;
    assert_eq!(refused, invalid(InvalidToken::Signature));
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    // Whoever knows the public key signs with it as if it were a secret.
    let pem = golden().pem["rsa"].clone();
    let forged = user("admin").sign(pem.as_bytes()).unwrap();
    let public = TokenSettings::default().rsa_public_key(pem);
    let refused = with(public.clone()).verify_connection(&forged, NOW).await;
    assert_eq!(refused, invalid(InvalidToken::Algorithm));
    let both = with(public.hmac_secret(SECRET));
    let refused = both.verify_connection(&forged, NOW).await;
    assert_eq!(refused, invalid(InvalidToken::Signature));
}

#[tokio::test]
async fn a_key_is_for_its_own_algorithms() {
    let golden = golden();
    let rsa = with(TokenSettings::default().rsa_public_key(golden.pem["rsa"].clone()));
    let ec = with(TokenSettings::default().ecdsa_public_key(golden.pem["ec256"].clone()));
    for (tokens, others) in [
        (&rsa, ["HS256", "ES256", "ES512", "EdDSA"]),
        (&ec, ["HS256", "RS256", "ES384", "ES512"]),
        (&tokens(), ["RS256", "ES256", "ES512", "EdDSA"]),
    ] {
        for other in others {
            let refused = tokens.verify_connection(&golden.tokens[other], NOW).await;
            assert_eq!(refused, invalid(InvalidToken::Algorithm), "{other}");
        }
    }
}

#[tokio::test]
async fn a_token_cannot_choose_what_a_fetched_key_is_for() {
    let tokens = Source::of(key_set()).tokens();
    for (header, reason) in [
        (r#"{"alg":"HS256","kid":"rsa"}"#, InvalidToken::Algorithm),
        (r#"{"alg":"RS256","kid":"ec256"}"#, InvalidToken::Algorithm),
        (r#"{"alg":"ES384","kid":"ec256"}"#, InvalidToken::Algorithm),
        (r#"{"alg":"RS256","kid":"rsa"}"#, InvalidToken::Signature),
        (r#"{"alg":"RS256","kid":"RSA"}"#, InvalidToken::UnknownKey),
        (r#"{"alg":"RS256"}"#, InvalidToken::UnknownKey),
    ] {
        let token = signed_with(header, r#"{"sub":"42"}"#);
        let refused = tokens.verify_connection(&token, NOW).await;
        assert_eq!(refused, invalid(reason), "{header}");
    }
}

#[tokio::test]
async fn configured_keys_are_not_used_where_keys_are_fetched() {
    let token = user("42").sign(SECRET).unwrap();
    let tokens = Source::of(key_set()).tokens_with(TokenSettings::default().hmac_secret(SECRET));
    let refused = tokens.verify_connection(&token, NOW).await;
    assert_eq!(refused, invalid(InvalidToken::Algorithm));
}

#[tokio::test]
async fn what_is_malformed_is_refused_with_its_reason() {
    let payload = r#"{"sub":"42"}"#;
    let good = signed(payload);
    let long = format!("{}{good}", "A".repeat(MAX_TOKEN_BYTES));
    for (token, reason) in [
        (String::new(), InvalidToken::Malformed),
        ("..".to_owned(), InvalidToken::Malformed),
        ("a.b".to_owned(), InvalidToken::Malformed),
        (format!("{good}.more"), InvalidToken::Malformed),
        (format!("{good}="), InvalidToken::Malformed),
        (format!(" {good}"), InvalidToken::Malformed),
        (signed_with("[]", payload), InvalidToken::Malformed),
        (signed_with("{}", payload), InvalidToken::Malformed),
        (
            signed_with(r#"{"alg":"HS256","alg":"none"}"#, payload),
            InvalidToken::Malformed,
        ),
        (
            signed_with(r#"{"alg":"HS256","crit":["exp"]}"#, payload),
            InvalidToken::Critical,
        ),
        (
            signed_with(r#"{"alg":"PS256"}"#, payload),
            InvalidToken::Algorithm,
        ),
        (
            signed_with(r#"{"alg":"HS512"}"#, payload),
            InvalidToken::Signature,
        ),
        (signed("not JSON"), InvalidToken::Claims),
        (signed(r#"{"sub":42}"#), InvalidToken::Claims),
        (signed(r#"{"sub":"1","sub":"2"}"#), InvalidToken::Claims),
        (signed(r#"{"exp":"soon"}"#), InvalidToken::Claims),
        (signed(r#"{"b64info":"?"}"#), InvalidToken::Claims),
        (
            signed(r#"{"subs":{"a":{"b64data":"?"}}}"#),
            InvalidToken::Claims,
        ),
        (long, InvalidToken::TooLong),
    ] {
        let refused = tokens().verify_connection(&token, NOW).await;
        assert_eq!(refused, invalid(reason), "{token}");
    }
}

#[tokio::test]
async fn a_token_of_one_kind_is_none_of_the_other() {
    let connection = user("42").sign(SECRET).unwrap();
    let subscription = SubscriptionClaims::new("42", "news").sign(SECRET).unwrap();
    let refused = tokens().verify_subscription(&connection, NOW).await;
    assert_eq!(refused, invalid(InvalidToken::Channel));
    let refused = tokens().verify_connection(&subscription, NOW).await;
    assert_eq!(refused, invalid(InvalidToken::Channel));
}

#[tokio::test]
async fn without_a_key_no_token_is_believed() {
    let token = user("42").sign(b"").unwrap();
    let refused = with(TokenSettings::default())
        .verify_connection(&token, NOW)
        .await;
    assert_eq!(refused, invalid(InvalidToken::Algorithm));
}

fn verify(tokens: &Tokens, token: &str) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let connection = runtime.block_on(tokens.verify_connection(token, NOW));
    let subscription = runtime.block_on(tokens.verify_subscription(token, NOW));
    assert!(connection.is_err() || subscription.is_err());
}

proptest! {
    #[test]
    fn garbage_is_refused_without_a_panic(
        token in "[A-Za-z0-9_.=-]{0,60}|\\PC{0,40}", header in "\\{\"alg\":\"(HS256|RS256|ES256|ES512|EdDSA)\"(,\"kid\":\"(rsa|ec512|ed|x)\")?\\}",
    ) {
        let golden = golden();
        let local = with(
            TokenSettings::default()
                .hmac_secret(SECRET)
                .rsa_public_key(golden.pem["rsa"].clone())
                .ecdsa_public_key(golden.pem["ec512"].clone()),
        );
        let fetched = Source::of(key_set()).tokens();
        for tokens in [&local, &fetched] {
            verify(tokens, &token);
            verify(tokens, &signed_with(&header, &token));
        }
    }

    #[test]
    fn signed_garbage_is_refused_without_a_panic(
        payload in "\\{\"(sub|exp|nbf|aud|info|b64info|subs|channels|override|channel)\":(-?[0-9]{1,25}(\\.[0-9]{1,3})?(e[0-9]{1,3})?|\"[a-z=]{0,9}\"|null|\\[\\]|\\[\"a\"\\]|\\{\\}|\\{\"a\":\\{\\}\\}|\\{\"a\":1\\})\\}",
    ) {
        verify(&tokens(), &signed(&payload));
    }

    #[test]
    fn any_bytes_are_a_public_key_or_none(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let body = STANDARD.encode(bytes);
        for label in ["PUBLIC KEY", "RSA PUBLIC KEY"] {
            let pem = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
            let tokens = Tokens::new(TokenSettings::default().rsa_public_key(pem), None, None);
            prop_assert!(tokens.is_err());
        }
    }
}
