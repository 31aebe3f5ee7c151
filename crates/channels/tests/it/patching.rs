//! Patches instead of payloads, for who asks.

use sockeye_channels::{DeltaType, PublishOrder};

use crate::talk::{Talk, channels, open, settings};

fn patched() -> sockeye_channels::Namespace {
    open().allowed_delta_types(vec![DeltaType::Fossil])
}

const LONG: &str =
    "a payload that is long enough for a patch of it to be worth it, whatever else there is";

async fn publish(channels: &sockeye_channels::Channels, number: u32) {
    let data = format!(r#"{{"n":{number},"text":"{LONG}"}}"#);
    channels.publish("a", PublishOrder::of(data)).await.unwrap();
}

/// Whether a push or reply holds a whole payload, as a string, and how many patches.
fn kinds(text: &str) -> (usize, usize) {
    let patches = text.matches(r#""delta":true"#).count();
    (text.matches("a payload").count(), patches)
}

#[tokio::test(start_paused = true)]
async fn the_first_is_whole_and_each_next_a_patch_also_behind_a_recovery() {
    let channels = channels(settings(patched()));
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.say(r#"{"subscribe":{"channel":"a","delta":"fossil"},"id":2}"#)
        .await;
    let reply = talk.hear().await;
    // The result says so; patches are marked in publications.
    assert!(reply.contains(r#""delta":true"#), "{reply}");
    for (number, expected) in [(1, (1, 0)), (2, (0, 1)), (3, (0, 1))] {
        publish(&channels, number).await;
        let push = talk.hear().await;
        assert_eq!(kinds(&push), expected, "{push}");
        assert!(push.contains(r#""data":""#), "no string: {push}");
    }
    let mut whole = Talk::connected(&channels, "bob").await;
    whole
        .say(r#"{"subscribe":{"channel":"a","recover":true,"offset":1,"delta":"fossil"},"id":2}"#)
        .await;
    let reply = whole.hear().await;
    // The result's own mark is one of the two.
    assert_eq!(kinds(&reply), (1, 2), "{reply}");
    publish(&channels, 4).await;
    for talk in [&mut talk, &mut whole] {
        let push = talk.hear().await;
        assert_eq!(kinds(&push), (0, 1), "{push}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_patch_and_a_filter_do_not_go_together_and_who_may_not_gets_whole_payloads() {
    let both = settings(patched().with_tags_filters());
    let mut talk = Talk::connected(&channels(both), "ann").await;
    talk.exchange(
        r#"{"subscribe":{"channel":"a","delta":"fossil","tf":{"key":"k","cmp":"ex"}},"id":2}"#,
        &[r#"{"id":2,"error":{"code":107,"message":"bad request"}}"#],
    )
    .await;
    let channels = channels(settings(open()));
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.say(r#"{"subscribe":{"channel":"a","delta":"fossil"},"id":2}"#)
        .await;
    assert!(!talk.hear().await.contains("delta"));
    for number in 1..3 {
        publish(&channels, number).await;
        let push = talk.hear().await;
        assert_eq!(kinds(&push), (1, 0), "{push}");
    }
}
