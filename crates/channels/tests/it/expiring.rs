//! What expires, is refreshed, or ends.

use sockeye_channels::{ServerSubscription, Whom};
use tokio::time::Instant;

use crate::talk::{Talk, channels, open, settings};

async fn expiring(channels: &sockeye_channels::Channels) -> Talk {
    let mut talk = Talk::new(channels);
    talk.exchange(
        r#"{"connect":{"token":"ann until 60"},"id":1}"#,
        &[r#"{"id":1,"connect":{"client":"CLIENT","version":"V","expires":true,"ttl":60,"ping":25,"pong":true}}"#],
    )
    .await;
    talk
}

/// Answers pings until something else comes or the connection ends.
async fn waits(talk: &mut Talk) -> Option<String> {
    while let Some(message) = talk.0.recv().await {
        if message.as_text() != Some("{}") {
            return Some(crate::talk::plain(&message));
        }
        talk.say("{}").await;
    }
    None
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_not_refreshed_ends_after_its_grace() {
    let channels = channels(settings(open()));
    let start = Instant::now();
    let mut talk = expiring(&channels).await;
    assert_eq!(waits(&mut talk).await, None);
    talk.is_closed(3005, "connection expired").await;
    assert_eq!(start.elapsed().as_secs(), 85);
}

#[tokio::test(start_paused = true)]
async fn a_new_token_gives_more_time() {
    let channels = channels(settings(open()));
    let start = Instant::now();
    let mut talk = expiring(&channels).await;
    let refreshed =
        r#"{"id":2,"refresh":{"client":"CLIENT","version":"V","expires":true,"ttl":300}}"#;
    talk.exchange(
        r#"{"refresh":{"token":"ann until 300"},"id":2}"#,
        &[refreshed],
    )
    .await;
    assert_eq!(waits(&mut talk).await, None);
    assert_eq!(start.elapsed().as_secs(), 325);
}

#[tokio::test(start_paused = true)]
async fn a_bad_refresh_ends_the_connection() {
    let channels = channels(settings(open()));
    for (token, code, reason) in [
        ("ann until 0", 3005, "connection expired"),
        ("bad", 3500, "invalid token"),
        ("ben until 9", 3500, "invalid token"),
        ("ann until 9 in news", 3010, "insufficient state"),
        ("", 3501, "bad request"),
    ] {
        let mut talk = expiring(&channels).await;
        talk.say(&format!(r#"{{"refresh":{{"token":"{token}"}},"id":2}}"#))
            .await;
        talk.is_closed(code, reason).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_token_must_name_the_channels_of_the_one_before() {
    let channels = channels(settings(open()));
    let mut talk = Talk::connected(&channels, "ann until 60 in news").await;
    // What the server did besides is not for tokens to say.
    let (ann, given) = (Whom::user("ann"), ServerSubscription::default());
    channels.subscribe(&ann, "b", given, None).await.unwrap();
    talk.hear().await;
    talk.say(r#"{"refresh":{"token":"ann until 90 in news"},"id":2}"#)
        .await;
    assert!(talk.hear().await.contains(r#""ttl":90"#));
    talk.say(r#"{"refresh":{"token":"ann until 90"},"id":3}"#)
        .await;
    talk.is_closed(3010, "insufficient state").await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_not_refreshed_ends_at_a_tick_behind_its_grace() {
    let channels = channels(settings(open()));
    let mut talk = Talk::connected(&channels, "ann").await;
    let start = Instant::now();
    talk.say(r#"{"subscribe":{"channel":"a","token":"ann a until 60"},"id":2}"#)
        .await;
    assert!(talk.hear().await.contains(r#""expires":true,"ttl":60"#));
    let ended =
        r#"{"push":{"channel":"a","unsubscribe":{"code":2501,"reason":"subscription expired"}}}"#;
    assert_eq!(waits(&mut talk).await.as_deref(), Some(ended));
    assert_eq!(start.elapsed().as_secs(), 27 * 4);
    assert_eq!(channels.info().subscriptions, 0);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_is_refreshed_by_a_token_of_its_own() {
    let channels = channels(settings(open()));
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.say(r#"{"subscribe":{"channel":"a","token":"ann a until 60"},"id":2}"#)
        .await;
    talk.hear().await;
    talk.exchange(
        r#"{"sub_refresh":{"channel":"a","token":"ann a until 90"},"id":3}"#,
        &[r#"{"id":3,"sub_refresh":{"expires":true,"ttl":90}}"#],
    )
    .await;
    talk.say(r#"{"sub_refresh":{"channel":"a","token":"ann a until 0"},"id":4}"#)
        .await;
    talk.is_closed(3006, "subscription expired").await;
}
