//! Who is not let in: foreign origins, interceptors that refuse, panic or never answer, too many connections; and who
//! gets a page instead.

use std::future::pending;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header, request::Parts};
use sockeye_endpoint::{Endpoints, Initiator::Peer, Interceptor, Refusal, UpgradeRequest};
use sockeye_types::Limits;

use crate::{
    client::{Client, Reply, close_frame, handshake},
    served::{Echo, SOON, Served},
};

async fn ask(served: &Served, request: &str) -> Reply {
    let mut client = Client::connect(served.addr).await;
    client.send(request.as_bytes()).await;
    client.reply().await
}

async fn intercepted(interceptor: impl Interceptor) -> Served {
    Served::server(
        |watch| {
            Endpoints::new()
                .at("/", Echo(watch))
                .interceptor(interceptor)
        },
        |server| server.handshake_time(SOON),
    )
    .await
}

#[tokio::test]
async fn a_foreign_origin_is_refused_with_403() {
    let served = Served::echo(Limits::default()).await;
    for origin in [
        "https://evil.test",
        "null",
        "http://sockeye.test:81",
        "http://sockeye.test.evil.test",
    ] {
        let reply = ask(&served, &handshake("/", &format!("Origin: {origin}\r\n"))).await;
        assert_eq!(reply.status, 403, "{origin}");
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn the_own_origin_is_let_in() {
    let served = Served::echo(Limits::default()).await;
    let mut client = Client::connect(served.addr).await;
    client
        .shake_hands("/", "Origin: https://sockeye.test\r\n")
        .await;
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.end().await, (1000, Peer));
}

#[tokio::test]
async fn an_interceptor_refuses_with_its_status_headers_and_words() {
    let served = intercepted(|_: &mut UpgradeRequest<'_>| {
        let refusal = Refusal::new(StatusCode::UNAUTHORIZED, "who are you?\n");
        Err(refusal.header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
    })
    .await;
    let reply = ask(&served, &handshake("/", "")).await;
    assert_eq!((reply.status, reply.body.as_str()), (401, "who are you?\n"));
    assert!(reply.head.contains("www-authenticate: bearer\r\n"));
    served.nobody_came().await;
}

#[tokio::test]
async fn a_closure_that_panics_as_an_interceptor_is_answered_with_500() {
    let served = intercepted(|_: &mut UpgradeRequest<'_>| panic!("in a closure")).await;
    assert_eq!(ask(&served, &handshake("/", "")).await.status, 500);
    served.nobody_came().await;
}

struct Panics;

impl Interceptor for Panics {
    async fn before_upgrade(&self, _: &mut UpgradeRequest<'_>) -> Result<(), Refusal> {
        panic!("in a future")
    }
}

#[tokio::test]
async fn an_interceptor_that_panics_is_answered_with_500() {
    let served = intercepted(Panics).await;
    let reply = ask(&served, &handshake("/", "")).await;
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (500, "internal error\n")
    );
    served.nobody_came().await;
}

struct NeverAnswers;

impl Interceptor for NeverAnswers {
    async fn before_upgrade(&self, _: &mut UpgradeRequest<'_>) -> Result<(), Refusal> {
        pending().await
    }
}

#[tokio::test]
async fn an_interceptor_that_never_answers_is_answered_for_with_503() {
    let served = intercepted(NeverAnswers).await;
    assert_eq!(ask(&served, &handshake("/", "")).await.status, 503);
    served.nobody_came().await;
}

#[tokio::test]
async fn a_plain_request_for_an_endpoint_is_told_to_upgrade() {
    let served = Served::echo(Limits::default()).await;
    let reply = ask(&served, "GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(reply.status, 426);
    assert!(reply.body.contains("speaks WebSocket"));
    served.nobody_came().await;
}

fn page(head: &Parts) -> Option<Response<Bytes>> {
    (head.uri.path() != "/none").then(|| Response::new(Bytes::from_static(b"a page")))
}

#[tokio::test]
async fn plain_requests_get_pages_and_handshakes_do_not() {
    let served = Served::server(
        |watch| Endpoints::new().at("/", Echo(watch)),
        |server| server.pages(page),
    )
    .await;
    for path in ["/", "/elsewhere"] {
        let reply = ask(&served, &format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, "a page"));
    }
    let none = ask(&served, "GET /none HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(none.status, 404);
    assert_eq!(ask(&served, &handshake("/elsewhere", "")).await.status, 404);
    let mut client = served.client().await;
    client.echo("no page").await;
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.end().await, (1000, Peer));
}

#[tokio::test]
async fn one_connection_too_many_is_answered_with_503_until_another_has_ended() {
    // The innocent client has one, the test another.
    let mut served = Served::server(
        |watch| Endpoints::new().at("/", Echo(watch)),
        |server| server.connections(2),
    )
    .await;
    let mut second = served.client().await;
    let reply = ask(&served, &handshake("/", "")).await;
    assert_eq!(reply.status, 503);
    assert!(reply.head.contains("retry-after: 10\r\n"), "{reply:?}");
    second.send(&close_frame(1000)).await;
    assert_eq!(second.verdict().await, Some(1000));
    assert_eq!(served.ends.next().await, (1000, Peer));
    // Its socket may be counted a moment longer than its session.
    loop {
        let mut third = Client::connect(served.addr).await;
        third.send(handshake("/", "").as_bytes()).await;
        let status = third.reply().await.status;
        if status == 101 {
            third.send(&close_frame(1001)).await;
            assert_eq!(third.verdict().await, Some(1001));
            break;
        }
        assert_eq!(status, 503);
    }
    assert_eq!(served.ends.next().await, (1001, Peer));
    served.finish().await;
}
