//! Handlers that panic or fail: their session is closed with 1011, and nobody else's.

use sockeye_endpoint::{
    Closed, Endpoints, Handler, HandlerResult,
    Initiator::{Handler as ByHandler, Peer},
    Session, Socket,
};
use sockeye_types::Message;

use crate::{
    client::{Client, TEXT, close_frame, masked},
    served::{Served, Watch},
};

/// Does what the message says, and in `on_open` what the query says.
struct Unreliable(Watch);

fn fail(how: &str) -> HandlerResult {
    match how {
        "panic" => panic!("as asked"),
        "error" => Err("as asked".into()),
        _ => Ok(()),
    }
}

impl Handler for Unreliable {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.0.opened();
        fail(session.request().query().unwrap_or_default())
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        session.send(message.clone()).await?;
        fail(message.as_text().unwrap_or_default())
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        let panics = closed.code.as_u16() == 4999;
        self.0.ended(closed);
        assert!(!panics, "as asked");
    }
}

async fn unreliable() -> Served {
    Served::endpoints(|watch| Endpoints::new().at("/", Unreliable(watch))).await
}

#[tokio::test]
async fn a_handler_that_fails_closes_its_session_with_1011_behind_what_it_sent() {
    let mut served = unreliable().await;
    let mut other = served.client().await;
    for how in ["panic", "error"] {
        let mut client = served.client().await;
        client.send(&masked(TEXT, how.as_bytes())).await;
        assert_eq!(client.frame().await.unwrap().payload, how.as_bytes());
        assert_eq!(client.close_code().await, Some(1011));
        client.send(&close_frame(1011)).await;
        assert_eq!(served.ends.next().await, (1011, ByHandler), "{how}");
        served.innocent_talks().await;
        other.echo("the same handler goes on").await;
    }
    other.send(&close_frame(1000)).await;
    assert_eq!(served.ends.next().await, (1000, Peer));
    served.finish().await;
}

#[tokio::test]
async fn a_handler_that_fails_when_a_session_opens_closes_it_with_1011() {
    let mut served = unreliable().await;
    for how in ["/?panic", "/?error"] {
        let mut client = Client::open(served.addr, how).await;
        assert_eq!(client.close_code().await, Some(1011));
        client.send(&close_frame(1011)).await;
        assert_eq!(served.ends.next().await, (1011, ByHandler), "{how}");
    }
    served.finish().await;
}

#[tokio::test]
async fn a_handler_that_panics_when_a_session_ends_harms_nobody() {
    let served = unreliable().await;
    let mut client = served.client().await;
    client.send(&close_frame(4999)).await;
    assert_eq!(client.verdict().await, Some(4999));
    assert_eq!(served.end().await, (4999, Peer));
}

#[tokio::test]
async fn a_function_that_panics_closes_its_session_with_1011() {
    let served = Served::endpoints(|_| {
        Endpoints::new()
            .at("/future", |_: Socket| async { panic!("in its future") })
            .at("/call", |socket: Socket| {
                assert!(
                    socket.session().param("room").is_some(),
                    "when it is called"
                );
                async { Ok(()) }
            })
    })
    .await;
    for path in ["/future", "/call"] {
        let mut client = Client::open(served.addr, path).await;
        assert_eq!(client.close_code().await, Some(1011), "{path}");
        client.send(&close_frame(1011)).await;
    }
    served.finish().await;
}
