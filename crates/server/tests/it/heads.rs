//! Requests before there is a session: slow, silent, too large, malformed, or with bytes glued behind.

use sockeye_endpoint::{Endpoints, Initiator::Peer};
use sockeye_types::Limits;

use crate::{
    client::{Client, TEXT, close_frame, handshake, masked},
    served::{Echo, LATE, SOON, Served},
};

async fn hasty() -> Served {
    Served::server(
        |watch| Endpoints::new().at("/", Echo(watch)),
        |server| server.handshake_time(SOON),
    )
    .await
}

#[tokio::test]
async fn a_head_that_drips_is_cut() {
    let mut served = hasty().await;
    let mut client = Client::connect(served.addr).await;
    let mut sent = 0;
    // An echo of the innocent client between two bytes is all the pace there is: the head never ends.
    for byte in handshake("/", "").as_bytes().iter().cycle() {
        if *byte == b'\n' {
            continue;
        }
        served.innocent_talks().await;
        if client.try_send(&[*byte]).await.is_err() {
            break;
        }
        sent += 1;
    }
    assert!(sent > 1);
    served.nobody_came().await;
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_cut() {
    let served = hasty().await;
    let mut client = Client::connect(served.addr).await;
    assert_eq!(client.rest().await, []);
    served.nobody_came().await;
}

#[tokio::test]
async fn a_connection_that_asks_for_nothing_more_is_cut() {
    let served = hasty().await;
    let mut client = Client::connect(served.addr).await;
    client
        .send(b"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n")
        .await;
    assert_eq!(client.reply().await.status, 404);
    assert_eq!(client.rest().await, []);
    served.nobody_came().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_answered_with_431() {
    let served = Served::server(
        |watch| Endpoints::new().at("/", Echo(watch)),
        |server| server.handshake_time(LATE).head_bytes(8 << 10),
    )
    .await;
    let mut fits = Client::connect(served.addr).await;
    let more = format!("X-Long: {}\r\n", "x".repeat(7 << 10));
    fits.send(handshake("/nowhere", &more).as_bytes()).await;
    assert_eq!(fits.reply().await.status, 404);
    let mut client = Client::connect(served.addr).await;
    let more = format!("X-Long: {}\r\n", "x".repeat(9 << 10));
    client.send(handshake("/", &more).as_bytes()).await;
    assert_eq!(client.reply().await.status, 431);
    client.rest().await;
    served.nobody_came().await;
}

#[tokio::test]
async fn a_head_that_never_ends_is_answered_with_431() {
    let served = Served::server(
        |watch| Endpoints::new().at("/", Echo(watch)),
        |server| server.handshake_time(LATE),
    )
    .await;
    let mut client = Client::connect(served.addr).await;
    client.send(b"GET / HTTP/1.1\r\nHost: h\r\nX-Long: ").await;
    while client.try_send(&[b'x'; 1000]).await.is_ok() {}
    served.nobody_came().await;
}

#[tokio::test]
async fn headers_that_are_too_many_are_answered_with_431() {
    let served = Served::server(
        |watch| Endpoints::new().at("/", Echo(watch)),
        |server| server.head_count(20),
    )
    .await;
    // A handshake has five of its own.
    for (count, status) in [(15, 404), (16, 431)] {
        let mut client = Client::connect(served.addr).await;
        let more = "X-More: x\r\n".repeat(count);
        client.send(handshake("/nowhere", &more).as_bytes()).await;
        assert_eq!(client.reply().await.status, status, "{count}");
    }
    served.nobody_came().await;
}

const KEY: &str = "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==";

/// A request with a line of the handshake left out, and what it is answered with.
fn incomplete() -> Vec<(String, u16, &'static str)> {
    let good = handshake("/", "");
    let without = |line: &str| good.replace(&format!("{line}\r\n"), "");
    vec![
        (without("Host: sockeye.test"), 400, "Host header is missing"),
        (
            without("Upgrade: websocket"),
            426,
            "Upgrade header is missing",
        ),
        (
            without("Connection: Upgrade"),
            400,
            "Connection header is missing",
        ),
        (
            without("Sec-WebSocket-Version: 13"),
            426,
            "Version header is missing",
        ),
        (without(KEY), 400, "Key header is missing"),
    ]
}

/// A request with something in the handshake changed, and what it is answered with.
fn changed() -> Vec<(String, u16, &'static str)> {
    let with = |from: &str, to: &str| handshake("/", "").replace(from, to);
    vec![
        (with("GET", "POST"), 405, "a GET request"),
        (with("HTTP/1.1", "HTTP/1.0"), 400, "an HTTP/1.1 request"),
        (with(": websocket", ": h2c"), 426, "does not name websocket"),
        (with(": Upgrade", ": close"), 400, "does not name Upgrade"),
        (with(": 13", ": 8"), 426, "is not 13"),
        (with("Dw==", ""), 400, "not 16 bytes as base64"),
        (handshake("/nowhere", ""), 404, "nothing is here"),
    ]
}

/// A request with lines too many, and what it is answered with.
fn overdone() -> Vec<(String, u16, &'static str)> {
    let and = |lines: &str| handshake("/", &format!("{lines}\r\n"));
    let origins = "Origin: null\r\nOrigin: null";
    vec![
        (
            and("Host: other"),
            400,
            "Host header is given more than once",
        ),
        (
            and("Sec-WebSocket-Version: 13"),
            400,
            "Version header is given more than once",
        ),
        (and(KEY), 400, "Key header is given more than once"),
        (and(origins), 400, "Origin header is given more than once"),
        (
            and("Sec-WebSocket-Protocol: a b"),
            400,
            "Protocol header is malformed",
        ),
        (
            and("Sec-WebSocket-Extensions: ;"),
            400,
            "Extensions header is malformed",
        ),
        (and("Content-Length: 5") + "hello", 400, "no body"),
        (and("Transfer-Encoding: chunked"), 400, "no body"),
    ]
}

#[tokio::test]
async fn a_malformed_handshake_is_refused_with_its_status_and_words() {
    let mut served = Served::echo(Limits::default()).await;
    for (request, status, words) in [incomplete(), changed(), overdone()].concat() {
        let mut client = Client::connect(served.addr).await;
        client.send(request.as_bytes()).await;
        let reply = client.reply().await;
        assert_eq!(reply.status, status, "{request} {reply:?}");
        assert!(reply.body.contains(words), "{request} {reply:?}");
        let has = |header| reply.head.contains(header);
        match status {
            405 => assert!(has("allow: get\r\n"), "{reply:?}"),
            426 => assert!(has("sec-websocket-version: 13\r\n") && has("upgrade: websocket\r\n")),
            _ => assert!(has("content-type: text/plain")),
        }
        served.innocent_talks().await;
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn what_is_no_http_is_answered_with_400_and_cut() {
    let served = Served::echo(Limits::default()).await;
    for noise in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"hello\r\n\r\n",
        &[0; 100],
    ] {
        let mut client = Client::connect(served.addr).await;
        client.send(noise).await;
        let rest = client.rest().await;
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 400 "));
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn frames_in_the_segment_of_the_handshake_are_not_lost() {
    let served = Served::echo(Limits::default()).await;
    let mut client = Client::connect(served.addr).await;
    let mut bytes = handshake("/", "").into_bytes();
    for number in 0..100 {
        bytes.extend(masked(TEXT, format!("glued {number}").as_bytes()));
    }
    bytes.extend(close_frame(1000));
    client.send(&bytes).await;
    assert_eq!(client.reply().await.status, 101);
    for number in 0..100 {
        let frame = client.frame().await.unwrap();
        assert_eq!(frame.payload, format!("glued {number}").as_bytes());
    }
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.end().await, (1000, Peer));
}

#[tokio::test]
async fn a_frame_cut_in_the_segment_of_the_handshake_goes_on_in_the_next() {
    let served = Served::echo(Limits::default()).await;
    let mut client = Client::connect(served.addr).await;
    let frame = masked(TEXT, b"in two halves");
    let (begun, rest) = frame.split_at(7);
    let mut bytes = handshake("/", "").into_bytes();
    bytes.extend(begun);
    client.send(&bytes).await;
    assert_eq!(client.reply().await.status, 101);
    client.send(rest).await;
    assert_eq!(client.frame().await.unwrap().payload, b"in two halves");
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.end().await, (1000, Peer));
}
