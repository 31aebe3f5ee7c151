//! What servers answer to a handshake, and what is made of it.

use std::time::Duration;

use http::StatusCode;
use sockeye_client::{
    ClientHandshakeError, ConnectError, Connector, InvalidAddress, InvalidRequest, Message,
    RedirectError, Refused, ResponseError, Stage,
};
use tokio::{net::TcpListener, time::Instant};

use crate::support::{ADDRESS, Peer, TEXT, attempt, patiently, plain, someday};

async fn answered(connector: Connector, answer: impl AsRef<[u8]>) -> ConnectError {
    let (attempt, mut peer) = attempt(connector, 1 << 20);
    peer.request().await;
    peer.send(answer).await;
    drop(peer);
    patiently(attempt).await.unwrap().unwrap_err()
}

fn refused(error: ConnectError) -> Refused {
    match error {
        ConnectError::Refused(refused) => *refused,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_says_what_was_asked_for() {
    let connector = Connector::new()
        .header("Authorization", "Bearer x")
        .origin("https://first.example")
        .origin("https://jocker.com")
        .protocols(["v2", "v1"]);
    let (_attempt, mut peer) = attempt(connector, 4096);
    let request = patiently(peer.request()).await.to_ascii_lowercase();
    assert!(request.starts_with("get /say http/1.1\r\n"), "{request}");
    for line in [
        "host: sockeye.test",
        "authorization: bearer x",
        "origin: https://jocker.com",
        "sec-websocket-protocol: v2, v1",
        "sec-websocket-version: 13",
    ] {
        assert!(
            request.contains(&format!("{line}\r\n")),
            "{line}: {request}"
        );
    }
    assert!(!request.contains("first.example"));
}

#[tokio::test]
async fn what_can_not_be_asked_for_is_the_callers_error() {
    let connector = Connector::new();
    let error = connector.connect("not an address").await.unwrap_err();
    assert!(matches!(
        error,
        ConnectError::InvalidAddress(InvalidAddress::Syntax)
    ));
    let error = connector.connect("http://localhost/").await.unwrap_err();
    assert!(matches!(
        error,
        ConnectError::InvalidRequest(InvalidRequest::Scheme)
            | ConnectError::InvalidAddress(InvalidAddress::Scheme)
    ));
    let error = connector.clone().header("a b", "c").connect(ADDRESS).await;
    assert!(matches!(error, Err(ConnectError::InvalidHeader(name)) if name == "a b"));
    let error = connector.header("Upgrade", "h2c").connect(ADDRESS).await;
    assert!(matches!(
        error,
        Err(ConnectError::InvalidRequest(InvalidRequest::Header(_)))
    ));
}

#[tokio::test]
async fn a_head_may_be_as_large_as_its_limit_and_not_a_byte_larger() {
    for interim in ["", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"] {
        let (attempt_ok, mut peer) = attempt(Connector::new(), 4096);
        let len = interim.len() + peer.answer().await.len();
        attempt_ok.abort();
        for limit in [len, len - 1] {
            let (attempt, mut peer) = attempt(Connector::new().head_bytes(limit), 4096);
            let answer = peer.answer().await;
            peer.send(format!("{interim}{answer}")).await;
            match patiently(attempt).await.unwrap() {
                Ok(_) => assert_eq!(limit, len),
                Err(ConnectError::Response(ResponseError::TooLarge(told))) => {
                    assert_eq!((limit, told), (len - 1, len - 1));
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn heads_and_interim_responses_without_end_are_cut_at_the_limit() {
    let endless = format!("HTTP/1.1 200 OK\r\na: {}", "a".repeat(20_000));
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
    for answer in [endless, interim] {
        let error = answered(Connector::new(), answer).await;
        let too_large = ResponseError::TooLarge(16 << 10);
        assert!(matches!(error, ConnectError::Response(told) if told == too_large));
    }
}

#[tokio::test]
async fn frames_glued_to_the_head_are_received() {
    let (attempt, mut peer) = attempt(Connector::new(), 4096);
    let mut answer = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
    answer.extend(peer.answer().await.into_bytes());
    answer.extend(plain(TEXT, b"early"));
    answer.extend([TEXT, 4, b'l', b'a']);
    peer.send(answer).await;
    let mut connection = patiently(attempt).await.unwrap().unwrap();
    peer.send("te").await;
    assert_eq!(
        patiently(connection.recv()).await,
        Some(Message::from("early"))
    );
    assert_eq!(
        patiently(connection.recv()).await,
        Some(Message::from("late"))
    );
    assert_eq!(connection.peer_addr(), None);
}

#[tokio::test]
async fn a_101_that_breaks_a_rule_is_refused() {
    let (attempt, mut peer) = attempt(Connector::new(), 4096);
    let answer = peer.answer().await;
    peer.send(answer.replace("\r\n\r\n", "\r\nUpgrade: websocket\r\n\r\n"))
        .await;
    let error = patiently(attempt).await.unwrap().unwrap_err();
    assert!(matches!(
        error,
        ConnectError::Handshake(ClientHandshakeError::Upgrade)
    ));
    let other_key = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";
    let error = answered(Connector::new(), other_key).await;
    assert!(matches!(
        error,
        ConnectError::Handshake(ClientHandshakeError::Accept)
    ));
}

#[tokio::test]
async fn what_is_no_answer_is_told_as_such() {
    let error = answered(Connector::new(), "").await;
    assert!(matches!(error, ConnectError::Response(ResponseError::Cut)));
    let error = answered(Connector::new(), "HTTP/1.1 101 Switch").await;
    assert!(matches!(error, ConnectError::Response(ResponseError::Cut)));
    let error = answered(Connector::new(), "SSH-2.0-OpenSSH_9.6\r\n").await;
    assert!(matches!(
        error,
        ConnectError::Response(ResponseError::Malformed(_))
    ));
}

#[tokio::test]
async fn a_refusal_tells_its_status_headers_and_the_beginning_of_its_body() {
    let answer =
        "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 12\r\n\r\ncome again! and more";
    let told = refused(answered(Connector::new(), answer).await);
    assert_eq!(told.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(told.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(told.body, "come again! ");
    let told = refused(answered(Connector::new().body_bytes(4), answer).await);
    assert_eq!(told.body, "come");
    let to_the_end = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(100_000));
    let told = refused(answered(Connector::new(), to_the_end).await);
    assert_eq!(told.body.len(), 4 << 10);
    let chunked = "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n";
    assert_eq!(
        refused(answered(Connector::new(), chunked).await).body,
        "no"
    );
}

#[tokio::test(start_paused = true)]
async fn silence_ends_when_the_time_to_connect_is_over() {
    let began = Instant::now();
    let (attempt, mut peer) = attempt(Connector::new(), 4096);
    peer.request().await;
    peer.send("HTTP/1.1 101").await;
    let error = someday(attempt).await.unwrap().unwrap_err();
    assert!(matches!(error, ConnectError::Timeout(Stage::Response)));
    assert_eq!(began.elapsed(), Duration::from_secs(15));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_taken_ends_too() {
    let connector = Connector::new().connect_time(Duration::from_secs(3));
    let (attempt, _peer) = attempt(connector, 8);
    let error = someday(attempt).await.unwrap().unwrap_err();
    assert!(matches!(error, ConnectError::Timeout(Stage::Request)));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_also_if_its_body_never_ends() {
    let began = Instant::now();
    let (attempt, mut peer) = attempt(Connector::new(), 4096);
    peer.request().await;
    peer.send("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nno")
        .await;
    let told = refused(someday(attempt).await.unwrap().unwrap_err());
    assert_eq!(
        (told.status(), &told.body[..]),
        (StatusCode::FORBIDDEN, &b"no"[..])
    );
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

/// Listens, and plays one peer after the other.
async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("ws://{}/say", listener.local_addr().unwrap());
    (listener, address)
}

async fn next(listener: &TcpListener) -> Peer<tokio::net::TcpStream> {
    Peer::over(patiently(listener.accept()).await.unwrap().0)
}

#[tokio::test]
async fn redirects_are_told_by_default_and_followed_on_request_without_the_secrets() {
    let ((from, address), (to, target)) = (listen().await, listen().await);
    let moved = format!("HTTP/1.1 307 There\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
    let connector = Connector::new()
        .header("Authorization", "secret")
        .header("X-Other", "kept");
    for redirects in [0, 1] {
        let connector = connector.clone().redirects(redirects);
        let address = address.clone();
        let attempt = tokio::spawn(async move { connector.connect(address).await });
        let mut peer = next(&from).await;
        assert!(peer.request().await.contains("secret"));
        peer.send(&moved).await;
        if redirects == 0 {
            let told = refused(patiently(attempt).await.unwrap().unwrap_err());
            assert_eq!(told.location(), Some(&*target));
        } else {
            let mut peer = next(&to).await;
            let answer = peer.answer().await;
            peer.send(answer).await;
            patiently(attempt).await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn redirects_end_at_their_limit() {
    let (listener, address) = listen().await;
    let attempt = {
        let address = address.clone();
        let connector = Connector::new()
            .redirects(2)
            .header("Authorization", "secret");
        tokio::spawn(async move { connector.connect(address).await })
    };
    for _ in 0..3 {
        let mut peer = next(&listener).await;
        assert!(peer.request().await.contains("secret"));
        peer.send("HTTP/1.1 302 Again\r\nLocation: /say\r\nContent-Length: 0\r\n\r\n")
            .await;
    }
    let error = patiently(attempt).await.unwrap().unwrap_err();
    assert!(
        matches!(error, ConnectError::Redirect(RedirectError::TooMany, refused) if refused.status() == 302)
    );
}
