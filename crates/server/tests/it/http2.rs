//! Sessions in HTTP/2 (RFC 8441): each is a stream, and many share a connection.

use std::{future::pending, time::Duration};

use h2::Reason;
use http::{Method, Request, StatusCode, Version};
use sockeye_endpoint::{
    HandlerResult,
    Initiator::{Network, Peer, Server as Ours},
    Socket, UpgradeRequest,
};
use sockeye_types::{Deflate, Heartbeat, Limits};

use crate::{
    client::{BINARY, Client, PING, TEXT, close_frame, masked, patiently},
    http2_client::{Browser, connect, echo, part, served},
    served::{LATE, SOON},
};

#[tokio::test]
async fn text_and_binary_are_echoed_up_to_a_megabyte() {
    let served = served(echo, |server| server).await;
    let mut browser = Browser::connect(served.addr).await;
    assert!(browser.can_connect());
    let mut session = browser.open("/").await;
    session.echo("over HTTP/2").await;
    for bytes in [0, 1, 125, 16 << 10, 1 << 20] {
        let message: Vec<u8> = (0..=250).cycle().take(bytes).collect();
        session.send(&masked(BINARY, &message)).await;
        let echoed = session.frame().await.unwrap();
        assert_eq!((echoed.first, echoed.payload.len()), (BINARY, bytes));
        assert!(echoed.payload == message);
    }
    part(session, 1000).await;
    assert_eq!(served.end().await, (1000, Peer));
}

#[tokio::test]
async fn two_sessions_and_a_page_share_a_connection() {
    let mut served = served(echo, |server| server).await;
    let mut browser = Browser::connect(served.addr).await;
    let (mut one, mut other) = (browser.open("/").await, browser.open("/").await);
    one.echo("one").await;
    let (head, body) = browser.get("http://sockeye.test/page").await;
    assert_eq!((head.status, &*body), (StatusCode::OK, "a page"));
    other.echo("the other").await;
    let (_, body) = browser.get("http://sockeye.test/large").await;
    assert_eq!(body.len(), 1 << 20);
    part(one, 1000).await;
    assert_eq!(served.ends.next().await, (1000, Peer));
    other.echo("still here").await;
    part(other, 4001).await;
    assert_eq!(served.ends.next().await, (4001, Peer));
    assert_eq!(served.ends.opened(), 2);
    served.finish().await;
}

#[tokio::test]
async fn subprotocol_and_compression_are_agreed_on() {
    let served = served(
        |watch| {
            let endpoints = echo(watch).protocols(["v2"]);
            endpoints.deflate(Some(Deflate::default()))
        },
        |server| server,
    )
    .await;
    let mut browser = Browser::connect(served.addr).await;
    let asked = [
        ("sec-websocket-protocol", "v1, v2"),
        ("sec-websocket-extensions", "permessage-deflate"),
    ];
    let (head, stream) = browser.ask(connect("/", &asked)).await.unwrap();
    assert_eq!(head.status, StatusCode::OK);
    assert_eq!(head.headers["sec-websocket-protocol"], "v2");
    let extensions = head.headers["sec-websocket-extensions"].to_str().unwrap();
    assert!(extensions.starts_with("permessage-deflate"), "{extensions}");
    assert!(!head.headers.contains_key("sec-websocket-accept"));
    let mut session = Client::over(stream);
    session.send(&masked(TEXT, &[b'a'; 10_000])).await;
    let echoed = session.frame().await.unwrap();
    // RSV1, and far fewer bytes.
    assert_eq!(echoed.first, TEXT | 0x40);
    assert!(echoed.payload.len() < 1000);
    part(session, 1000).await;
    assert_eq!(served.end().await, (1000, Peer));
}

/// An extended CONNECT, changed.
fn changed(change: impl FnOnce(&mut Request<()>)) -> Request<()> {
    let mut request = connect("/", &[]);
    change(&mut request);
    request
}

#[tokio::test]
async fn each_refusal_has_its_status_and_the_connection_goes_on() {
    let served = served(echo, |server| server).await;
    let mut browser = Browser::connect(served.addr).await;
    for (request, status, words) in [
        (connect("/nowhere", &[]), 404, "nothing is here"),
        (
            connect("/", &[("origin", "http://elsewhere.test")]),
            403,
            "",
        ),
        (
            changed(|request| drop(request.headers_mut().remove("sec-websocket-version"))),
            400,
            "Sec-WebSocket-Version",
        ),
        (
            changed(|request| {
                let protocol = h2::ext::Protocol::from_static("connect-udp");
                request.extensions_mut().insert(protocol);
            }),
            501,
            "not websocket",
        ),
        (
            Request::get("http://sockeye.test/")
                .version(Version::HTTP_2)
                .body(())
                .unwrap(),
            405,
            "speaks WebSocket",
        ),
        (
            Request::builder()
                .method(Method::CONNECT)
                .uri("elsewhere.test:443")
                .version(Version::HTTP_2)
                .body(())
                .unwrap(),
            400,
            ":protocol",
        ),
        (
            connect("/", &[("sec-websocket-protocol", "a, a")]),
            400,
            "Sec-WebSocket-Protocol",
        ),
    ] {
        let (head, body) = browser.refused(request).await;
        assert_eq!(head.status.as_u16(), status, "{body}");
        assert!(body.contains(words), "{body}");
    }
    let (head, _) = browser
        .refused(changed(|request| {
            let eight = http::HeaderValue::from_static("8");
            request.headers_mut().insert("sec-websocket-version", eight);
        }))
        .await;
    assert_eq!(head.status, StatusCode::BAD_REQUEST);
    assert_eq!(head.headers["sec-websocket-version"], "13");
    served.nobody_came().await;
}

#[tokio::test]
async fn origins_and_interceptors_see_the_authority_as_host_and_cookies_as_one() {
    let sees = |request: &mut UpgradeRequest<'_>| {
        assert_eq!(request.headers()["host"], "sockeye.test");
        assert_eq!(request.headers()["cookie"], "a=1; b=2");
        Ok(())
    };
    let served = served(|watch| echo(watch).interceptor(sees), |server| server).await;
    let mut browser = Browser::connect(served.addr).await;
    let own = [
        ("origin", "http://sockeye.test"),
        ("cookie", "a=1"),
        ("cookie", "b=2"),
    ];
    let (head, stream) = browser.ask(connect("/", &own)).await.unwrap();
    assert_eq!(head.status, StatusCode::OK);
    // A host that says something else does not make a foreign page one's own.
    let foreign = [
        ("origin", "http://elsewhere.test"),
        ("host", "elsewhere.test"),
    ];
    let (head, _) = browser.refused(connect("/", &foreign)).await;
    assert_eq!(head.status, StatusCode::FORBIDDEN);
    part(Client::over(stream), 1000).await;
    assert_eq!(served.end().await, (1000, Peer));
}

#[tokio::test]
async fn a_reset_stream_is_a_lost_connection_and_others_do_not_notice() {
    let mut served = served(echo, |server| server).await;
    let mut browser = Browser::connect(served.addr).await;
    let mut other = browser.open("/").await;
    for reason in [Reason::CANCEL, Reason::INTERNAL_ERROR, Reason::NO_ERROR] {
        let mut session = browser.open("/").await;
        session.echo("hello").await;
        session.io.send.send_reset(reason);
        assert_eq!(served.ends.next().await, (1006, Network), "{reason:?}");
        other.echo("not me").await;
    }
    part(other, 1000).await;
    assert_eq!(served.ends.next().await, (1000, Peer));
    served.finish().await;
}

#[tokio::test]
async fn an_end_of_the_stream_without_a_close_is_a_lost_connection() {
    let mut served = served(echo, |server| server).await;
    let mut browser = Browser::connect(served.addr).await;
    let mut session = browser.open("/").await;
    session.send(&masked(TEXT, b"and then?")).await;
    session.half_close().await;
    assert_eq!(session.frame().await.unwrap().payload, b"and then?");
    assert_eq!(session.frame().await, None);
    assert_eq!(served.ends.next().await, (1006, Network));
    served.finish().await;
}

#[tokio::test]
async fn a_lost_connection_ends_all_its_sessions_once() {
    let mut served = served(echo, |server| server).await;
    let mut browser = Browser::connect(served.addr).await;
    let mut sessions = Vec::new();
    for _ in 0..10 {
        sessions.push(browser.open("/").await);
    }
    browser.lose();
    for _ in &sessions {
        assert_eq!(served.ends.next().await, (1006, Network));
    }
    served.finish().await;
}

#[tokio::test]
async fn a_slow_reader_stalls_its_own_stream_alone_and_is_cut_by_stall_time() {
    let limits = Limits::default().stall_time(SOON).outbox_bytes(64 << 10);
    let mut served = served(|watch| echo(watch).limits(limits), |server| server).await;
    let mut browser = Browser::connect(served.addr).await;
    let mut other = browser.open("/").await;
    let mut slow = browser.open("/").await;
    let message = masked(BINARY, &[b'm'; 64 << 10]);
    let mut sent = 0;
    let end = loop {
        // Once nothing more is read, a write waits for ever: the end comes first.
        tokio::select! {
            written = slow.try_send(&message) => written.unwrap(),
            end = served.ends.next() => break end,
        }
        sent += 1;
        other.echo("not me").await;
    };
    assert_eq!(end, (1006, Ours));
    // What fits the windows and the server's bounds, of both directions.
    assert!(sent < 20, "{sent}");
    // Whoever reads after all finds what was under way, and the end.
    assert_eq!(slow.close_code().await, None);
    other.echo("still here").await;
    part(other, 1000).await;
    assert_eq!(served.ends.next().await, (1000, Peer));
    served.finish().await;
}

async fn never_reads(_: Socket) -> HandlerResult {
    pending().await
}

#[tokio::test]
async fn however_many_sessions_are_not_read_the_others_are() {
    let served = served(
        |watch| echo(watch).at("/never", never_reads),
        |server| server.shutdown_time(Duration::from_secs(1)),
    )
    .await;
    let mut browser = Browser::connect(served.addr).await;
    let mut unread = Vec::new();
    // The first message is the handler's, the second waits; the rest is up to the window.
    let message = masked(BINARY, &[b'm'; 60 << 10]);
    for _ in 0..100 {
        let mut session = browser.open("/never").await;
        session.send(&message).await;
        session.send(&message[..20 << 10]).await;
        unread.push(session);
    }
    let mut session = browser.open("/").await;
    session.echo(&"read".repeat(50_000)).await;
    part(session, 1000).await;
    drop(unread);
    assert_eq!(served.end().await, (1000, Peer));
}

#[tokio::test]
async fn a_silent_session_is_asked_and_cut_while_its_connection_lives() {
    let heartbeat = Heartbeat::default().period(Some(SOON)).deadline(SOON);
    let mut served = served(|watch| echo(watch).heartbeat(heartbeat), |server| server).await;
    let mut browser = Browser::connect(served.addr).await;
    let mut session = browser.open("/").await;
    assert_eq!(session.frame().await.unwrap().first, PING);
    assert_eq!(session.close_code().await, Some(1011));
    assert_eq!(session.rest().await, []);
    assert_eq!(served.ends.next().await, (1011, Ours));
    let (head, _) = browser.get("http://sockeye.test/page").await;
    assert_eq!(head.status, StatusCode::OK);
    served.finish().await;
}

#[tokio::test]
async fn a_shutdown_closes_each_session_with_1001_and_then_the_connection() {
    let mut served = served(echo, |server| server.shutdown_time(LATE)).await;
    let mut browser = Browser::connect(served.addr).await;
    let (mut one, mut other) = (browser.open("/").await, browser.open("/").await);
    let mut idle = Browser::connect(served.addr).await;
    assert_eq!(idle.get("http://sockeye.test/page").await.1, "a page");
    served.shut_down();
    patiently(idle.connection).await.unwrap().unwrap();
    for session in [&mut one, &mut other] {
        assert_eq!(session.close_code().await, Some(1001));
    }
    for mut session in [one, other] {
        session.send(&close_frame(1001)).await;
        assert_eq!(session.rest().await, []);
        assert!(session.io.recv.is_end_stream());
        session.half_close().await;
        assert_eq!(served.ends.next().await, (1001, Ours));
    }
    patiently(browser.connection).await.unwrap().unwrap();
    served.gone().await;
}
