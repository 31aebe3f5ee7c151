//! Every public `async fn`, dropped wherever it waits.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use sockeye_client::{Connector, Heartbeat, Limits, Message};
use tokio::io::duplex;

use crate::support::{ADDRESS, PING, PONG, Peer, TEXT, heard, open, open_narrow, plain, someday};

/// Polls a future once.
fn once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_receive_that_is_dropped_has_taken_nothing() {
    let (mut connection, mut peer) = open(Connector::new()).await;
    let mut received = Vec::new();
    for n in 0..100_u8 {
        assert!(once(connection.recv()).is_none());
        peer.send(plain(TEXT, &[b'a' + n % 26])).await;
        while received.len() <= usize::from(n) {
            received.extend(once(connection.recv()).flatten());
            tokio::task::yield_now().await;
        }
        assert_eq!(
            received.last(),
            Some(&Message::text(char::from(b'a' + n % 26).to_string()))
        );
    }
    assert_eq!(received.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_send_that_is_dropped_has_sent_nothing_and_holds_no_room() {
    let limits = Limits::default().outbox_bytes(200);
    let connector = Connector::new().limits(limits).heartbeat(Heartbeat::off());
    let (connection, mut peer) = open_narrow(connector, 64).await;
    connection.send(vec![1; 136]).await.unwrap();
    for _ in 0..10 {
        assert!(once(connection.send("dropped")).is_none());
    }
    assert_eq!(peer.frame().await, heard(0x82, &[1; 136]));
    someday(connection.send("sent")).await.unwrap();
    assert_eq!(peer.frame().await, heard(TEXT, b"sent"));
    assert!(once(connection.send(vec![1; 136])).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_ping_that_is_dropped_gives_its_place_back_with_its_pong() {
    let (connection, mut peer) = open(Connector::new().heartbeat(Heartbeat::off())).await;
    for _ in 0..8 {
        assert!(once(connection.ping("p")).is_none());
    }
    for _ in 0..8 {
        assert_eq!(peer.frame().await, heard(PING, b"p"));
        peer.send(plain(PONG, b"p")).await;
    }
    // The pongs are read before the next one.
    let answers = tokio::spawn(async move {
        loop {
            let ping = peer.frame().await.unwrap();
            peer.send(plain(PONG, &ping.payload)).await;
        }
    });
    loop {
        match someday(connection.ping("q")).await {
            Ok(_) => break,
            Err(_) => tokio::task::yield_now().await,
        }
    }
    answers.abort();
}

#[tokio::test(start_paused = true)]
async fn waiting_for_the_end_can_be_dropped() {
    let (connection, peer) = open(Connector::new()).await;
    assert!(once(connection.wait_closed()).is_none());
    drop(peer);
    let closed = someday(connection.wait_closed()).await;
    assert_eq!(Some(closed), connection.closed());
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_dropped_closes_its_stream() {
    // The answer comes byte by byte, and the attempt is dropped after so many polls.
    for polls in 0.. {
        let (ours, theirs) = duplex(32);
        let mut peer = Peer::over(theirs);
        let served = tokio::spawn(async move {
            let answer = peer.answer().await;
            for byte in answer.bytes() {
                use tokio::io::AsyncWriteExt;
                if peer.io.write_all(&[byte]).await.is_err() {
                    return;
                }
                tokio::task::yield_now().await;
            }
            while peer.frame().await.is_some() {}
        });
        let connector = Connector::new();
        let mut attempt = Box::pin(connector.connect_over(ADDRESS, ours));
        let mut done = false;
        for _ in 0..polls {
            let cx = &mut Context::from_waker(Waker::noop());
            if attempt.as_mut().poll(cx).is_ready() {
                done = true;
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(attempt);
        if done {
            assert!(polls > 10);
            break;
        }
        // A peer whose client is gone within the request finds half a head.
        let _ = someday(served).await;
    }
}
