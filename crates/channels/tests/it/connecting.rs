//! Who may connect, and what the first reply says.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use bytes::Bytes;

use sockeye_channels::{
    AnonymousConnect, Grant, JoinLeave, Namespace, PersonalChannel, PersonalConnections, Settings,
    token::{ConnectionClaims, SubscriptionClaims, TokenSettings, Tokens},
};

use crate::talk::{Talk, channels, open, settings, told};

#[tokio::test(start_paused = true)]
async fn connect_and_subscribes_in_one_frame_are_answered_in_order() {
    let channels = channels(settings(open()));
    let mut talk = Talk::new(&channels);
    let frame = "{\"connect\":{\"name\":\"js\"},\"id\":7}\n\
                 {\"subscribe\":{\"channel\":\"a\",\"flag\":1},\"id\":8}\n\
                 {\"subscribe\":{\"channel\":\"b\",\"flag\":1},\"id\":9}";
    let subscribed = |id| {
        format!(
            r#"{{"id":{id},"subscribe":{{"recoverable":true,"epoch":"EPOCH","positioned":true}}}}"#
        )
    };
    let connected = r#"{"id":7,"connect":{"client":"CLIENT","version":"V","ping":25,"pong":true}}"#;
    talk.exchange(frame, &[connected, &subscribed(8), &subscribed(9)])
        .await;
    assert_eq!(channels.info().subscriptions, 2);
}

#[tokio::test(start_paused = true)]
async fn anything_but_connect_first_ends_the_connection() {
    let channels = channels(settings(open()));
    for first in [
        r#"{"subscribe":{"channel":"a"},"id":1}"#,
        r#"{"connect":{}}"#,
        r#"{"ping":{},"id":1}"#,
        "{}",
        "",
        "no json",
        "{\"connect\":{},\"id\":1}\n\n{\"rpc\":{},\"id\":2}",
    ] {
        let mut talk = Talk::new(&channels);
        talk.say(first).await;
        talk.is_closed(3501, "bad request").await;
    }
    let mut talk = Talk::connected(&channels, "").await;
    talk.say(r#"{"connect":{},"id":2}"#).await;
    talk.is_closed(3501, "bad request").await;
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_an_error_and_nothing_is_answered_behind_it() {
    let channels = channels(settings(open()));
    let mut talk = Talk::new(&channels);
    let frame = "{\"connect\":{\"token\":\"ann until 0\"},\"id\":1}\n\
                 {\"subscribe\":{\"channel\":\"a\"},\"id\":2}";
    let refused = r#"{"id":1,"error":{"code":109,"message":"token expired"}}"#;
    talk.exchange(frame, &[refused]).await;
    talk.say(r#"{"connect":{},"id":3}"#).await;
    talk.hears_nothing();
    assert_eq!(channels.info().users, 0);
    talk.is_closed(3502, "stale").await;
}

#[tokio::test(start_paused = true)]
async fn bad_tokens_nobody_and_too_many_are_closed_without_a_reply() {
    let one = Settings::default().user_connection_limit(NonZeroU32::new(1));
    let channels = channels(one.anonymous(AnonymousConnect::Refused));
    let mut first = Talk::connected(&channels, "ann").await;
    for (connect, code, reason) in [
        (
            r#"{"connect":{"token":"bad"},"id":1}"#,
            3500,
            "invalid token",
        ),
        (r#"{"connect":{},"id":1}"#, 3501, "bad request"),
        (
            r#"{"connect":{"token":" until 9"},"id":1}"#,
            3507,
            "permission denied",
        ),
        (
            r#"{"connect":{"token":"ann"},"id":1}"#,
            3504,
            "connection limit",
        ),
    ] {
        let mut talk = Talk::new(&channels);
        talk.say(connect).await;
        talk.is_closed(code, reason).await;
    }
    first.0.lose().await;
    Talk::connected(&channels, "ann").await;
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_stale_after_ten_seconds() {
    let channels = channels(settings(open()));
    let start = tokio::time::Instant::now();
    Talk::new(&channels).is_closed(3502, "stale").await;
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn the_server_s_subscriptions_stand_in_the_reply_and_the_own_join_follows() {
    let own = Namespace::default()
        .history(10, Duration::from_secs(60))
        .recovery(Grant::Forced);
    let own = own
        .with_user_limited_channels()
        .join_leave(JoinLeave::Forced);
    let personal = PersonalChannel::default().namespace("own");
    let personal = settings(told())
        .namespace("own", own)
        .personal_channel(Some(personal));
    let channels = channels(personal);
    let mut talk = Talk::new(&channels);
    talk.say(r#"{"connect":{"token":"ann in news","subs":{"more":{},"$private":{}}},"id":1}"#)
        .await;
    let sub = r#"{"recoverable":true,"epoch":"EPOCH","positioned":true}"#;
    assert_eq!(
        talk.hear().await,
        format!(
            r##"{{"id":1,"connect":{{"client":"CLIENT","version":"V","subs":{{"more":{sub},"news":{sub},"own:#ann":{sub}}},"ping":25,"pong":true}}}}"##
        )
    );
    let mut joins = Vec::new();
    for _ in 0..3 {
        joins.push(talk.hear().await);
    }
    joins.sort();
    for (join, channel) in joins.iter().zip(["more", "news", "own:#ann"]) {
        let expected = format!(
            r#"{{"push":{{"channel":"{channel}","join":{{"info":{{"user":"ann","client":"CLIENT"}}}}}}}}"#
        );
        assert_eq!(*join, expected);
    }
    // It is not the client's to end.
    talk.exchange(
        r#"{"unsubscribe":{"channel":"news"},"id":2}"#,
        &[r#"{"id":2,"unsubscribe":{}}"#],
    )
    .await;
    assert_eq!(channels.info().subscriptions, 3);
}

#[tokio::test(start_paused = true)]
async fn where_a_user_has_one_connection_the_latest_closes_those_before() {
    let latest = PersonalChannel::default().connections(PersonalConnections::Latest);
    let own = Namespace::default()
        .with_user_limited_channels()
        .with_presence();
    let channels = channels(settings(own).personal_channel(Some(latest)));
    let mut first = Talk::connected(&channels, "ann").await;
    let mut other = Talk::connected(&channels, "ben").await;
    Talk::connected(&channels, "ann").await;
    first.is_closed(3504, "connection limit").await;
    other.hears_nothing();
}

#[tokio::test(start_paused = true)]
async fn a_signed_token_says_who_it_is_and_where_it_is_subscribed() {
    let signed = TokenSettings::default().hmac_secret(*b"secret");
    let tokens = Tokens::new(signed, None, None).unwrap();
    let channels = channels(settings(open())).credentials(Arc::new(tokens));
    let mut claims = ConnectionClaims::new("ann");
    claims.channels.push("news".to_owned());
    claims.info = Bytes::from_static(b"{\"n\":1}");
    let token = claims.sign(b"secret").unwrap();
    let mut talk = Talk::connected(&channels, &token).await;
    assert_eq!(&*channels.connections("ann")[0].channels[0], "news");
    talk.exchange(
        r#"{"presence":{"channel":"news"},"id":2}"#,
        &[r#"{"id":2,"presence":{"presence":{"CLIENT":{"user":"ann","client":"CLIENT","conn_info":{"n":1}}}}}"#],
    )
    .await;
    let private = SubscriptionClaims::new("ann", "$a")
        .sign(b"secret")
        .unwrap();
    talk.say(&format!(
        r#"{{"subscribe":{{"channel":"$a","token":"{private}"}},"id":3}}"#
    ))
    .await;
    assert!(talk.hear().await.starts_with(r#"{"id":3,"subscribe""#));
    let mut talk = Talk::new(&channels);
    let forged = claims.sign(b"guess").unwrap();
    talk.say(&format!(r#"{{"connect":{{"token":"{forged}"}},"id":1}}"#))
        .await;
    talk.is_closed(3500, "invalid token").await;
}
