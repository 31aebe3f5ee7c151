//! What the opening handshake decides, as seen on the wire: interceptors, attributes, parameters, subprotocols.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::Router;
use http::{HeaderValue, StatusCode, header};
use sockeye::{
    Endpoints, HandlerResult, Interceptor, IntoService, Refusal, Socket, UpgradeRequest,
};
use tokio::net::TcpListener;

use crate::client::{Client, ask};

async fn serve(endpoints: Endpoints) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let app = Router::new().fallback_service(endpoints.into_service().unwrap());
    tokio::spawn(axum::serve(listener, app).into_future());
    addr
}

#[derive(Clone)]
struct Rank(u32);

/// Sends what it knows of its session.
async fn introduce(socket: Socket) -> HandlerResult {
    let session = socket.session();
    let rank = session.attribute().map(|Rank(rank)| rank);
    let known = (session.param("room"), session.protocol(), rank);
    socket
        .send(format!("{known:?} {}", session.request().target()))
        .await?;
    Ok(())
}

/// Looks the rank up, which takes a while; refuses those who have none.
struct Ranks(Arc<Mutex<Vec<&'static str>>>);

impl Interceptor for Ranks {
    async fn before_upgrade(&self, request: &mut UpgradeRequest<'_>) -> Result<(), Refusal> {
        self.0.lock().unwrap().push("ranks");
        tokio::task::yield_now().await;
        let rank = request.uri().query().and_then(|query| query.parse().ok());
        let rank = rank.ok_or_else(|| {
            Refusal::new(StatusCode::UNAUTHORIZED, "no rank\n")
                .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Rank"))
        })?;
        request.attributes.insert(Rank(rank));
        Ok(())
    }
}

#[tokio::test]
async fn a_handler_knows_what_the_handshake_decided() {
    let asked = Arc::default();
    let endpoints = Endpoints::new()
        .at("/rooms/{room}", introduce)
        .protocols(["v2", "v1"])
        .interceptor(Ranks(Arc::clone(&asked)));
    let addr = serve(endpoints).await;
    let request = ask(addr, "/rooms/%ED%95%9C?7").protocols(["v0", "v1", "v2"]);
    let mut client = Client::ask(addr, request).await.unwrap();
    assert_eq!(
        client.protocol.as_deref(),
        Some("v2"),
        "the server's preference"
    );
    assert_eq!(
        client.text().await,
        r#"(Some("한"), Some("v2"), Some(7)) /rooms/%ED%95%9C?7"#
    );

    let mut client = Client::ask(addr, ask(addr, "/rooms/a?8").protocols(["v0"]))
        .await
        .unwrap();
    assert_eq!(client.protocol, None);
    assert_eq!(
        client.text().await,
        r#"(Some("a"), None, Some(8)) /rooms/a?8"#
    );
    assert_eq!(*asked.lock().unwrap(), ["ranks", "ranks"]);
}

#[tokio::test]
async fn the_first_interceptor_that_refuses_is_the_last_one_asked() {
    let asked = Arc::default();
    let later = Arc::clone(&asked);
    let endpoints = Endpoints::new()
        .at("/", introduce)
        .interceptor(Ranks(Arc::clone(&asked)))
        .interceptor(move |_: &mut UpgradeRequest<'_>| {
            later.lock().unwrap().push("later");
            Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "later\n"))
        });
    let addr = serve(endpoints).await;
    let refused = Client::ask(addr, ask(addr, "/")).await.err().unwrap();
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (StatusCode::UNAUTHORIZED, "no rank\n")
    );
    assert_eq!(refused.headers[header::WWW_AUTHENTICATE], "Rank");
    let refused = Client::ask(addr, ask(addr, "/?1")).await.err().unwrap();
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(*asked.lock().unwrap(), ["ranks", "ranks", "later"]);
}

#[tokio::test]
async fn an_interceptor_that_panics_refuses_with_500() {
    struct Panics;
    impl Interceptor for Panics {
        async fn before_upgrade(&self, _: &mut UpgradeRequest<'_>) -> Result<(), Refusal> {
            panic!("a secret");
        }
    }
    let endpoints = Endpoints::new()
        .at("/late", introduce)
        .interceptor(Panics)
        .at("/at-once", introduce)
        .interceptor(|_: &mut UpgradeRequest<'_>| panic!("a secret"));
    let addr = serve(endpoints).await;
    for path in ["/late", "/at-once"] {
        let refused = Client::ask(addr, ask(addr, path)).await.err().unwrap();
        let answer = (refused.status, refused.body.as_str());
        assert_eq!(
            answer,
            (StatusCode::INTERNAL_SERVER_ERROR, "internal error\n")
        );
    }
}

#[tokio::test]
async fn a_function_that_panics_before_its_first_await_closes_with_1011() {
    fn fails(_: Socket) -> std::future::Ready<HandlerResult> {
        panic!("a secret");
    }
    let addr = serve(Endpoints::new().at("/", fails)).await;
    let mut client = Client::connect(addr, "/").await;
    assert_eq!(
        client.closed().await.code(),
        sockeye::CloseCode::INTERNAL_ERROR
    );
}
