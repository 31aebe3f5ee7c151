//! What the server's API does to connections.

use bytes::Bytes;
use sockeye_channels::{PublishOrder, Read, ServerSubscription, StreamPosition, Whom};
use sockeye_endpoint::{Endpoints, MemoryPeer};

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
    let kept = channels.connections("ann")[0].client.to_string();
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
    let mut others = ann.clone();
    others.except.push(kept);
    channels.disconnect(&others, None);
    second.is_closed(3503, "force disconnect").await;
    channels.disconnect(&ann, Some((4000, "by hand".to_owned())));
    first.is_closed(4000, "by hand").await;
    assert_eq!((channels.info().clients, channels.info().users), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn one_connection_of_a_user_is_found_by_the_secret_that_it_was_told() {
    let channels = channels(settings(open()));
    let mut both = Talk::connected(&channels, "ann").await;
    let endpoints = Endpoints::new().at("/", channels.handler().one_way());
    let mut listener = MemoryPeer::at(endpoints, "/").unwrap().unwrap();
    listener.send(r#"{"token":"ann"}"#).await;
    let told = listener.recv().await.unwrap();
    let session = regex::Regex::new(r#""session":"([^"]+)""#).unwrap();
    let session = session.captures(told.as_text().unwrap()).unwrap()[1].to_owned();
    let ann = Whom::user("ann");
    let another = Whom {
        session: session.replace('-', "_"),
        ..ann.clone()
    };
    assert_eq!(
        channels.send_to_user(&another, &Bytes::from_static(b"1")),
        0
    );
    let one = Whom { session, ..ann };
    assert_eq!(channels.send_to_user(&one, &Bytes::from_static(b"2")), 1);
    assert_eq!(
        listener.recv().await.unwrap().as_text(),
        Some(r#"{"message":{"data":2}}"#)
    );
    both.hears_nothing();
}

#[tokio::test(start_paused = true)]
async fn a_subscription_by_the_server_brings_what_was_missed() {
    let channels = channels(settings(open()));
    for number in 1..4 {
        let order = PublishOrder::of(number.to_string());
        channels.publish("news", order).await.unwrap();
    }
    let top = channels.history("news", Read::default()).await.unwrap().top;
    let mut talk = Talk::connected(&channels, "ann").await;
    let (ann, given) = (Whom::user("ann"), ServerSubscription::default());
    let since = StreamPosition { offset: 1, ..top };
    let done = channels.subscribe(&ann, "news", given, Some(since));
    done.await.unwrap();
    let told = [
        r#"{"push":{"channel":"news","subscribe":{"recoverable":true,"epoch":"EPOCH","offset":1,"positioned":true}}}"#,
        r#"{"push":{"channel":"news","pub":{"data":2,"offset":2}}}"#,
        r#"{"push":{"channel":"news","pub":{"data":3,"offset":3}}}"#,
    ];
    assert_eq!(talk.hear().await, told.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn connections_are_listed_by_age_and_those_of_nobody_too() {
    let channels = channels(settings(open()));
    for user in ["", "ann"] {
        let mut talks = Vec::new();
        for seconds in 0..4 {
            talks.push(Talk::connected(&channels, user).await);
            assert_eq!(channels.connections(user).len(), seconds + 1);
            tokio::time::advance(std::time::Duration::from_secs(1)).await;
        }
        let listed = channels.connections(user);
        for (talk, connection) in talks.iter_mut().zip(&listed) {
            let whom = Whom {
                client: connection.client.to_string(),
                ..Whom::user(user)
            };
            assert_eq!(channels.send_to_user(&whom, &Bytes::from_static(b"1")), 1);
            assert_eq!(talk.hear().await, r#"{"push":{"message":{"data":1}}}"#);
        }
        let whom = Whom::user(user);
        channels.disconnect(&whom, None);
        for mut talk in talks {
            talk.is_closed(3503, "force disconnect").await;
        }
        assert_eq!(channels.connections(user).len(), 0);
        assert_eq!((channels.info().clients, channels.info().users), (0, 0));
    }
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
    let history = channels.history("a", Read::default()).await.unwrap();
    assert_eq!((history.publications.len(), history.top.offset), (0, 1));
}
