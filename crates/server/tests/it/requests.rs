//! Functions that answer plain requests: what they see, what is refused before them, in every HTTP.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use sockeye_endpoint::{Endpoints, Origins, Requests};
use tokio::{io::AsyncWriteExt, sync::mpsc};

use crate::{
    client::{Client, patiently},
    http2_client::{self, Browser},
    mounted::Mounted,
    served::{SOON, Served},
    sockjs::wire::{Ask, Http},
};

/// Answers with the method, the path and the body.
async fn tell(request: Request<Bytes>) -> Response<Bytes> {
    let (head, body) = request.into_parts();
    let body = String::from_utf8_lossy(&body);
    Response::new(format!("{} {} {body}", head.method, head.uri.path()).into())
}

fn telling() -> Requests {
    Requests::new([Method::POST], tell)
        .with_body_bytes(16)
        .with_body_time(SOON)
        .with_answer_time(SOON)
}

fn api(requests: Requests) -> Endpoints {
    Endpoints::new().requests("/api/{*method}", requests)
}

async fn served(requests: Requests) -> Served {
    Served::endpoints(|_| api(requests)).await
}

#[tokio::test]
async fn a_function_gets_the_body_whole_and_requests_follow_each_other_on_a_connection() {
    let served = served(telling()).await;
    let mut http = Http::connect(served.addr).await;
    let sixteen = "0123456789abcdef";
    for (path, body) in [
        ("/api/publish", "one"),
        ("/api/a/b", ""),
        ("/api/x", sixteen),
    ] {
        http.ask(&Ask::post(path).body(body)).await;
        assert_eq!(http.head.status, 200);
        assert_eq!(http.body().await, format!("POST {path} {body}"));
    }
    http.ask(&Ask::get("/elsewhere")).await;
    assert_eq!(http.head.status, 404);
    served.finish().await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let served = served(telling()).await;
    let mut http = Http::connect(served.addr).await;
    let (one, two) = (
        Ask::post("/api/1").body("one"),
        Ask::post("/api/2").body("two"),
    );
    http.send(&one).await;
    http.send(&two).await;
    for told in ["POST /api/1 one", "POST /api/2 two"] {
        http.read_head().await;
        assert_eq!(http.exactly(told.len()).await, told);
    }
    served.finish().await;
}

#[tokio::test]
async fn each_refusal_has_its_status_and_words() {
    let served = served(telling()).await;
    let chunked = "POST /api/x HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n\
                   11\r\n0123456789abcdefg\r\n0\r\n\r\n";
    let endless = "POST /api/x HTTP/1.0\r\nHost: s\r\n\r\n";
    let stuck = "POST /api/x HTTP/1.1\r\nHost: s\r\nContent-Length: 5\r\n\r\nhal";
    for (asked, status, words) in [
        (
            Ask::get("/api/x").written(),
            405,
            "this method is not allowed here\n",
        ),
        (
            Ask::post("/api/x").body("0123456789abcdefg").written(),
            413,
            "the body is too large\n",
        ),
        (chunked.into(), 413, "the body is too large\n"),
        (endless.into(), 411, "a body must say how long it is\n"),
        (stuck.into(), 408, "the body took too long\n"),
    ] {
        let mut client = Client::connect(served.addr).await;
        client.send(&asked).await;
        let reply = client.reply().await;
        assert_eq!((reply.status, &*reply.body), (status, words));
        assert_eq!(reply.head.contains("allow: post\r\n"), status == 405);
    }
    served.finish().await;
}

#[tokio::test]
async fn http2_and_somebody_elses_server_have_them_too() {
    let served = http2_client::served(|_| api(telling()), |server| server).await;
    let mut browser = Browser::connect(served.addr).await;
    let mounted = Mounted::new(|_| api(telling()));
    for browser in [&mut browser, &mut mounted.browser().await] {
        for (body, status, words) in [
            ("over HTTP/2", 200, "POST /api/x over HTTP/2"),
            ("0123456789abcdefg", 413, "the body is too large\n"),
        ] {
            let (head, stream) = browser.post("http://sockeye.test/api/x", body).await;
            assert_eq!(head.status, status);
            assert_eq!(Client::over(stream).rest().await, words.as_bytes());
        }
    }
    let mut http =
        Http::over(mounted.connect_from(sockeye_server::PeerAddr(([192, 0, 2, 1], 1).into())));
    http.ask(&Ask::post("/api/y").body("mounted")).await;
    assert_eq!(http.body().await, "POST /api/y mounted");
    served.finish().await;
}

#[tokio::test]
async fn a_panic_is_answered_with_500_and_one_that_takes_too_long_with_503() {
    let requests = Requests::new([Method::GET], |request| async move {
        assert_eq!(request.uri().path(), "/api/slow", "as the test wants it");
        std::future::pending().await
    });
    let served = served(requests.with_answer_time(SOON)).await;
    let mut http = Http::connect(served.addr).await;
    http.ask(&Ask::get("/api/panic")).await;
    assert_eq!(http.head.status, 500);
    assert_eq!(http.body().await, "internal error\n");
    http.ask(&Ask::get("/api/slow")).await;
    assert_eq!(http.head.status, 503);
    served.finish().await;
}

#[tokio::test]
async fn one_request_more_than_may_be_under_way_is_refused_and_who_leaves_makes_room() {
    let (begun, mut begins) = mpsc::unbounded_channel();
    let requests = Requests::new([Method::GET], move |_| {
        let (ended, left) = mpsc::unbounded_channel::<()>();
        begun.send(left).unwrap();
        async move {
            let _ended = ended;
            std::future::pending().await
        }
    });
    let late = Duration::from_secs(100);
    let served = served(requests.with_concurrent(1).with_answer_time(late)).await;
    let mut first = Http::connect(served.addr).await;
    first.send(&Ask::get("/api/1")).await;
    let mut left = patiently(begins.recv()).await.unwrap();
    let refused = Ask::get("/api/2").answer(served.addr).await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.body, "too many requests are under way\n");
    drop(first);
    assert_eq!(
        patiently(left.recv()).await,
        None,
        "it is dropped with its client"
    );
    let mut second = Http::connect(served.addr).await;
    second.send(&Ask::get("/api/3")).await;
    patiently(begins.recv()).await.unwrap();
    second.io.shutdown().await.unwrap();
    served.finish().await;
}

#[tokio::test]
async fn pages_of_allowed_origins_may_read_answers_and_others_are_refused() {
    let origins = Origins::named(["https://app.test"]).unwrap();
    let served = served(telling().with_origins(origins)).await;
    let asked = Ask::options("/api/x")
        .field("Origin", "https://app.test")
        .field("Access-Control-Request-Headers", "x-one, x-two");
    let told = asked.answer(served.addr).await.head;
    assert_eq!(told.status, 204);
    for (name, value) in [
        ("access-control-allow-origin", "https://app.test"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-headers", "x-one, x-two"),
        ("access-control-allow-methods", "POST"),
        ("access-control-max-age", "300"),
        ("vary", "Origin"),
    ] {
        assert_eq!(told.field(name), Some(value), "{name}");
    }
    // A page may read why it was refused, too.
    for (body, status) in [("x", 200), ("0123456789abcdefg", 413)] {
        let asked = Ask::post("/api/x")
            .body(body)
            .field("Origin", "https://app.test");
        let told = asked.answer(served.addr).await.head;
        let origin = told.field("access-control-allow-origin");
        assert_eq!((told.status, origin), (status, Some("https://app.test")));
    }
    let foreign = Ask::post("/api/x").field("Origin", "https://elsewhere.test");
    let told = foreign.answer(served.addr).await.head;
    assert_eq!(
        (told.status, told.field("access-control-allow-origin")),
        (403, None)
    );
    let nobody = Ask::post("/api/x").answer(served.addr).await.head;
    assert_eq!(
        (nobody.status, nobody.field("access-control-allow-origin")),
        (200, None)
    );
    served.finish().await;
}

#[test]
fn two_functions_on_the_same_path_contradict_each_other() {
    let twice = api(telling()).requests("/api/{*other}", telling());
    assert!(twice.into_routes().is_err());
}
