//! A handler that is an `async fn(Socket)`.

use std::future::pending;

use futures_executor::block_on;
use sockeye_endpoint::{HandlerResult, Initiator, MemoryPeer, PingRefused, Socket};
use sockeye_types::{Close, CloseCode};

async fn echo(mut socket: Socket) -> HandlerResult {
    while let Some(message) = socket.recv().await {
        if message.as_text() == Some("return") {
            return Ok(());
        }
        if message.as_text() == Some("fail") {
            return Err("it failed".into());
        }
        socket.send(message).await?;
    }
    assert_eq!(socket.closed().unwrap().code, CloseCode::GOING_AWAY);
    Ok(())
}

#[test]
fn an_async_fn_serves_a_session_from_its_beginning_to_its_end() {
    block_on(async {
        let mut peer = MemoryPeer::of(echo);
        for text in ["a", "b", "c"] {
            peer.send(text).await;
            assert_eq!(peer.recv().await, Some(text.into()));
        }
        assert_eq!(
            peer.close(Close::going_away()).await.code,
            CloseCode::GOING_AWAY
        );
    });
}

#[test]
fn an_async_fn_that_returns_closes_its_session() {
    for (text, code) in [
        ("return", CloseCode::NORMAL),
        ("fail", CloseCode::INTERNAL_ERROR),
    ] {
        let mut peer = MemoryPeer::of(echo);
        let closed = block_on(async {
            peer.send(text).await;
            peer.closed().await
        });
        assert_eq!((closed.code, closed.initiator), (code, Initiator::Handler));
    }
}

#[test]
fn a_socket_that_was_dropped_takes_no_messages_and_blocks_nothing() {
    let mut peer = MemoryPeer::of(|socket: Socket| async move {
        drop(socket);
        pending().await
    });
    block_on(async {
        for _ in 0..3 {
            peer.send("x").await;
        }
    });
    assert_eq!(peer.try_recv(), None);
}

#[test]
fn pings_are_sent_and_checked() {
    let mut peer = MemoryPeer::of(echo);
    peer.session().ping("beat").unwrap();
    assert_eq!(peer.session().ping(vec![0; 126]), Err(PingRefused::TooLong));
    assert_eq!(peer.try_recv_ping().unwrap(), "beat");
}
