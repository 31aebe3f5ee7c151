//! The examples do what they say.

use std::{net::SocketAddr, num::NonZeroUsize};

use http::{StatusCode, header};
use sockeye::{CloseCode, Server};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::client::{Client, Refused, ask, with_header};

#[path = "../../examples/axum.rs"]
#[expect(dead_code, reason = "the tests choose their own port")]
mod axum_app;

#[path = "../../examples/say.rs"]
#[expect(dead_code, reason = "the tests choose their own port")]
mod say;

#[tokio::test]
async fn what_one_says_all_hear() {
    let server = Server::new(say::endpoints()).workers(NonZeroUsize::MIN);
    let server = server.bind("127.0.0.1:0").unwrap();
    let addr = server.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(server.run_until(async {
        let _ = stopped.await;
    }));
    let mut ann = Client::connect(addr, "/say").await;
    ann.send("hello?").await;
    assert_eq!(ann.text().await, "hello?");
    let mut bob = Client::connect(addr, "/say").await;
    bob.send("hello!").await;
    assert_eq!(bob.text().await, "hello!");
    assert_eq!(ann.text().await, "hello!");
    stop.send(()).unwrap();
    assert_eq!(ann.closed().await.code(), CloseCode::GOING_AWAY);
    assert_eq!(bob.closed().await.code(), CloseCode::GOING_AWAY);
    served.await.unwrap().unwrap();
}

/// The axum example on a port of its own.
struct App {
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl App {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(async {
            let signal = async {
                let _ = stopped.await;
            };
            axum_app::run(listener, signal).await.unwrap();
        });
        Self { addr, stop, served }
    }

    async fn enter(&self, target: &str, cookie: &str) -> Result<Client, Refused> {
        let request = with_header(ask(self.addr, target), header::COOKIE, cookie);
        Client::ask(self.addr, request).await
    }

    async fn refusal(&self, target: &str, cookie: &str) -> Refused {
        match self.enter(target, cookie).await {
            Ok(_) => panic!("{target} let {cookie} in"),
            Err(refused) => refused,
        }
    }
}

#[tokio::test]
async fn an_axum_app_knows_who_talks_in_its_rooms() {
    let app = App::start().await;
    let mut ann = app
        .enter("/rooms/lobby", "a=b; key=ann-s-key")
        .await
        .unwrap();
    let welcome = ann.text().await;
    assert!(
        welcome.starts_with("welcome, Ann from 127.0.0.1:"),
        "{welcome}"
    );
    let mut bob = app.enter("/rooms/lobby", "key=bob-s-key").await.unwrap();
    bob.text().await;
    bob.send("hello").await;
    assert_eq!(ann.text().await, "Bob: hello");
    let mut elsewhere = app.enter("/rooms/cellar", "key=bob-s-key").await.unwrap();
    assert_eq!(elsewhere.closed().await.code().as_u16(), 4004);

    app.stop.send(()).unwrap();
    assert_eq!(ann.closed().await.code(), CloseCode::GOING_AWAY);
    assert_eq!(bob.closed().await.code(), CloseCode::GOING_AWAY);
    app.served.await.unwrap();
}

#[tokio::test]
async fn an_axum_app_refuses_strangers_foreign_pages_and_unknown_paths() {
    let app = App::start().await;
    let stranger = app.refusal("/rooms/lobby", "key=guessed").await;
    assert_eq!(
        (stranger.status, stranger.body.as_str()),
        (StatusCode::UNAUTHORIZED, "who are you?\n")
    );
    let nowhere = app.refusal("/elsewhere", "key=ann-s-key").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    let ordinary = app.refusal("/", "key=ann-s-key").await;
    assert_eq!(ordinary.status, StatusCode::OK);

    let with_origin = |origin| {
        let request = with_header(
            ask(app.addr, "/rooms/lobby"),
            header::COOKIE,
            "key=ann-s-key",
        );
        Client::ask(app.addr, with_header(request, header::ORIGIN, origin))
    };
    let foreign = with_origin("https://evil.example").await.err().unwrap();
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert!(with_origin("https://www.jocker.com").await.is_ok());
}
