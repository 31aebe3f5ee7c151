//! What the server's API does to connections.

use bytes::Bytes;
use sockeye_channels::{PublishOrder, ServerSubscription, Whom};

use crate::talk::{Talk, channels, open, settings, told};

#[tokio::test(start_paused = true)]
async fn the_server_subscribes_and_unsubscribes() {
    let channels = channels(settings(told()));
    let mut talk = Talk::connected(&channels, "ann").await;
    let (ann, given) = (Whom::user("ann"), ServerSubscription::default());
    channels.subscribe(&ann, "news", given, None).await.unwrap();
    let expected = [
        r#"{"push":{"channel":"news","subscribe":{"recoverable":true,"epoch":"EPOCH","positioned":true}}}"#,
        r#"{"push":{"channel":"news","join":{"info":{"user":"ann","client":"CLIENT"}}}}"#,
    ];
    for expected in expected {
        assert_eq!(talk.hear().await, expected);
    }
    assert_eq!(channels.connections("ann")[0].channels, ["news".into()]);
    assert_eq!(channels.presence("news").await.unwrap().len(), 1);
    channels.unsubscribe(&ann, "news").await;
    let ended =
        r#"{"push":{"channel":"news","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}}"#;
    assert_eq!(talk.hear().await, ended);
    // Also to who was not subscribed.
    channels.unsubscribe(&ann, "news").await;
    assert_eq!(talk.hear().await, ended);
    let unknown = channels.subscribe(&ann, "none:a", ServerSubscription::default(), None);
    assert_eq!(unknown.await.unwrap_err().code().code(), 102);
}

#[tokio::test(start_paused = true)]
async fn the_server_speaks_to_a_user_and_ends_its_connections() {
    let channels = channels(settings(open()));
    let mut first = Talk::connected(&channels, "ann").await;
    let mut second = Talk::connected(&channels, "ann").await;
    let mut other = Talk::connected(&channels, "ben").await;
    let ann = Whom::user("ann");
    channels.send_to_user(&ann, &Bytes::from_static(b"[1]"));
    for talk in [&mut first, &mut second] {
        assert_eq!(talk.hear().await, r#"{"push":{"message":{"data":[1]}}}"#);
    }
    other.hears_nothing();
    channels.refresh(&ann, 0, None);
    assert_eq!(first.hear().await, r#"{"push":{"refresh":{}}}"#);
    let kept = channels.connections("ann")[0].client.to_string();
    let mut others = ann.clone();
    others.except.push(kept);
    channels.disconnect(&others, None);
    second.is_closed(3503, "force disconnect").await;
    channels.disconnect(&ann, Some((4000, "by hand".to_owned())));
    first.is_closed(4000, "by hand").await;
    assert_eq!((channels.info().clients, channels.info().users), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_published_twice_under_a_key_is_published_once() {
    let channels = channels(settings(open()));
    let order = PublishOrder {
        idempotency_key: "k".to_owned(),
        ..PublishOrder::of("1")
    };
    let both = ["a".to_owned(), "b".to_owned(), "none:c".to_owned()];
    for _ in 0..2 {
        let answers = channels.broadcast(&both, &order).await;
        let offsets = answers.iter().map(|answer| {
            let published = answer.as_ref().ok()?;
            published.position.as_ref().map(|position| position.offset)
        });
        assert_eq!(offsets.collect::<Vec<_>>(), [Some(1), Some(1), None]);
    }
    channels.history_remove("a").await.unwrap();
    let history = channels
        .history("a", sockeye_channels::Read::default())
        .await
        .unwrap();
    assert_eq!((history.publications.len(), history.top.offset), (0, 1));
}
