//! Who is seen in a channel as time goes by.

use std::time::Duration;

use sockeye_channels::Channels;
use tokio::time::Instant;

use crate::talk::{Talk, channels, open, plain, settings};

/// Answers pings for so long.
async fn stay(talk: &mut Talk, time: Duration) {
    let until = Instant::now() + time;
    while Instant::now() < until {
        let ping = talk.0.recv().await.unwrap();
        assert_eq!(plain(&ping), "{}");
        talk.say("{}").await;
    }
}

async fn seen(channels: &Channels) -> u32 {
    channels.presence_stats("a").await.unwrap().num_clients
}

#[tokio::test(start_paused = true)]
async fn who_stays_is_seen_longer_than_a_lease_and_who_leaves_is_not_brought_back() {
    let settings = settings(open());
    let lease = settings.presence_ttl;
    let channels = channels(settings);
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.say(r#"{"subscribe":{"channel":"a"},"id":2}"#).await;
    talk.hear().await;
    for _ in 0..3 {
        stay(&mut talk, lease).await;
        assert_eq!(seen(&channels).await, 1);
    }
    talk.exchange(
        r#"{"unsubscribe":{"channel":"a"},"id":3}"#,
        &[r#"{"id":3,"unsubscribe":{}}"#],
    )
    .await;
    assert_eq!(seen(&channels).await, 0);
    stay(&mut talk, lease).await;
    assert_eq!(seen(&channels).await, 0);
}
