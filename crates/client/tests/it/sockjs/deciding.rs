//! Which transport it becomes, and how long that takes.

use sockeye_client::{ConnectError, Fallback, Message, Stage, Transport};
use tokio::time::Instant;

use super::{Streams, TAKEN, attempt, connector, over_http, whole};
use crate::support::{CLOSE, PING, PONG, TEXT, close_payload, plain, someday};

#[tokio::test(start_paused = true)]
async fn a_websocket_that_answers_a_ping_is_what_it_becomes() {
    let (attempt, mut streams) = attempt(&connector(Fallback::default()));
    let mut peer = streams.next().await;
    peer.accept().await;
    let ping = peer.frame().await.unwrap();
    assert_eq!(ping.first, PING);
    assert!(!attempt.is_finished());
    peer.send(plain(PONG, &ping.payload)).await;
    let connection = someday(attempt).await.unwrap().unwrap();
    assert_eq!(connection.transport(), Transport::WebSocket);
    assert!(streams.is_empty());
}

#[tokio::test(start_paused = true)]
async fn where_upgrade_is_stripped_it_streams() {
    for status in [200, 400, 404, 426, 501, 502] {
        let begun = Instant::now();
        let (attempt, mut streams) = attempt(&connector(Fallback::default()));
        streams.refuse(status).await;
        let _peer = streams.open().await;
        let connection = someday(attempt).await.unwrap().unwrap();
        assert_eq!(connection.transport(), Transport::XhrStreaming);
        assert_eq!(connection.response().status(), 200);
        assert!(begun.elapsed().is_zero());
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_means_what_it_says_is_the_end_on_any_transport() {
    for status in [302, 401, 403, 407, 429, 503] {
        let (attempt, mut streams) = attempt(&connector(Fallback::default()));
        streams.refuse(status).await;
        let error = someday(attempt).await.unwrap().unwrap_err();
        assert!(matches!(error, ConnectError::Refused(refused) if refused.status() == status));
        assert!(streams.is_empty());
    }
    let (attempt, mut streams) = attempt(&connector(Fallback::default()));
    streams.refuse(404).await;
    let mut peer = streams.next().await;
    peer.asked("xhr_streaming").await;
    peer.send(whole(403, "not from there")).await;
    let error = someday(attempt).await.unwrap().unwrap_err();
    assert!(matches!(error, ConnectError::Refused(refused) if refused.body == "not from there"));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_is_cut_or_swallowed_gives_way() {
    let begun = Instant::now();
    let (cut, mut streams) = attempt(&connector(Fallback::default()));
    drop(streams.next().await);
    let _peer = streams.open().await;
    someday(cut).await.unwrap().unwrap();
    assert!(begun.elapsed().is_zero());

    let (swallowed, mut streams) = attempt(&connector(Fallback::default()));
    let _swallows = streams.next().await;
    let _peer = streams.open().await;
    someday(swallowed).await.unwrap().unwrap();
    assert_eq!(begun.elapsed(), Fallback::default().handshake_time);
}

#[tokio::test(start_paused = true)]
async fn a_websocket_whose_frames_are_swallowed_never_carries_a_message() {
    let begun = Instant::now();
    let (attempt, mut streams) = attempt(&connector(Fallback::default()));
    let mut swallows = streams.next().await;
    swallows.accept().await;
    let _peer = streams.open().await;
    let connection = someday(attempt).await.unwrap().unwrap();
    assert_eq!(begun.elapsed(), Fallback::default().proof_time);
    connection.send("kept").await.unwrap();
    let mut sends = streams.next().await;
    assert_eq!(sends.told().await, r#"["kept"]"#);
    sends.send(TAKEN).await;
    // It got the ping and a close, nothing else.
    assert_eq!(swallows.frame().await.unwrap().first, PING);
    assert_eq!(swallows.frame().await.unwrap().first, CLOSE);
}

#[tokio::test(start_paused = true)]
async fn a_websocket_that_is_cut_after_the_101_gives_way() {
    let (attempt, mut streams) = attempt(&connector(Fallback::default()));
    streams.next().await.accept().await;
    let _peer = streams.open().await;
    let connection = someday(attempt).await.unwrap().unwrap();
    assert_eq!(connection.transport(), Transport::XhrStreaming);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_speaks_at_once_and_much_needs_no_pong() {
    let begun = Instant::now();
    let (attempt, mut streams) = attempt(&connector(Fallback::default()));
    let mut peer = streams.next().await;
    peer.accept().await;
    for _ in 0..100 {
        peer.send(plain(TEXT, b"history")).await;
    }
    let mut connection = someday(attempt).await.unwrap().unwrap();
    assert_eq!(connection.transport(), Transport::WebSocket);
    for _ in 0..100 {
        assert_eq!(connection.recv().await, Some(Message::from("history")));
    }
    assert!(begun.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_at_once_has_answered_too() {
    for greeting in [&[][..], &plain(TEXT, b"bye")] {
        let begun = Instant::now();
        let (attempt, mut streams) = attempt(&connector(Fallback::default()));
        let mut peer = streams.next().await;
        peer.accept().await;
        peer.send(greeting).await;
        peer.send(plain(CLOSE, &close_payload(4000))).await;
        let mut connection = someday(attempt).await.unwrap().unwrap();
        if !greeting.is_empty() {
            assert_eq!(connection.recv().await, Some(Message::from("bye")));
        }
        assert_eq!(connection.recv().await, None);
        assert_eq!(connection.closed().unwrap().code.as_u16(), 4000);
        assert!(begun.elapsed().is_zero());
    }
}

async fn poll(streams: &mut Streams) -> crate::support::Peer {
    let mut peer = streams.next().await;
    peer.asked("xhr").await;
    peer.send(whole(200, "o\n")).await;
    peer
}

#[tokio::test(start_paused = true)]
async fn where_responses_are_held_back_it_polls() {
    // What is held back: all of it, or all but the head and the prelude.
    for begins in [
        "",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhh\r\n",
    ] {
        let begun = Instant::now();
        let (attempt, mut streams) = attempt(&connector(over_http()));
        let mut holds = streams.next().await;
        holds.asked("xhr_streaming").await;
        holds.send(begins).await;
        let mut peer = poll(&mut streams).await;
        let mut connection = someday(attempt).await.unwrap().unwrap();
        assert_eq!(connection.transport(), Transport::XhrPolling);
        assert_eq!(begun.elapsed(), Fallback::default().stream_time);
        someday(holds.ended()).await;
        // The next request comes over the same connection.
        peer.asked("xhr").await;
        peer.send(whole(200, "a[\"one\",\"two\"]\n")).await;
        assert_eq!(someday(connection.recv()).await, Some("one".into()));
        assert_eq!(someday(connection.recv()).await, Some("two".into()));
        peer.asked("xhr").await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_sockjs_is_no_session() {
    let (attempt, mut streams) = attempt(&connector(over_http()));
    for how in ["xhr_streaming", "xhr"] {
        let mut portal = streams.next().await;
        portal.asked(how).await;
        portal.send(whole(200, "<html>Welcome!\n</html>\n")).await;
    }
    let error = someday(attempt).await.unwrap().unwrap_err();
    let ConnectError::Blocked(blocked) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(blocked.iter().count(), 2);
    assert!(matches!(blocked.last(), Some(ConnectError::NotSockJs)));
    assert_eq!(error.to_string(), "no transport gets through to the server");
}

#[tokio::test(start_paused = true)]
async fn all_of_it_takes_no_longer_than_connecting_may() {
    let begun = Instant::now();
    let connector = connector(Fallback::default());
    let (attempt, mut streams) = attempt(&connector);
    let held = [
        streams.next().await,
        streams.next().await,
        streams.next().await,
    ];
    let error = someday(attempt).await.unwrap().unwrap_err();
    assert_eq!(begun.elapsed(), 15 * super::SECOND);
    let ConnectError::Blocked(blocked) = error else {
        panic!("three transports were tried");
    };
    let tried: Vec<_> = blocked.iter().map(|(transport, _)| transport).collect();
    assert_eq!(tried, Fallback::default().transports);
    assert!(matches!(
        blocked.last(),
        Some(ConnectError::Timeout(Stage::Session))
    ));
    for mut peer in held {
        peer.ended().await;
    }
    // A bound that is shorter than one transport's own holds as well.
    let begun = Instant::now();
    let (attempt, mut streams) = super::attempt(&connector.connect_time(2 * super::SECOND));
    let _held = streams.next().await;
    someday(attempt).await.unwrap().unwrap_err();
    assert_eq!(begun.elapsed(), 2 * super::SECOND);
}
