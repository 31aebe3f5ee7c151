//! Clients that come back, and what they are given.

use std::time::Duration;

use sockeye_channels::{PublishOrder, RecoveryMode};

use crate::talk::{Talk, channels, epoch_of, open, plain, settings};

async fn publish(channels: &sockeye_channels::Channels, from: u32, to: u32) {
    for data in from..=to {
        let order = PublishOrder::of(data.to_string());
        channels.publish("a", order).await.unwrap();
    }
}

async fn epoch(channels: &sockeye_channels::Channels) -> String {
    let mut talk = Talk::connected(channels, "probe").await;
    talk.say(r#"{"subscribe":{"channel":"a"},"id":2}"#).await;
    epoch_of(&talk.0.recv().await.unwrap())
}

async fn comes_back(channels: &sockeye_channels::Channels, offset: u64, epoch: &str) -> String {
    let mut talk = Talk::connected(channels, "ann").await;
    talk.say(&format!(
        r#"{{"subscribe":{{"channel":"a","recover":true,"offset":{offset},"epoch":"{epoch}","flag":1}},"id":2}}"#
    ))
    .await;
    talk.hear().await
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_stands_in_the_reply_and_what_follows_comes_behind_it() {
    let channels = channels(settings(open()));
    let epoch = epoch(&channels).await;
    publish(&channels, 1, 3).await;
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.say(&format!(
        r#"{{"subscribe":{{"channel":"a","recover":true,"offset":1,"epoch":"{epoch}"}},"id":2}}"#
    ))
    .await;
    let reply = r#"{"id":2,"subscribe":{"recoverable":true,"epoch":"EPOCH","publications":[{"data":2,"offset":2},{"data":3,"offset":3}],"recovered":true,"offset":1,"positioned":true,"was_recovering":true}}"#;
    assert_eq!(talk.hear().await, reply);
    publish(&channels, 4, 4).await;
    let push = r#"{"push":{"channel":"a","pub":{"data":4,"offset":4}}}"#;
    assert_eq!(talk.hear().await, push);
    assert_eq!(channels.tally().recoveries(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_is_said_to_be_gone() {
    let channels = channels(settings(open()));
    let epoch = epoch(&channels).await;
    publish(&channels, 1, 12).await;
    let lost = r#"{"id":2,"subscribe":{"recoverable":true,"epoch":"EPOCH","offset":12,"positioned":true,"was_recovering":true}}"#;
    // The head is evicted, the offset is beyond the top, another stream, and what SDKs send when they know nothing.
    for (offset, epoch) in [(1, &*epoch), (13, &*epoch), (12, "other"), (0, "_")] {
        assert_eq!(
            comes_back(&channels, offset, epoch).await,
            lost,
            "{offset} {epoch}"
        );
    }
    let all = comes_back(&channels, 2, "").await;
    assert!(all.contains(r#""recovered":true,"offset":2"#), "{all}");
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.exchange(
        r#"{"subscribe":{"channel":"a","recover":true,"epoch":"other","flag":3},"id":2}"#,
        &[r#"{"id":2,"error":{"code":112,"message":"unrecoverable position"}}"#],
    )
    .await;
    assert_eq!(channels.tally().recoveries(), (1, 5));
}

#[tokio::test(start_paused = true)]
async fn no_more_is_recovered_than_the_limit() {
    let channels = channels(settings(open()).recovery_limit(3));
    let epoch = epoch(&channels).await;
    publish(&channels, 1, 5).await;
    assert!(
        comes_back(&channels, 2, &epoch)
            .await
            .contains(r#""recovered":true"#)
    );
    assert!(
        !comes_back(&channels, 1, &epoch)
            .await
            .contains(r#""recovered""#)
    );
}

#[tokio::test(start_paused = true)]
async fn a_cache_gives_the_latest_asked_or_not() {
    let auto = open().recovery_mode(RecoveryMode::AutoCache);
    let channels = channels(settings(auto));
    publish(&channels, 1, 3).await;
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.exchange(
        r#"{"subscribe":{"channel":"a"},"id":2}"#,
        &[r#"{"id":2,"subscribe":{"recoverable":true,"epoch":"EPOCH","publications":[{"data":3,"offset":3}],"recovered":true,"positioned":true,"was_recovering":true}}"#],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_server_s_subscriptions_recover_with_the_connect() {
    let channels = channels(settings(open()));
    let epoch = epoch(&channels).await;
    publish(&channels, 1, 2).await;
    let mut talk = Talk::new(&channels);
    talk.say(&format!(
        r#"{{"connect":{{"token":"ann in a","subs":{{"a":{{"recover":true,"offset":1,"epoch":"{epoch}"}}}}}},"id":1}}"#
    ))
    .await;
    let reply = talk.hear().await;
    let sub = r#""subs":{"a":{"recoverable":true,"epoch":"EPOCH","publications":[{"data":2,"offset":2}],"recovered":true,"offset":1,"positioned":true,"was_recovering":true}}"#;
    assert!(reply.contains(sub), "{reply}");
    publish(&channels, 3, 3).await;
    let push = r#"{"push":{"channel":"a","pub":{"data":3,"offset":3}}}"#;
    assert_eq!(talk.hear().await, push);
}

#[tokio::test(start_paused = true)]
async fn history_is_read_in_pages_both_ways() {
    let channels = channels(settings(open()).history_limit(3));
    publish(&channels, 1, 5).await;
    let mut talk = Talk::connected(&channels, "ann").await;
    for (request, offsets) in [
        (r#""limit":0"#, ""),
        (r#""limit":2"#, "1,2"),
        (r#""limit":-1"#, "1,2,3"),
        (r#""limit":9,"since":{"offset":3}"#, "4,5"),
        (r#""limit":2,"reverse":true"#, "5,4"),
        (r#""limit":2,"reverse":true,"since":{"offset":4}"#, "3,2"),
    ] {
        talk.say(&format!(
            r#"{{"history":{{"channel":"a",{request}}},"id":2}}"#
        ))
        .await;
        let offsets = offsets.split(',').filter(|offset| !offset.is_empty());
        let publications: Vec<_> = offsets
            .map(|offset| {
                // The first of a stream says which stream it is.
                let epoch = if offset == "1" {
                    r#","epoch":"EPOCH""#
                } else {
                    ""
                };
                format!(r#"{{"data":{offset},"offset":{offset}{epoch}}}"#)
            })
            .collect();
        let expected = format!(
            r#"{{"id":2,"history":{{"publications":[{}],"epoch":"EPOCH","offset":5}}}}"#,
            publications.join(",")
        );
        assert_eq!(talk.hear().await, expected, "{request}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_position_that_is_right_survives_the_checks() {
    let channels = channels(settings(open()));
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.say(r#"{"subscribe":{"channel":"a"},"id":2}"#).await;
    talk.hear().await;
    publish(&channels, 1, 1).await;
    talk.hear().await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(200);
    loop {
        let next = tokio::time::timeout_at(deadline, talk.0.recv()).await;
        let Ok(message) = next else { break };
        assert_eq!(plain(&message.unwrap()), "{}");
        talk.say("{}").await;
    }
}
