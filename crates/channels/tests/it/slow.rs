//! Who reads too slowly: what the namespace's policy makes of it, and that nobody else notices.

use std::time::Duration;

use sockeye_channels::{Access, Channels, Durability, Namespace, OverflowPolicy, PublishOrder};
use sockeye_endpoint::{Endpoints, MemoryPeer};
use sockeye_types::Limits;

use crate::talk::{Talk, channels, open, plain, settings};

/// A client whose outbox has room for two publications or so.
fn narrow(channels: &Channels) -> Talk {
    let limits = Limits::default().outbox_bytes(2500).message_bytes(2500);
    let endpoints = Endpoints::new().at("/", channels.handler()).limits(limits);
    Talk(MemoryPeer::at(endpoints, "/").unwrap().unwrap())
}

async fn subscribed(channels: &Channels) -> Talk {
    let mut talk = narrow(channels);
    talk.say("{\"connect\":{},\"id\":1}\n{\"subscribe\":{\"channel\":\"a\"},\"id\":2}")
        .await;
    for id in ["\"id\":1", "\"id\":2"] {
        let reply = talk.hear().await;
        assert!(reply.contains(id), "{reply}");
    }
    talk
}

async fn publish(channels: &Channels, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let data = format!("\"{number}-{}\"", "x".repeat(1000));
        let order = PublishOrder {
            key: format!("k{}", number % 2),
            ..PublishOrder::of(data)
        };
        channels.publish("a", order).await.unwrap();
    }
}

/// The numbers of the publications that are heard, and how many the last of them says were skipped before it.
async fn heard_until(talk: &mut Talk, last: u32) -> (Vec<u32>, u32) {
    let (mut heard, mut skipped) = (Vec::new(), 0);
    while heard.last() != Some(&last) {
        let push = plain(&talk.0.recv().await.unwrap());
        let (_, data) = push.split_once(r#""data":""#).unwrap();
        heard.push(data.split('-').next().unwrap().parse().unwrap());
        if let Some((_, said)) = push.split_once(r#""sockeye-skipped":""#) {
            let said: u32 = said.split('"').next().unwrap().parse().unwrap();
            skipped += said;
        }
    }
    (heard, skipped)
}

/// Without history: nobody is positioned.
fn live(policy: OverflowPolicy) -> Namespace {
    let all = Access::CLIENTS.and_anonymous();
    let namespace = Namespace::default()
        .durability(Durability::Ephemeral)
        .allow_subscribe(all)
        .overflow(policy);
    match policy {
        OverflowPolicy::Close => namespace,
        _ => namespace.overflow_publications(3),
    }
}

#[tokio::test(start_paused = true)]
async fn by_default_it_is_closed_as_slow() {
    let channels = channels(settings(live(OverflowPolicy::Close)));
    let (mut slow, mut quick) = (subscribed(&channels).await, subscribed(&channels).await);
    for number in 0..10 {
        publish(&channels, number..number + 1).await;
        assert_eq!(heard_until(&mut quick, number).await.0, [number]);
    }
    while slow.0.recv().await.is_some() {}
    slow.is_closed(3008, "slow").await;
}

#[tokio::test(start_paused = true)]
async fn it_may_miss_the_oldest_and_is_told_how_many() {
    let channels = channels(settings(live(OverflowPolicy::DropOldest)));
    let mut slow = subscribed(&channels).await;
    publish(&channels, 0..20).await;
    let (heard, skipped) = heard_until(&mut slow, 19).await;
    assert!(heard.is_sorted() && heard.len() < 10, "{heard:?}");
    assert_eq!(heard.len() + skipped as usize, 20, "{heard:?}");
    publish(&channels, 20..21).await;
    assert_eq!(heard_until(&mut slow, 20).await, (vec![20], 0));
}

#[tokio::test(start_paused = true)]
async fn it_may_get_the_latest_of_each_key() {
    let channels = channels(settings(live(OverflowPolicy::Conflate)));
    let mut slow = subscribed(&channels).await;
    publish(&channels, 0..20).await;
    let (heard, skipped) = heard_until(&mut slow, 19).await;
    assert!(heard.ends_with(&[18, 19]), "{heard:?}");
    assert_eq!(heard.len() + skipped as usize, 20, "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn who_has_a_position_is_told_to_come_back_and_recovers_all_of_it() {
    let namespace = open()
        .history(100, Duration::from_secs(60))
        .overflow(OverflowPolicy::DropOldest)
        .overflow_publications(3);
    let channels = channels(settings(namespace));
    let mut slow = subscribed(&channels).await;
    publish(&channels, 1..21).await;
    let mut heard = Vec::new();
    loop {
        let push = plain(&slow.0.recv().await.unwrap());
        let Some((_, offset)) = push.split_once(r#""offset":"#) else {
            let told = r#"{"push":{"channel":"a","unsubscribe":{"code":2500,"reason":"insufficient state"}}}"#;
            assert_eq!(push, told);
            break;
        };
        let digits = offset.find(|c: char| !c.is_ascii_digit());
        heard.push(offset[..digits.unwrap()].parse::<u32>().unwrap());
    }
    assert!(
        heard.iter().zip(1..).all(|(at, count)| *at == count),
        "{heard:?}"
    );
    let mut wide = Talk::connected(&channels, "ann").await;
    wide.say(&format!(
        r#"{{"subscribe":{{"channel":"a","recover":true,"offset":{}}},"id":2}}"#,
        heard.len()
    ))
    .await;
    let reply = wide.hear().await;
    assert!(reply.contains(r#""recovered":true"#), "{reply}");
    assert_eq!(reply.matches(r#""data""#).count(), 20 - heard.len());
}
