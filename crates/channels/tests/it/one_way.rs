//! Clients that only listen: one word from them, then pushes as they are.

use std::time::Duration;

use sockeye_channels::{Channels, PublishOrder, ServerSubscription, Whom};
use sockeye_endpoint::{Endpoints, MemoryPeer};

use crate::talk::{Talk, channels, epoch_of, open, plain, settings, told};

fn listener(channels: &Channels) -> Talk {
    let endpoints = Endpoints::new().at("/", channels.handler().one_way());
    Talk(MemoryPeer::at(endpoints, "/").unwrap().unwrap())
}

async fn publish(channels: &Channels, number: u32) {
    let order = PublishOrder::of(number.to_string());
    channels.publish("a", order).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_listener_is_told_who_it_is_and_then_all_there_is_without_a_reply_around_it() {
    let channels = channels(settings(told()));
    let mut talk = listener(&channels);
    talk.exchange(
        r#"{"token":"ann in a"}"#,
        &[
            r#"{"connect":{"client":"CLIENT","version":"V","subs":{"a":{"recoverable":true,"epoch":"EPOCH","positioned":true}},"ping":25,"session":"CLIENT","node":"CLIENT"}}"#,
            r#"{"channel":"a","join":{"info":{"user":"ann","client":"CLIENT"}}}"#,
        ],
    )
    .await;
    publish(&channels, 1).await;
    let push = r#"{"channel":"a","pub":{"data":1,"offset":1,"epoch":"EPOCH"}}"#;
    assert_eq!(talk.hear().await, push);
    // Nothing that it says is looked at.
    talk.say(r#"{"id":1,"publish":{"channel":"a","data":2}}"#)
        .await;
    talk.say("no JSON at all").await;
    publish(&channels, 3).await;
    let push = r#"{"channel":"a","pub":{"data":3,"offset":2}}"#;
    assert_eq!(talk.hear().await, push);

    let (ann, given) = (Whom::user("ann"), ServerSubscription::default());
    channels.subscribe(&ann, "b", given, None).await.unwrap();
    let subscribed = talk.hear().await;
    assert!(
        subscribed.starts_with(r#"{"channel":"b","subscribe":{"#),
        "{subscribed}"
    );
    assert!(talk.hear().await.contains(r#""join""#));
    channels.unsubscribe(&ann, "b").await;
    let gone = r#"{"channel":"b","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}"#;
    assert_eq!(talk.hear().await, gone);
}

#[tokio::test(start_paused = true)]
async fn it_is_pinged_and_owes_no_answer_and_nothing_is_lost_when_it_comes_back() {
    let channels = channels(settings(open()));
    let mut talk = listener(&channels);
    talk.say(r#"{"token":"ann in a"}"#).await;
    let epoch = epoch_of(&talk.0.recv().await.unwrap());
    for _ in 0..4 {
        let ping = talk.0.recv().await.unwrap();
        assert_eq!(plain(&ping), "{}");
    }
    for number in 1..4 {
        publish(&channels, number).await;
    }
    let mut back = listener(&channels);
    back.say(&format!(
        r#"{{"token":"ann in a","subs":{{"a":{{"recover":true,"offset":1,"epoch":"{epoch}"}}}}}}"#
    ))
    .await;
    let connected = back.hear().await;
    let missed = r#""publications":[{"data":2,"offset":2},{"data":3,"offset":3}],"recovered":true"#;
    assert!(connected.contains(missed), "{connected}");
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_answered_ends_the_connection() {
    for (first, code, reason) in [
        ("{\"id\":1,\"connect\":{}", 3501, "bad request"),
        ("[1]", 3501, "bad request"),
        (r#"{"token":"bad"}"#, 3500, "invalid token"),
        (r#"{"token":"ann until -5"}"#, 3005, "connection expired"),
        (r#"{"token":"ann in nowhere:x"}"#, 3507, "permission denied"),
    ] {
        let mut talk = listener(&channels(settings(open())));
        talk.say(first).await;
        talk.is_closed(code, reason).await;
    }
    let mut silent = listener(&channels(settings(open())));
    silent.is_closed(3502, "stale").await;
    let mut expiring = listener(&channels(settings(open())));
    expiring.say(r#"{"token":"ann until 60"}"#).await;
    expiring.hear().await;
    let began = tokio::time::Instant::now();
    while expiring.0.recv().await.is_some() {}
    assert!(began.elapsed() >= Duration::from_secs(60));
    expiring.is_closed(3005, "connection expired").await;
}
