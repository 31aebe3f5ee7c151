//! What was learned of a server, by a connector and its clones.

use sockeye_client::{
    BinaryOverText, Connection, Connector, Event, Fallback, Message, Reconnecting, Transport,
};
use tokio::{io::duplex, sync::mpsc};

use super::{SECOND, STREAM, Streams, attempt, chunk, connector, over_http, streaming, whole};
use crate::support::{ADDRESS, Peer, someday};

/// Connects where WebSocket is blocked, and says whether it was tried.
async fn blocked(connector: &Connector) -> (bool, Connection, Peer) {
    let (attempt, mut streams) = attempt(connector);
    let mut peer = streams.next().await;
    let head = peer.request().await;
    let was_tried = head.starts_with("GET ");
    if was_tried {
        peer.send(whole(404, "")).await;
        peer = streams.open().await;
    } else {
        peer.send(STREAM).await;
        peer.send(chunk("o\n")).await;
    }
    let connection = someday(attempt).await.unwrap().unwrap();
    (was_tried, connection, peer)
}

#[tokio::test(start_paused = true)]
async fn what_is_blocked_is_tried_again_after_longer_and_longer_and_forgotten_once_it_works() {
    let connector = connector(Fallback::default());
    assert!(blocked(&connector).await.0);
    for wait in [5, 10, 20, 40, 60, 60] {
        tokio::time::sleep(wait * 60 * SECOND - SECOND).await;
        for _ in 0..3 {
            assert!(!blocked(&connector.clone()).await.0);
        }
        tokio::time::sleep(SECOND).await;
        assert!(blocked(&connector).await.0, "{wait}");
        assert!(!blocked(&connector).await.0, "{wait}");
    }
    tokio::time::sleep(3600 * SECOND).await;
    for _ in 0..2 {
        let (attempt, mut streams) = attempt(&connector);
        let mut peer = streams.next().await;
        peer.accept().await;
        let ping = peer.frame().await.unwrap();
        peer.send(crate::support::plain(0x8a, &ping.payload)).await;
        let connection = someday(attempt).await.unwrap().unwrap();
        assert_eq!(connection.transport(), Transport::WebSocket);
    }
    assert!(blocked(&connector).await.0);
    tokio::time::sleep(5 * 60 * SECOND).await;
    assert!(blocked(&connector).await.0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_cut_soon_or_held_back_later_gives_way_to_polling() {
    for is_cut in [true, false] {
        let connector = connector(over_http());
        let (connection, _streams, peer) = streaming(&connector).await;
        if is_cut {
            drop(peer);
        }
        someday(connection.wait_closed()).await;
        let (attempt, mut streams) = attempt(&connector);
        let mut peer = streams.next().await;
        peer.asked("xhr").await;
        peer.send(whole(200, "o\n")).await;
        let connection = someday(attempt).await.unwrap().unwrap();
        assert_eq!(connection.transport(), Transport::XhrPolling);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_lived_long_is_tried_again() {
    let connector = connector(over_http());
    let (connection, _streams, mut peer) = streaming(&connector).await;
    for _ in 0..3 {
        tokio::time::sleep(30 * SECOND).await;
        peer.send(chunk("h\n")).await;
    }
    drop(peer);
    someday(connection.wait_closed()).await;
    streaming(&connector).await;
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_back_comes_back_over_what_worked_and_hands_back_what_it_can_not_carry() {
    let connector = connector(Fallback::default().binary(BinaryOverText::Close));
    let (reached, streams) = mpsc::unbounded_channel();
    let mut streams = Streams(streams);
    let mut reconnecting = Reconnecting::by(move || {
        let (connector, reached) = (connector.clone(), reached.clone());
        async move {
            let open = move || {
                let (ours, theirs) = duplex(64 << 10);
                let _ = reached.send(theirs);
                async { Ok(ours) }
            };
            connector.connect_by(ADDRESS, open).await
        }
    });
    for message in [Message::from("1"), Message::from(vec![2]), "3".into()] {
        reconnecting.send(message).await.unwrap();
    }
    let (events, mut told) = mpsc::unbounded_channel();
    let _task = tokio::spawn(async move {
        while let Some(event) = reconnecting.recv().await {
            let _ = events.send(event);
        }
    });
    streams.refuse(404).await;
    let peer = streams.open().await;
    let opened = someday(told.recv()).await.unwrap();
    assert!(matches!(opened, Event::Opened(opened) if opened.transport == Transport::XhrStreaming));
    let refused = someday(told.recv()).await.unwrap();
    assert!(matches!(refused, Event::Refused(message) if message == Message::from(vec![2])));
    let sends = streams.next().await.told().await;
    assert!(sends.starts_with("[\"1\""), "{sends}");
    drop(peer);
    assert!(matches!(someday(told.recv()).await, Some(Event::Lost(_))));
    // It was cut at once: neither WebSocket nor streaming is tried.
    let mut peer = streams.next().await;
    peer.asked("xhr").await;
}
