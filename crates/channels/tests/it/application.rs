//! What the application is asked, and what its answers do.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use sockeye_channels::{
    Caller, Calling, Connecting, ConnectionGrant, HookReply, Hooks, PublishGrant, Publishing,
    Refreshed, Refused, Rpc, ServerSubscription, Subscribing,
};
use tokio::time::Instant;

use crate::talk::{Talk, channels, open, settings};

#[derive(Debug, Default)]
struct Application {
    heard: Mutex<Vec<String>>,
    refreshed: Mutex<u32>,
}

impl Application {
    fn hear(&self, what: String) {
        self.heard.lock().unwrap().push(what);
    }
}

fn now<'a, T: Send + 'a>(answer: Result<T, Refused>) -> HookReply<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl Hooks for Application {
    fn connect(&self, request: Connecting) -> HookReply<'_, Option<ConnectionGrant>> {
        let grant = ConnectionGrant {
            user: "ann".to_owned(),
            data: request.data,
            ..ConnectionGrant::default()
        };
        now(Ok((request.name == "js").then_some(grant)))
    }

    fn subscribe(&self, request: Subscribing) -> HookReply<'_, ServerSubscription> {
        now(match request.channel.as_str() {
            "a" => Ok(ServerSubscription {
                data: Bytes::from_static(b"[1]"),
                info: Bytes::from_static(b"{\"seat\":4}"),
                ..ServerSubscription::default()
            }),
            "shut" => Err(Refused::Disconnect {
                code: 4501,
                reason: "away with you".into(),
            }),
            _ => Err(Refused::Error {
                code: 1000,
                message: "no seat".into(),
                temporary: true,
            }),
        })
    }

    fn publish(&self, request: Publishing) -> HookReply<'_, PublishGrant> {
        now(Ok(PublishGrant {
            data: Some(Bytes::from(format!("[{}]", request.data.len()))),
            ..PublishGrant::default()
        }))
    }

    fn rpc(&self, request: Calling) -> HookReply<'_, Bytes> {
        now(match request.method.as_str() {
            "echo" => Ok(request.data),
            _ => Err(Refused::Failed("down".into())),
        })
    }

    fn refresh(&self, _: Caller) -> HookReply<'_, Refreshed> {
        *self.refreshed.lock().unwrap() += 1;
        now(Ok(Refreshed::Expired))
    }

    fn sub_refresh(&self, _: Caller, channel: String) -> HookReply<'_, Refreshed> {
        let for_ever = Refreshed::Until {
            expire_at: 0,
            info: None,
        };
        now(Ok(if channel == "kept" {
            for_ever
        } else {
            Refreshed::Expired
        }))
    }

    fn send(&self, caller: Caller, data: Bytes) -> HookReply<'_, ()> {
        self.hear(format!("{} sent {} bytes", caller.user, data.len()));
        now(Ok(()))
    }

    fn disconnected(&self, caller: Caller, code: u32, _: &str) {
        self.hear(format!("{} left with {code}", caller.user));
    }

    fn unsubscribed(&self, caller: Caller, channel: &str, code: u32) {
        self.hear(format!("{} left {channel} with {code}", caller.user));
    }
}

#[tokio::test(start_paused = true)]
async fn the_application_says_who_may_do_what() {
    let application = Arc::new(Application::default());
    let asking = settings(open().with_subscribe_hook().with_publish_hook())
        .with_connect_hook()
        .rpc(Rpc::default().with_plain_methods());
    let channels = channels(asking).hooks(Arc::<Application>::clone(&application));
    let mut talk = Talk::new(&channels);
    talk.exchange(
        r#"{"connect":{"name":"js","data":{"a":1}},"id":1}"#,
        &[r#"{"id":1,"connect":{"client":"CLIENT","version":"V","data":{"a":1},"ping":25,"pong":true}}"#],
    )
    .await;
    let push = r#"{"push":{"channel":"a","pub":{"data":[3],"info":{"user":"ann","client":"CLIENT","chan_info":{"seat":4}},"offset":1,"epoch":"EPOCH"}}}"#;
    for (say, expected) in [
        (
            r#"{"subscribe":{"channel":"a"},"id":2}"#,
            &[
                r#"{"id":2,"subscribe":{"recoverable":true,"epoch":"EPOCH","positioned":true,"data":[1]}}"#,
            ][..],
        ),
        (
            r#"{"subscribe":{"channel":"b"},"id":3}"#,
            &[r#"{"id":3,"error":{"code":1000,"message":"no seat","temporary":true}}"#],
        ),
        (
            r#"{"publish":{"channel":"a","data":123},"id":4}"#,
            &[push, r#"{"id":4,"publish":{}}"#],
        ),
        (
            r#"{"rpc":{"method":"echo","data":"x"},"id":5}"#,
            &[r#"{"id":5,"rpc":{"data":"x"}}"#],
        ),
        (
            r#"{"rpc":{"method":"fail"},"id":6}"#,
            &[
                r#"{"id":6,"error":{"code":100,"message":"internal server error","temporary":true}}"#,
            ],
        ),
        (
            r#"{"rpc":{"method":"other:x"},"id":7}"#,
            &[r#"{"id":7,"error":{"code":104,"message":"method not found"}}"#],
        ),
    ] {
        talk.exchange(say, expected).await;
    }
    talk.say(r#"{"send":{"data":12}}"#).await;
    talk.say(r#"{"subscribe":{"channel":"shut"},"id":8}"#).await;
    talk.is_closed(4501, "away with you").await;
    let heard = application.heard.lock().unwrap().join("; ");
    assert_eq!(
        heard,
        "ann sent 2 bytes; ann left a with 1; ann left with 4501"
    );
}

#[tokio::test(start_paused = true)]
async fn what_nobody_takes_ends_the_connection() {
    let channels = channels(settings(open()));
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.say(r#"{"send":{"data":12}}"#).await;
    talk.is_closed(3508, "not available").await;
}

#[tokio::test(start_paused = true)]
async fn where_the_application_refreshes_clients_have_nothing_to_do() {
    let application = Arc::new(Application::default());
    let channels = channels(settings(open()).with_refresh_hook())
        .hooks(Arc::<Application>::clone(&application));
    let start = Instant::now();
    let mut talk = Talk::new(&channels);
    talk.exchange(
        r#"{"connect":{"token":"ann until 10"},"id":1}"#,
        &[r#"{"id":1,"connect":{"client":"CLIENT","version":"V","ping":25,"pong":true}}"#],
    )
    .await;
    talk.is_closed(3005, "connection expired").await;
    assert_eq!(
        (
            start.elapsed().as_secs(),
            *application.refreshed.lock().unwrap()
        ),
        (10, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn the_application_says_which_subscriptions_go_on() {
    let application = Arc::new(Application::default());
    let channels = channels(settings(open().with_sub_refresh_hook())).hooks(application);
    let mut talk = Talk::connected(&channels, "ann").await;
    for channel in ["kept", "left"] {
        talk.say(&format!(
            r#"{{"subscribe":{{"channel":"{channel}","token":"ann {channel} until 60"}},"id":2}}"#
        ))
        .await;
        // It is not the client's to refresh.
        assert!(!talk.hear().await.contains("expires"));
    }
    let ended = r#"{"push":{"channel":"left","unsubscribe":{"code":2501,"reason":"subscription expired"}}}"#;
    assert_eq!(talk.hear().await, ended);
    assert_eq!(channels.connections("ann")[0].channels, ["kept".into()]);
    talk.say(r#"{"sub_refresh":{"channel":"kept","token":"ann kept"},"id":3}"#)
        .await;
    talk.is_closed(3501, "bad request").await;
}
