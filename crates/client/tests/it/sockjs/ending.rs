//! How a session ends.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use sockeye_client::{Close, CloseCode, Closed, Connection, Initiator, Limits, SendError};
use tokio::{io::duplex, time::Instant};

use super::{STREAM, TAKEN, chunk, connector, over_http, streaming, whole};
use crate::support::{ADDRESS, someday};

async fn lost(mut connection: Connection) -> Closed {
    assert_eq!(someday(connection.recv()).await, None);
    let closed = someday(connection.wait_closed()).await;
    assert!(matches!(
        connection.send("late").await,
        Err(SendError::Closed(_))
    ));
    closed
}

#[tokio::test(start_paused = true)]
async fn the_servers_close_is_told_behind_what_came_before_it() {
    for (frame, code, reason) in [
        ("c[3000,\"Go away!\"]\n", 3000, "Go away!"),
        (
            "c[2010,\"Another connection still open\"]\n",
            2010,
            "Another connection still open",
        ),
    ] {
        let (mut connection, _streams, mut peer) = streaming(&connector(over_http())).await;
        peer.send(chunk(&format!("a[\"last\"]\n{frame}"))).await;
        assert_eq!(someday(connection.recv()).await, Some("last".into()));
        let closed = lost(connection).await;
        assert_eq!(closed.code, CloseCode::new(code));
        assert_eq!(closed.reason, reason);
        assert_eq!(closed.initiator, Initiator::Peer);
        someday(peer.ended()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_closed_at_once_is_one_that_was_open() {
    let (attempt, mut streams) = super::attempt(&connector(over_http()));
    let mut peer = streams.next().await;
    peer.asked("xhr_streaming").await;
    peer.send(STREAM).await;
    peer.send(chunk("c[4001,\"full\"]\n")).await;
    let connection = someday(attempt).await.unwrap().unwrap();
    assert_eq!(lost(connection).await.code, CloseCode::new(4001));
}

#[tokio::test(start_paused = true)]
async fn the_callers_close_leaves_behind_what_was_sent() {
    let (connection, mut streams, mut peer) = streaming(&connector(over_http())).await;
    connection.send("1").await.unwrap();
    let mut sends = streams.next().await;
    assert_eq!(sends.told().await, r#"["1"]"#);
    connection.send("2").await.unwrap();
    connection.close(Close::new(CloseCode::new(4000), "enough").unwrap());
    connection.close(Close::normal());
    assert!(connection.send("3").await.is_err());
    sends.send(TAKEN).await;
    assert_eq!(sends.told().await, r#"["2"]"#);
    sends.send(TAKEN).await;
    someday(peer.ended()).await;
    let closed = lost(connection).await;
    assert_eq!(closed.code, CloseCode::new(4000));
    assert_eq!(closed.initiator, Initiator::Client);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_dropped_ends_its_requests() {
    let (connection, mut streams, mut peer) = streaming(&connector(over_http())).await;
    connection.send("still leaves").await.unwrap();
    drop(connection);
    let mut sends = streams.next().await;
    assert_eq!(sends.told().await, r#"["still leaves"]"#);
    sends.send(TAKEN).await;
    someday(peer.ended()).await;
    someday(sends.ended()).await;
}

#[tokio::test(start_paused = true)]
async fn a_send_that_is_not_answered_ends_the_session_in_time() {
    let limits = Limits::default();
    for closes in [false, true] {
        let (connection, mut streams, _peer) = streaming(&connector(over_http())).await;
        let begun = Instant::now();
        connection.send("1").await.unwrap();
        let mut sends = streams.next().await;
        sends.told().await;
        if closes {
            connection.close(Close::normal());
        }
        let closed = lost(connection).await;
        let time = if closes {
            limits.close_time
        } else {
            limits.stall_time
        };
        assert_eq!(begun.elapsed(), time);
        assert_eq!(closed.initiator, Initiator::Engine);
        assert_eq!(closed.reason, "the server takes nothing of what is sent");
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_that_is_refused_ends_the_session() {
    for (status, initiator) in [
        (404, Initiator::Network),
        (413, Initiator::Engine),
        (500, Initiator::Engine),
    ] {
        let (connection, mut streams, _peer) = streaming(&connector(over_http())).await;
        connection.send("1").await.unwrap();
        let mut sends = streams.next().await;
        sends.told().await;
        sends.send(whole(status, "")).await;
        let closed = lost(connection).await;
        assert_eq!(closed.code, CloseCode::ABNORMAL);
        assert_eq!(closed.initiator, initiator, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_a_restarted_server_opens_anew_is_lost() {
    let (connection, _streams, mut peer) = streaming(&connector(over_http())).await;
    peer.send(chunk("h\n")).await;
    peer.send("0\r\n\r\n").await;
    peer.asked("xhr_streaming").await;
    peer.send(STREAM).await;
    peer.send(chunk("o\n")).await;
    let closed = lost(connection).await;
    assert_eq!(closed.reason, "the server has lost the session");
    assert_eq!(closed.initiator, Initiator::Network);
    someday(peer.ended()).await;
}

#[tokio::test(start_paused = true)]
async fn a_response_that_ends_where_no_frame_does_is_not_asked_for_again() {
    // Half a frame; and, for the next response, none.
    for (rest, next) in [("a[\"half", None), ("a[]\n", Some("")), ("h\n", Some("\n"))] {
        let (connection, _streams, mut peer) = streaming(&connector(over_http())).await;
        peer.send(chunk(rest)).await;
        peer.send("0\r\n\r\n").await;
        if let Some(next) = next {
            peer.asked("xhr_streaming").await;
            peer.send(whole(200, next)).await;
        }
        let closed = lost(connection).await;
        assert_eq!(closed.reason, "the response ended where no frame does");
        someday(peer.ended()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_or_no_frame_ends_the_session_and_is_not_held() {
    let fallback = over_http().frame_bytes(4096).frame_messages(2);
    let connector = connector(fallback).limits(Limits::default().message_bytes(8));
    for (frame, code) in [
        ("a[\"12345678\",\"\"]\n".to_owned(), None),
        ("a[\"123456789\"]\n".to_owned(), Some(1009)),
        ("a[\"\",\"\",\"\"]\n".to_owned(), Some(1009)),
        ("a".repeat(4097), Some(1009)),
        ("x\n".to_owned(), Some(1002)),
        ("a[\"\n".to_owned(), Some(1002)),
        ("c[1]\n".to_owned(), Some(1002)),
    ] {
        let (mut connection, _streams, mut peer) = streaming(&connector).await;
        peer.send(chunk(&frame)).await;
        let Some(code) = code else {
            assert_eq!(someday(connection.recv()).await, Some("12345678".into()));
            continue;
        };
        let closed = lost(connection).await;
        assert_eq!(closed.code, CloseCode::new(code), "{frame}");
        assert_eq!(closed.initiator, Initiator::Engine);
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_drips_ends_the_session_when_its_time_is_over() {
    let (connection, _streams, mut peer) = streaming(&connector(over_http())).await;
    let begun = Instant::now();
    let dripping = tokio::spawn(async move {
        for byte in "a[\"drips".chars().cycle() {
            use tokio::io::AsyncWriteExt;
            let drop = chunk(&byte.to_string());
            if peer.io.write_all(drop.as_bytes()).await.is_err() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    });
    let closed = lost(connection).await;
    assert_eq!(begun.elapsed(), Limits::default().message_time);
    assert_eq!(closed.code, CloseCode::POLICY_VIOLATION);
    someday(dripping).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_dropped_closes_its_stream_wherever_it_waits() {
    for polls in 0.. {
        let (opened, mut streams) =
            tokio::sync::mpsc::unbounded_channel::<tokio::io::DuplexStream>();
        let served = tokio::spawn(async move {
            while let Some(theirs) = streams.recv().await {
                let mut peer = crate::support::Peer::over(theirs);
                let Some(_) = peer.head().await else {
                    continue;
                };
                let answer = [STREAM, &chunk("o\n")].concat();
                for byte in answer.bytes() {
                    use tokio::io::AsyncWriteExt;
                    if peer.io.write_all(&[byte]).await.is_err() {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
                peer.ended().await;
            }
        });
        let connector = connector(over_http());
        let mut attempt = Box::pin(connector.connect_by(ADDRESS, move || {
            let (ours, theirs) = duplex(1024);
            let _ = opened.send(theirs);
            async { Ok(ours) }
        }));
        let mut is_done = false;
        for _ in 0..polls {
            let cx = &mut Context::from_waker(Waker::noop());
            if let Poll::Ready(done) = pin!(&mut attempt).poll(cx) {
                done.unwrap();
                is_done = true;
                break;
            }
            tokio::task::yield_now().await;
        }
        // With it goes what opens streams: the server ends when all of them have.
        drop(attempt);
        someday(served).await.unwrap();
        if is_done {
            assert!(polls > 10);
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_that_breaks_off_is_the_end_of_the_session() {
    let (connection, _streams, peer) = streaming(&connector(over_http())).await;
    drop(peer);
    let begun = Instant::now();
    let closed = lost(connection).await;
    assert_eq!(closed.initiator, Initiator::Network);
    assert!(begun.elapsed().is_zero());
}
