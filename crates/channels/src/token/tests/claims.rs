//! What tokens say, and when.

use bytes::Bytes;

use super::*;
use crate::Override;

async fn connection(payload: &str) -> ConnectionClaims {
    let token = signed(payload);
    tokens().verify_connection(&token, NOW).await.unwrap()
}

#[tokio::test]
async fn a_connection_token_says_everything_it_can() {
    let claims = connection(
        r#"{"sub":"42","exp":1700000100,"expire_at":1700000050,"aud":["a","b"],"iss":"me","jti":"1","iat":5,
            "info":{"name": "Ann"},"meta":{"k":1.50},"channels":["ignored"],"caps":[],
            "subs":{"news":{"b64info":"AQI=","info":{"not":"this"},"data":[1, 2],
                "override":{"presence":{"value":true},"join_leave":{"value":false},"force_push_join_leave":{},
                    "force_positioning":{"value":true},"force_recovery":null}}}}"#,
    )
    .await;
    assert_eq!(claims.user, "42");
    assert_eq!(claims.expires, Some(1_700_000_100));
    assert_eq!(claims.ends_at(), Some(1_700_000_050));
    assert_eq!(claims.audience, ["a", "b"]);
    assert_eq!(claims.issuer.as_deref(), Some("me"));
    // As it was written, with its spaces and zeros.
    assert_eq!(claims.info, r#"{"name": "Ann"}"#);
    assert_eq!(claims.meta, r#"{"k":1.50}"#);
    let subscriptions = claims.subscriptions();
    assert_eq!(subscriptions.keys().collect::<Vec<_>>(), ["news"]);
    let options = &subscriptions["news"];
    assert_eq!(options.info, &[1, 2][..]);
    assert_eq!(options.data, "[1, 2]");
    let Override {
        presence,
        join_leave,
        force_push_join_leave,
        force_positioning,
        force_recovery,
    } = options.instead;
    assert_eq!([presence, join_leave], [Some(true), Some(false)]);
    assert_eq!(
        [force_push_join_leave, force_positioning],
        [Some(false), Some(true)]
    );
    assert_eq!(force_recovery, None);
}

#[tokio::test]
async fn channels_are_subscriptions_where_there_are_no_others() {
    let claims = connection(r#"{"sub":"42","channels":["a","b"],"subs":{}}"#).await;
    let subscriptions = claims.subscriptions();
    assert_eq!(subscriptions.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(subscriptions["a"], SubscriptionOptions::default());
}

#[tokio::test]
async fn what_is_null_or_missing_is_not_said() {
    let nothing = connection("{}").await;
    assert_eq!(nothing, ConnectionClaims::default());
    let null = r#"{"sub":null,"exp":null,"info":null,"channels":null,"subs":null,"meta":null,"channel":"","aud":null}"#;
    assert_eq!(connection(null).await, nothing);
}

#[tokio::test]
async fn a_subscription_token_says_everything_it_can() {
    let token = signed(
        r#"{"sub":"42","channel":"$news","client":"c","exp":1700000100,"info":"i","b64data":"AQI",
            "override":{"force_recovery":{"value":true}}}"#,
    );
    let claims = tokens().verify_subscription(&token, NOW).await.unwrap();
    assert_eq!(
        (claims.user.as_str(), claims.channel.as_str()),
        ("42", "$news")
    );
    assert_eq!(claims.client.as_deref(), Some("c"));
    assert_eq!(claims.ends_at(), Some(1_700_000_100));
    assert_eq!(claims.options.info, "\"i\"");
    assert_eq!(claims.options.data, &[1, 2][..]);
    assert_eq!(claims.options.instead.force_recovery, Some(true));
}

#[tokio::test]
async fn what_is_signed_is_what_is_verified() {
    let options = SubscriptionOptions {
        info: Bytes::from_static(br#"{"a": 1}"#),
        data: Bytes::from_static(b"\xff\x00"),
        instead: Override {
            force_recovery: Some(false),
            ..Override::default()
        },
    };
    let claims = ConnectionClaims {
        user: "ü".to_owned(),
        expires: Some(NOW + 1),
        not_before: Some(NOW),
        expire_at: Some(0),
        audience: vec!["a".to_owned(), "b".to_owned()],
        issuer: Some("i".to_owned()),
        info: Bytes::from_static(b"no JSON"),
        channels: vec!["c".to_owned()],
        subs: [("s".to_owned(), options.clone())].into(),
        meta: Bytes::from_static(b"{}"),
    };
    let token = claims.sign(SECRET).unwrap();
    assert_eq!(tokens().verify_connection(&token, NOW).await, Ok(claims));

    let claims = SubscriptionClaims {
        client: Some("c".to_owned()),
        expires: Some(NOW + 1),
        options,
        ..SubscriptionClaims::new("42", "news")
    };
    let token = claims.sign(SECRET).unwrap();
    assert_eq!(tokens().verify_subscription(&token, NOW).await, Ok(claims));
}

#[test]
fn what_cannot_be_said_is_not_signed() {
    let mut claims = user("42");
    claims.meta = Bytes::from_static(b"no JSON");
    assert_eq!(claims.sign(SECRET), Err(Unsignable));
    assert_eq!(
        SubscriptionClaims::new("42", "").sign(SECRET),
        Err(Unsignable)
    );
}

#[tokio::test]
async fn a_token_is_good_from_its_beginning_until_its_end() {
    let token = signed(r#"{"sub":"42","nbf":1000,"exp":2000.9}"#);
    for (now, is_good) in [(999, false), (1000, true), (1999, true), (2000, false)] {
        let verified = tokens().verify_connection(&token, now).await;
        assert_eq!(verified.is_ok(), is_good, "{now}");
        assert!(is_good || verified == Err(TokenError::Expired));
    }
    for over in ["0", "-5", "-1e9", "0.5"] {
        let token = signed(&format!(r#"{{"exp":{over}}}"#));
        let refused = tokens().verify_connection(&token, NOW).await;
        assert_eq!(refused, Err(TokenError::Expired), "{over}");
    }
    for far in ["18446744073709551615", "99999999999999999999999", "1e300"] {
        let token = signed(&format!(r#"{{"exp":{far}}}"#));
        let claims = tokens().verify_connection(&token, NOW).await.unwrap();
        assert_eq!(claims.expires, Some(u64::MAX), "{far}");
    }
}

#[test]
fn a_connection_ends_with_its_token_unless_it_says_otherwise() {
    for (expires, expire_at, ends_at) in [
        (None, None, None),
        (Some(5), None, Some(5)),
        (Some(5), Some(0), None),
        (Some(5), Some(7), Some(7)),
        (None, Some(7), Some(7)),
    ] {
        let mut claims = user("42");
        (claims.expires, claims.expire_at) = (expires, expire_at);
        assert_eq!(claims.ends_at(), ends_at);
    }
}

#[tokio::test]
async fn an_expired_token_with_a_wrong_signature_is_invalid() {
    let mut claims = user("42");
    claims.expires = Some(1);
    let token = claims.sign(b"another secret").unwrap();
    let refused = tokens().verify_connection(&token, NOW).await;
    assert_eq!(refused, invalid(InvalidToken::Signature));
}

#[tokio::test]
async fn the_previous_secret_is_good_for_a_while() {
    let old = user("42").sign(b"old").unwrap();
    let new = user("42").sign(SECRET).unwrap();
    let settings = TokenSettings::default().hmac_secret(SECRET);
    let forever = with(settings.clone().hmac_previous_secret("old", None));
    let until = with(settings.hmac_previous_secret("old", Some(NOW)));
    for (tokens, token, now, is_good) in [
        (&forever, &old, NOW, true),
        (&until, &old, NOW - 1, true),
        (&until, &old, NOW, false),
        (&until, &new, NOW, true),
    ] {
        let verified = tokens.verify_connection(token, now).await;
        assert_eq!(verified.is_ok(), is_good);
        assert!(is_good || verified == invalid(InvalidToken::Signature));
    }
}

#[tokio::test]
async fn audience_and_issuer_are_as_expected() {
    let exactly = |word: &str| Expected::Exactly(word.to_owned());
    let matching = |pattern| Expected::matching(pattern).unwrap();
    let cases = [
        (exactly("me"), r#""me""#, true),
        (exactly("me"), r#""meme""#, false),
        (exactly("m."), r#""me""#, false),
        (matching("a|me"), r#""me""#, true),
        // As a whole: what only contains it is something else.
        (matching("a|me"), r#""https://evil/me""#, false),
        (matching("a|me"), "\"me\\n\"", false),
        (matching("^me$"), r#""me""#, true),
        (
            matching("https://[a-z]+\\.example"),
            r#""https://eu.example""#,
            true,
        ),
    ];
    for (expected, claim, is_met) in cases {
        let settings = TokenSettings::default().hmac_secret(SECRET);
        let by_issuer = with(settings.clone().issuer(expected.clone()));
        let token = signed(&format!(r#"{{"iss":{claim}}}"#));
        let verified = by_issuer.verify_connection(&token, NOW).await;
        assert_eq!(verified.is_ok(), is_met, "{claim}");
        assert!(is_met || verified == invalid(InvalidToken::Issuer));

        let by_audience = with(settings.audience(expected));
        for aud in [claim.to_owned(), format!(r#"["x",{claim}]"#)] {
            let token = signed(&format!(r#"{{"aud":{aud}}}"#));
            let verified = by_audience.verify_connection(&token, NOW).await;
            assert_eq!(verified.is_ok(), is_met, "{aud}");
            assert!(is_met || verified == invalid(InvalidToken::Audience));
        }
        let nothing = signed("{}");
        let refused = by_audience.verify_connection(&nothing, NOW).await;
        assert_eq!(refused, invalid(InvalidToken::Audience));
        let refused = by_issuer.verify_connection(&nothing, NOW).await;
        assert_eq!(refused, invalid(InvalidToken::Issuer));
    }
    assert!(Expected::matching("a)|(b").is_err());
}

#[tokio::test]
async fn the_user_may_be_in_another_claim() {
    let settings = TokenSettings::default().hmac_secret(SECRET);
    let tokens = with(settings.user_id_claim("user_id"));
    for (payload, expected) in [
        (r#"{"sub":"1","user_id":"42"}"#, Some("42")),
        (r#"{"sub":"1"}"#, Some("")),
        (r#"{"sub":"1","user_id":42}"#, None),
    ] {
        let claims = tokens.verify_connection(&signed(payload), NOW).await;
        let user = claims.as_ref().ok().map(|claims| claims.user.as_str());
        assert_eq!(user, expected, "{payload}");
    }
}

#[tokio::test]
async fn subscriptions_may_have_keys_of_their_own() {
    let connections = TokenSettings::default().hmac_secret(SECRET);
    let subscriptions = TokenSettings::default().hmac_secret("other");
    let tokens = Tokens::new(connections, Some(subscriptions), None).unwrap();
    let claims = SubscriptionClaims::new("42", "news");
    let [by_connections, by_subscriptions] =
        [SECRET, b"other"].map(|secret| claims.sign(secret).unwrap());
    assert!(
        tokens
            .verify_subscription(&by_subscriptions, NOW)
            .await
            .is_ok()
    );
    let refused = tokens.verify_subscription(&by_connections, NOW).await;
    assert_eq!(refused, invalid(InvalidToken::Signature));
    let token = user("42").sign(SECRET).unwrap();
    assert!(tokens.verify_connection(&token, NOW).await.is_ok());
}
