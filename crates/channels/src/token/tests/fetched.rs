//! Keys from elsewhere: when they are asked for, and what happens while nobody answers. On a paused clock.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{sync::Notify, task::JoinSet, time::advance};

use super::{
    golden::{golden, key_set},
    *,
};

const URL: &str = "https://id.example/keys";

/// Answers as it is told to, and counts.
#[derive(Debug, Default)]
pub(super) struct Source {
    answer: Mutex<Answer>,
    asked: AtomicUsize,
    urls: Mutex<Vec<String>>,
    /// Lets answers through that are held back.
    open: Notify,
}

#[derive(Debug, Clone, Default)]
enum Answer {
    Keys(Bytes),
    /// Once it is let through.
    Held(Bytes),
    #[default]
    Refused,
    Never,
}

impl Source {
    pub(super) fn of(keys: Bytes) -> Arc<Self> {
        let source = Arc::new(Self::default());
        source.answers(Answer::Keys(keys));
        source
    }

    fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(super) fn tokens(self: &Arc<Self>) -> Tokens {
        self.tokens_with(TokenSettings::default())
    }

    pub(super) fn tokens_with(self: &Arc<Self>, settings: TokenSettings) -> Tokens {
        let url = settings.jwks_url.clone().unwrap_or_else(|| URL.to_owned());
        let source: Arc<dyn KeySource> = Arc::<Self>::clone(self);
        Tokens::new(settings.jwks_url(url), None, Some(&source)).unwrap()
    }
}

impl KeySource for Source {
    fn fetch<'a>(&'a self, url: &'a str) -> KeySet<'a> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.urls.lock().unwrap().push(url.to_owned());
        let answer = self.answer.lock().unwrap().clone();
        Box::pin(async move {
            match answer {
                Answer::Keys(keys) => Ok(keys),
                Answer::Held(keys) => {
                    self.open.notified().await;
                    Ok(keys)
                }
                Answer::Refused => Err("503".into()),
                Answer::Never => pending().await,
            }
        })
    }
}

async fn verify(tokens: &Tokens, algorithm: &str) -> Result<(), TokenError> {
    let token = golden().tokens[algorithm].clone();
    let claims = tokens.verify_connection(&token, NOW).await;
    claims.map(|_| ())
}

fn no_keys() -> Answer {
    Answer::Keys(Bytes::from_static(br#"{"keys":[]}"#))
}

#[tokio::test(start_paused = true)]
async fn keys_are_asked_for_once_an_hour() {
    let source = Source::of(key_set());
    let tokens = source.tokens();
    for _ in 0..3 {
        assert_eq!(verify(&tokens, "RS256").await, Ok(()));
        assert_eq!(verify(&tokens, "ES256").await, Ok(()));
    }
    advance(KEYS_FRESH_FOR - Duration::from_secs(1)).await;
    assert_eq!(verify(&tokens, "RS256").await, Ok(()));
    assert_eq!(source.asked(), 1);
    advance(Duration::from_secs(1)).await;
    assert_eq!(verify(&tokens, "RS256").await, Ok(()));
    assert_eq!(source.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_taken_out_is_refused_when_the_set_is_asked_for_again() {
    let source = Source::of(key_set());
    let tokens = source.tokens();
    assert_eq!(verify(&tokens, "RS256").await, Ok(()));
    source.answers(no_keys());
    advance(KEYS_FRESH_FOR).await;
    assert_eq!(
        verify(&tokens, "RS256").await,
        invalid(InvalidToken::UnknownKey)
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_asks_again_but_not_all_the_time() {
    let source = Source::of(Bytes::from_static(br#"{"keys":[]}"#));
    let tokens = source.tokens();
    for _ in 0..100 {
        assert_eq!(
            verify(&tokens, "RS256").await,
            invalid(InvalidToken::UnknownKey)
        );
    }
    assert_eq!(source.asked(), 1);
    source.answers(Answer::Keys(key_set()));
    advance(KEYS_PAUSE).await;
    assert_eq!(verify(&tokens, "RS256").await, Ok(()));
    assert_eq!(source.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn many_at_once_ask_once() {
    let source = Arc::new(Source::default());
    source.answers(Answer::Held(key_set()));
    let tokens = source.tokens();
    let mut all = JoinSet::new();
    for _ in 0..100 {
        let tokens = tokens.clone();
        all.spawn(async move { verify(&tokens, "ES256").await });
    }
    while source.asked() == 0 {
        tokio::task::yield_now().await;
    }
    source.open.notify_one();
    assert!(all.join_all().await.iter().all(Result::is_ok));
    assert_eq!(source.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_does_not_take_the_answer_along() {
    let source = Arc::new(Source::default());
    source.answers(Answer::Held(key_set()));
    let tokens = source.tokens();
    {
        let mut left = std::pin::pin!(verify(&tokens, "ES256"));
        while source.asked() == 0 {
            assert!(polled_once(left.as_mut()).await.is_none());
            tokio::task::yield_now().await;
        }
    }
    source.open.notify_one();
    assert_eq!(verify(&tokens, "ES256").await, Ok(()));
    assert_eq!(source.asked(), 1);
}

/// Polls once.
async fn polled_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_known_key_does_not_wait_for_an_unknown_one() {
    let source = Source::of(key_set());
    let tokens = source.tokens();
    assert_eq!(verify(&tokens, "ES256").await, Ok(()));
    advance(KEYS_PAUSE).await;
    source.answers(Answer::Never);
    let made_up = signed_with(r#"{"alg":"ES256","kid":"x"}"#, "{}");
    let mut waits = std::pin::pin!(tokens.verify_connection(&made_up, NOW));
    while source.asked() == 1 {
        assert!(polled_once(waits.as_mut()).await.is_none());
        tokio::task::yield_now().await;
    }
    let begun = tokio::time::Instant::now();
    assert_eq!(verify(&tokens, "ES256").await, Ok(()));
    assert!(begun.elapsed().is_zero());
    // Whether the key is new at the source is not known.
    assert_eq!(waits.await, Err(TokenError::KeysUnavailable));
    assert_eq!(begun.elapsed(), KEYS_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn outdated_keys_are_used_while_the_source_is_down_but_not_for_ever() {
    let source = Source::of(key_set());
    let tokens = source.tokens();
    assert_eq!(verify(&tokens, "ES256").await, Ok(()));
    source.answers(Answer::Refused);
    advance(KEYS_STALE_FOR - Duration::from_secs(1)).await;
    for _ in 0..10 {
        assert_eq!(verify(&tokens, "ES256").await, Ok(()));
    }
    assert_eq!(source.asked(), 2);
    advance(Duration::from_secs(1)).await;
    assert_eq!(
        verify(&tokens, "ES256").await,
        Err(TokenError::KeysUnavailable)
    );
    source.answers(Answer::Keys(key_set()));
    advance(KEYS_PAUSE).await;
    assert_eq!(verify(&tokens, "ES256").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_answers_with_no_keys_is_one_that_does_not_answer() {
    let source = Arc::new(Source::default());
    let tokens = source.tokens();
    let padded = |length| {
        let mut keys = key_set().to_vec();
        keys.resize(length, b' ');
        Answer::Keys(keys.into())
    };
    let answers = [
        Answer::Refused,
        Answer::Never,
        Answer::Keys(Bytes::from_static(b"<html>")),
        padded(MAX_KEY_SET_BYTES + 1),
    ];
    for answer in answers {
        source.answers(answer);
        assert_eq!(
            verify(&tokens, "ES256").await,
            Err(TokenError::KeysUnavailable)
        );
        advance(KEYS_PAUSE).await;
    }
    source.answers(padded(MAX_KEY_SET_BYTES));
    assert_eq!(verify(&tokens, "ES256").await, Ok(()));
}

#[tokio::test]
async fn keys_that_are_of_no_use_are_left_out() {
    let key = serde_json::from_slice::<serde_json::Value>(&key_set()).unwrap()["keys"][1].clone();
    let secret = serde_json::json!({"kty": "oct", "kid": "ec256", "k": "c2VjcmV0"});
    let changed = |name: &str, value: serde_json::Value| {
        let mut key = key.clone();
        key[name] = value;
        key
    };
    for useless in [
        secret,
        changed("use", "enc".into()),
        changed("alg", "ES384".into()),
        changed("alg", "none".into()),
        changed("kid", "".into()),
        changed("kid", 7.into()),
        changed("crv", "secp256k1".into()),
        changed("x", "AAAA".into()),
        changed("y", "?".into()),
        serde_json::Value::Null,
    ] {
        let set = |keys: &[&serde_json::Value]| {
            Bytes::from(serde_json::json!({ "keys": keys }).to_string())
        };
        let tokens = Source::of(set(&[&useless])).tokens();
        let refused = verify(&tokens, "ES256").await;
        assert_eq!(refused, invalid(InvalidToken::UnknownKey), "{useless}");
        let tokens = Source::of(set(&[&useless, &key])).tokens();
        assert_eq!(verify(&tokens, "ES256").await, Ok(()), "{useless}");
    }
}

#[tokio::test]
async fn a_key_that_says_its_algorithm_is_for_no_other() {
    let mut set: serde_json::Value = serde_json::from_slice(&key_set()).unwrap();
    set["keys"][0]["alg"] = "RS256".into();
    let tokens = Source::of(set.to_string().into()).tokens();
    assert_eq!(verify(&tokens, "RS256").await, Ok(()));
    assert_eq!(
        verify(&tokens, "RS512").await,
        invalid(InvalidToken::Algorithm)
    );
}

/// Keys of tenants, by a word in the issuer.
fn of_tenants(template: &str, issuer: &str) -> TokenSettings {
    let issuer = Expected::matching(issuer).unwrap();
    TokenSettings::default().jwks_url(template).issuer(issuer)
}

#[tokio::test]
async fn the_url_of_keys_may_depend_on_the_issuer() {
    let source = Source::of(key_set());
    let settings = of_tenants(
        "https://id.example/{{tenant}}/keys",
        r"https://id\.example/(?<tenant>a|b\.c)",
    );
    let tokens = source.tokens_with(settings);
    for (issuer, asked) in [
        ("https://id.example/a", Some("https://id.example/a/keys")),
        (
            "https://id.example/b.c",
            Some("https://id.example/b.c/keys"),
        ),
        ("https://id.example/b", None),
        ("https://id.example/../evil", None),
        ("{{tenant}}", None),
        ("", None),
    ] {
        let before = source.asked();
        let payload = serde_json::json!({ "iss": issuer }).to_string();
        let token = signed_with(r#"{"alg":"ES256","kid":"ec256"}"#, &payload);
        let refused = tokens.verify_connection(&token, NOW).await;
        let reason = if asked.is_some() {
            InvalidToken::Signature
        } else {
            InvalidToken::UnknownKey
        };
        assert_eq!(refused, invalid(reason), "{issuer}");
        assert_eq!(
            source.asked() - before,
            usize::from(asked.is_some()),
            "{issuer}"
        );
        if let Some(asked) = asked {
            assert_eq!(source.urls.lock().unwrap().last().unwrap(), asked);
        }
    }
}

#[test]
fn a_url_is_made_of_nothing_but_listed_words() {
    let refused = |template: &str, issuer: &str| {
        let source: Arc<dyn KeySource> = Source::of(key_set());
        let settings = of_tenants(template, issuer);
        Tokens::new(settings, None, Some(&source))
            .map(|_| ())
            .unwrap_err()
    };
    let template = "https://{{t}}.example/keys";
    for open in [
        ".*", "[ab]", r"\w+", "a+", "a|(b)", "", "a||b", r"\.\.", "a|/", "a|.",
    ] {
        let group = InvalidTokenSettings::OpenGroup("t".to_owned());
        assert_eq!(refused(template, &format!("(?<t>{open})")), group, "{open}");
    }
    let unknown = |name: &str| InvalidTokenSettings::UnknownGroup(name.to_owned());
    assert_eq!(refused("https://{{u}}", "(?<t>a)"), unknown("u"));
    assert_eq!(refused("https://{{u", "(?<t>a)"), unknown("u"));
}

#[test]
fn there_are_as_many_urls_as_may_be_listed() {
    let source: Arc<dyn KeySource> = Source::of(key_set());
    let listed = |count: usize| {
        let words: Vec<String> = (0..count).map(|word| format!("w{word}")).collect();
        let issuer = format!("(?<a>{0})(?<b>x|y)", words.join("|"));
        let settings = of_tenants("https://{{a}}.example/{{b}}/{{a}}", &issuer);
        Tokens::new(settings, None, Some(&source)).map(|_| ())
    };
    assert_eq!(listed(500), Ok(()));
    assert!(listed(501).is_err());
}
