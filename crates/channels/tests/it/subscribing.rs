//! Subscribe, publish, presence, unsubscribe; and what is refused.

use std::num::NonZeroU32;

use sockeye_channels::Namespace;

use crate::talk::{Talk, channels, open, settings, told};

#[tokio::test(start_paused = true)]
async fn what_one_publishes_reaches_all_and_the_publisher_behind_its_reply() {
    let channels = channels(settings(open()));
    let mut ann = Talk::connected(&channels, "ann").await;
    let mut ben = Talk::connected(&channels, "ben").await;
    for talk in [&mut ann, &mut ben] {
        talk.say(r#"{"subscribe":{"channel":"a"},"id":2}"#).await;
        talk.hear().await;
    }
    ann.say(r#"{"publish":{"channel":"a","data":{"x": 1.50}},"id":3}"#)
        .await;
    let push = r#"{"push":{"channel":"a","pub":{"data":{"x": 1.50},"info":{"user":"ann","client":"CLIENT"},"offset":1,"epoch":"EPOCH"}}}"#;
    assert_eq!(ben.hear().await, push);
    let both = [ann.hear().await, ann.hear().await];
    assert!(both.contains(&push.to_owned()), "{both:?}");
    assert!(
        both.contains(&r#"{"id":3,"publish":{}}"#.to_owned()),
        "{both:?}"
    );
    ben.exchange(
        r#"{"unsubscribe":{"channel":"a"},"id":3}"#,
        &[r#"{"id":3,"unsubscribe":{}}"#],
    )
    .await;
    ann.say(r#"{"publish":{"channel":"a","data":2},"id":4}"#)
        .await;
    ben.hears_nothing();
    ben.exchange(
        r#"{"unsubscribe":{"channel":"a"},"id":4}"#,
        &[r#"{"id":4,"unsubscribe":{}}"#],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn presence_is_exact_and_who_comes_and_leaves_is_told_in_order() {
    let channels = channels(settings(told()));
    let mut ann = Talk::connected(&channels, "ann").await;
    let told = |kind, user| {
        format!(
            r#"{{"push":{{"channel":"a","{kind}":{{"info":{{"user":"{user}","client":"CLIENT"}}}}}}}}"#
        )
    };
    ann.say(r#"{"subscribe":{"channel":"a"},"id":2}"#).await;
    ann.hear().await;
    assert_eq!(ann.hear().await, told("join", "ann"));
    let mut ben = Talk::connected(&channels, "ben").await;
    ben.say(r#"{"subscribe":{"channel":"a"},"id":2}"#).await;
    assert_eq!(ann.hear().await, told("join", "ben"));
    ann.exchange(
        r#"{"presence_stats":{"channel":"a"},"id":3}"#,
        &[r#"{"id":3,"presence_stats":{"num_clients":2,"num_users":2}}"#],
    )
    .await;
    ben.0.lose().await;
    assert_eq!(ann.hear().await, told("leave", "ben"));
    ann.exchange(
        r#"{"presence":{"channel":"a"},"id":4}"#,
        &[r#"{"id":4,"presence":{"presence":{"CLIENT":{"user":"ann","client":"CLIENT"}}}}"#],
    )
    .await;
    ann.0.lose().await;
    assert_eq!(channels.presence_stats("a").await.unwrap().num_clients, 0);
    assert!(channels.channels().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_leaves_the_connection_usable() {
    let settings = settings(open().subscribes_per_second_per_client(NonZeroU32::new(3)));
    let channels = channels(
        settings
            .channel_limit(2)
            .namespace("shut", Namespace::default()),
    );
    let mut talk = Talk::connected(&channels, "ann").await;
    let long = format!(
        r#"{{"subscribe":{{"channel":"{}"}},"id":2}}"#,
        "a".repeat(256)
    );
    for (say, code) in [
        (r#"{"subscribe":{"channel":"none:a"},"id":2}"#, 102),
        (r#"{"subscribe":{"channel":"shut:a"},"id":2}"#, 103),
        (r#"{"subscribe":{"channel":"$a"},"id":2}"#, 103),
        (&long, 107),
        (r#"{"subscribe":{"channel":"a","type":1},"id":2}"#, 108),
        (
            r#"{"subscribe":{"channel":"a","tf":{"key":"x","cmp":"eq","val":"1"}},"id":2}"#,
            107,
        ),
        (r#"{"publish":{"channel":"a"},"id":2}"#, 107),
        (r#"{"publish":{"channel":"shut:a","data":1},"id":2}"#, 103),
        (r#"{"presence":{"channel":"shut:a"},"id":2}"#, 108),
        (r#"{"history":{"channel":"shut:a"},"id":2}"#, 108),
        (
            r#"{"history":{"channel":"a","reverse":true,"since":{}},"id":2}"#,
            107,
        ),
        (
            r#"{"history":{"channel":"a","since":{"epoch":"other"}},"id":2}"#,
            112,
        ),
        (r#"{"rpc":{"method":"x"},"id":2}"#, 108),
        (r#"{"sub_refresh":{"channel":"a","token":"x"},"id":2}"#, 103),
    ] {
        talk.say(say).await;
        let answer = talk.hear().await;
        let expected = format!(r#"{{"id":2,"error":{{"code":{code},"message":""#);
        assert!(answer.starts_with(&expected), "{say}: {answer}");
        tokio::time::advance(std::time::Duration::from_millis(400)).await;
    }
    for (say, code) in [("a", None), ("a", Some(105)), ("b", None), ("c", Some(106))] {
        talk.say(&format!(r#"{{"subscribe":{{"channel":"{say}"}},"id":3}}"#))
            .await;
        let answer = talk.hear().await;
        let got = code.is_some_and(|code: u32| answer.contains(&code.to_string()));
        assert_eq!(got, code.is_some(), "{say}: {answer}");
    }
    let errors = channels.tally().errors();
    assert_eq!(errors[&108], 4, "{errors:?}");
    talk.say(r#"{"subscribe":{"channel":""},"id":4}"#).await;
    talk.is_closed(3501, "bad request").await;
}

#[tokio::test(start_paused = true)]
async fn who_asks_too_often_is_told_so() {
    let two = settings(open()).commands_per_second(NonZeroU32::new(2));
    let channels = channels(two);
    let mut talk = Talk::connected(&channels, "ann").await;
    let frame = [2, 3, 4].map(|id| format!(r#"{{"unsubscribe":{{"channel":"a"}},"id":{id}}}"#));
    let refused = r#"{"id":4,"error":{"code":111,"message":"too many requests","temporary":true}}"#;
    let replies = format!(
        "{}\n{}\n{refused}",
        r#"{"id":2,"unsubscribe":{}}"#, r#"{"id":3,"unsubscribe":{}}"#
    );
    // Replies of one frame leave together.
    talk.exchange(&frame.join("\n"), &[&replies]).await;
    let only_slow = open().publishes_per_second_per_channel(NonZeroU32::new(1));
    let channels = crate::talk::channels(settings(only_slow));
    let mut ann = Talk::connected(&channels, "ann").await;
    let mut ben = Talk::connected(&channels, "ben").await;
    let publish = r#"{"publish":{"channel":"a","data":1},"id":2}"#;
    ann.exchange(publish, &[r#"{"id":2,"publish":{}}"#]).await;
    let refused = refused.replace(":4,", ":2,");
    ben.exchange(publish, &[&refused]).await;
}

#[tokio::test(start_paused = true)]
async fn a_token_opens_a_private_channel_to_its_user() {
    let channels = channels(settings(Namespace::default()));
    let mut talk = Talk::connected(&channels, "ann").await;
    let expired = r#"{"id":2,"error":{"code":109,"message":"token expired"}}"#;
    talk.exchange(
        r#"{"subscribe":{"channel":"$a","token":"ann $a until 0"},"id":2}"#,
        &[expired],
    )
    .await;
    talk.exchange(
        r#"{"subscribe":{"channel":"$a","token":"ann $a until 60"},"id":3}"#,
        &[r#"{"id":3,"subscribe":{"expires":true,"ttl":60}}"#],
    )
    .await;
    talk.say(r#"{"subscribe":{"channel":"$b","token":"ben $b"},"id":4}"#)
        .await;
    talk.is_closed(3500, "invalid token").await;
}

#[tokio::test(start_paused = true)]
async fn a_filter_lets_through_what_is_wanted() {
    let channels = channels(settings(open().with_tags_filters()));
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.say(r#"{"subscribe":{"channel":"a","tf":{"key":"x","cmp":"eq","val":"1"}},"id":2}"#)
        .await;
    talk.hear().await;
    for x in ["2", "1"] {
        let mut order = sockeye_channels::PublishOrder::of(x.as_bytes().to_vec());
        order.tags.insert("x".to_owned(), x.to_owned());
        channels.publish("a", order).await.unwrap();
    }
    assert_eq!(
        talk.hear().await,
        r#"{"push":{"channel":"a","pub":{"data":1,"offset":2,"tags":{"x":"1"}}}}"#
    );
}
