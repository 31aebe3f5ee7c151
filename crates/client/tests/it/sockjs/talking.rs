//! What a session carries, both ways.

use sockeye_client::{BinaryOverText, Message, PingError, SendError, TrySendError};
use tokio::time::Instant;

use super::{SECOND, STREAM, TAKEN, chunk, connector, over_http, streaming};
use crate::support::someday;

#[tokio::test(start_paused = true)]
async fn what_waits_while_a_request_is_under_way_goes_into_one_body() {
    let (connection, mut streams, _peer) = streaming(&connector(over_http())).await;
    connection.send("1").await.unwrap();
    let mut sends = streams.next().await;
    assert_eq!(sends.told().await, r#"["1"]"#);
    for message in ["2", "\"3\"\n", "한"] {
        connection.send(message).await.unwrap();
    }
    let waiting = connection.sender();
    assert!(waiting.buffered_bytes() > 0);
    sends.send(TAKEN).await;
    assert_eq!(sends.told().await, r#"["2","\"3\"\n","한"]"#);
    sends.send(TAKEN).await;
    while waiting.buffered_bytes() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_bounded_in_messages_and_bytes() {
    let fallback = over_http().send_messages(3).send_bytes(10);
    let (connection, mut streams, _peer) = streaming(&connector(fallback)).await;
    connection.send("first").await.unwrap();
    let mut sends = streams.next().await;
    sends.told().await;
    for message in [
        "a",
        "b",
        "c",
        "d",
        "12345678",
        "9",
        "x",
        "a long one, beyond",
    ] {
        connection.send(message).await.unwrap();
    }
    for body in [
        r#"["a","b","c"]"#,
        r#"["d","12345678","9"]"#,
        r#"["x","a long one, beyond"]"#,
    ] {
        sends.send(TAKEN).await;
        assert_eq!(sends.told().await, body);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_rested_for_long_is_not_used_again() {
    let (connection, mut streams, _peer) = streaming(&connector(over_http())).await;
    connection.send("1").await.unwrap();
    let mut sends = streams.next().await;
    sends.told().await;
    sends.send(TAKEN).await;
    while connection.sender().buffered_bytes() > 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::advance(3 * SECOND).await;
    connection.send("2").await.unwrap();
    let mut other = streams.next().await;
    assert_eq!(other.told().await, r#"["2"]"#);
    someday(sends.ended()).await;
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_body_without_messages_is_a_pong() {
    let (connection, mut streams, _peer) = streaming(&connector(over_http())).await;
    let sender = connection.sender();
    let pinging = tokio::spawn(async move { sender.ping("?").await });
    let mut sends = streams.next().await;
    assert_eq!(sends.told().await, "[]");
    tokio::time::advance(SECOND).await;
    sends.send(TAKEN).await;
    assert_eq!(someday(pinging).await.unwrap(), Ok(SECOND));

    let sender = connection.sender();
    let pinging = tokio::spawn(async move { sender.ping("?").await });
    assert_eq!(sends.told().await, "[]");
    drop(connection);
    drop(sends);
    assert_eq!(someday(pinging).await.unwrap(), Err(PingError::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_response_that_has_ended_is_followed_by_the_next() {
    let (mut connection, _streams, mut peer) = streaming(&connector(over_http())).await;
    for round in 0..3 {
        peer.send(chunk(&format!("a[\"{round}\"]\n"))).await;
        peer.send("0\r\n\r\n").await;
        assert_eq!(
            someday(connection.recv()).await,
            Some(round.to_string().into())
        );
        peer.asked("xhr_streaming").await;
        peer.send(STREAM).await;
    }
}

#[tokio::test(start_paused = true)]
async fn heartbeats_keep_a_session_and_their_lack_ends_it() {
    let (connection, _streams, mut peer) = streaming(&connector(over_http())).await;
    for _ in 0..100 {
        tokio::time::sleep(34 * SECOND).await;
        peer.send(chunk("h\n")).await;
    }
    let begun = Instant::now();
    let closed = someday(connection.wait_closed()).await;
    assert_eq!(closed.reason, "the server is silent");
    assert_eq!(begun.elapsed(), 35 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_receive_is_not_read_from_and_is_not_lost() {
    let (mut connection, _streams, mut peer) = streaming(&connector(over_http())).await;
    let message = "x".repeat(10_000);
    let flood = tokio::spawn(async move {
        for _ in 0..200 {
            peer.send(chunk(&format!("a[\"{message}\"]\n"))).await;
        }
        peer
    });
    tokio::time::sleep(600 * SECOND).await;
    assert!(!flood.is_finished());
    for _ in 0..200 {
        assert_eq!(someday(connection.recv()).await.unwrap().len(), 10_000);
    }
    someday(flood).await.unwrap();
    assert!(connection.is_open());
}

#[tokio::test(start_paused = true)]
async fn binary_is_handed_back_or_travels_as_a_data_url() {
    let (connection, mut streams, _peer) = streaming(&connector(over_http())).await;
    let refused = connection.send(vec![1]).await.unwrap_err();
    assert!(matches!(refused, SendError::Binary(message) if message == Message::from(vec![1])));
    let refused = connection.try_send(vec![1]).unwrap_err();
    assert!(matches!(refused, TrySendError::Binary(_)));
    assert!(streams.is_empty());

    let fallback = over_http().binary(BinaryOverText::DataUrl);
    let (mut connection, mut streams, mut peer) = streaming(&connector(fallback)).await;
    connection.send(vec![0, 255]).await.unwrap();
    let body = streams.next().await.told().await;
    assert_eq!(body, r#"["data:application/octet-stream;base64,AP8="]"#);
    peer.send(chunk(&format!("a{body}\n"))).await;
    let back = someday(connection.recv()).await;
    assert_eq!(back, Some(vec![0, 255].into()));
}
