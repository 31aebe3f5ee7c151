//! What waits on either way is bounded, and nothing of it is lost.

use std::time::Duration;

use sockeye_client::{Connector, Heartbeat, Initiator, Limits, Message, PingError, TrySendError};
use tokio::{io::AsyncWriteExt, time::Instant};

use crate::support::{CLOSE, PING, PONG, TEXT, heard, open, open_narrow, plain, someday};

#[tokio::test(start_paused = true)]
async fn a_server_is_read_no_further_than_the_inbox_has_room_and_nothing_is_lost() {
    let limits = Limits::default().message_bytes(1000);
    let connector = Connector::new().limits(limits).heartbeat(Heartbeat::off());
    for (payload, most) in [(vec![b'x'; 100], 10), (vec![b'x'; 1], 64)] {
        let (mut connection, mut peer) = open_narrow(connector.clone(), 64).await;
        let frame = plain(TEXT, &payload);
        let mut written = 0;
        let minute = Duration::from_secs(60);
        while tokio::time::timeout(minute, peer.send(&frame))
            .await
            .is_ok()
        {
            written += 1;
        }
        // Beside the inbox there are the pipe, which is narrow, and one read.
        let slack = (64 + 64) / frame.len() + 1;
        assert!((most..=most + slack).contains(&written), "{written}");
        for _ in 0..written {
            let message = someday(connection.recv()).await.unwrap();
            assert_eq!(message.as_bytes(), payload);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_outbox_holds_its_limit_and_no_more_and_takes_any_one_message_when_empty() {
    // 64 bytes are counted for each message's place.
    let limits = Limits::default().outbox_bytes(3 * (64 + 100));
    let connector = Connector::new().limits(limits).heartbeat(Heartbeat::off());
    let (connection, mut peer) = open_narrow(connector, 64).await;
    for _ in 0..3 {
        connection.try_send(vec![1; 100]).unwrap();
    }
    let refused = connection.try_send(vec![1; 1]).unwrap_err();
    assert!(matches!(refused, TrySendError::Full(_)));
    let sender = connection.sender();
    let waits = tokio::spawn(async move { sender.send(vec![2; 100_000]).await });
    for _ in 0..3 {
        assert_eq!(someday(peer.frame()).await, heard(0x82, &[1; 100]));
    }
    assert_eq!(someday(peer.frame()).await, heard(0x82, &[2; 100_000]));
    someday(waits).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_nothing_is_cut_and_who_waits_gets_the_message_back() {
    let limits = Limits::default().outbox_bytes(1000);
    let connector = Connector::new().limits(limits).heartbeat(Heartbeat::off());
    let (connection, _peer) = open_narrow(connector, 64).await;
    let began = Instant::now();
    connection.send(vec![0; 2000]).await.unwrap();
    let refused = someday(connection.send("waits")).await.unwrap_err();
    assert_eq!(refused.into_message(), Message::from("waits"));
    assert_eq!(began.elapsed(), Duration::from_secs(30));
    let closed = someday(connection.wait_closed()).await;
    assert_eq!(
        (closed.code.as_u16(), closed.initiator),
        (1006, Initiator::Engine)
    );
}

#[tokio::test(start_paused = true)]
async fn pings_that_are_not_taken_an_answer_of_pile_up_to_the_outbox_and_no_further() {
    let limits = Limits::default()
        .outbox_bytes(1000)
        .control_frames_per_second(u32::MAX);
    let connector = Connector::new().limits(limits).heartbeat(Heartbeat::off());
    let (mut connection, mut peer) = open_narrow(connector, 256).await;
    let ping = plain(PING, &[7; 100]);
    let mut taken = 0;
    while tokio::time::timeout(Duration::from_secs(1), peer.io.write_all(&ping))
        .await
        .is_ok()
    {
        taken += 1;
        assert!(taken < 100, "it reads without end");
    }
    assert_eq!(someday(connection.recv()).await, None);
}

#[tokio::test(start_paused = true)]
async fn pings_have_their_bounds_and_a_late_pong_answers_those_before_it() {
    let (connection, mut peer) = open(Connector::new().heartbeat(Heartbeat::off())).await;
    assert_eq!(
        connection.ping(vec![0; 126]).await,
        Err(PingError::TooLong(126))
    );
    let waits: Vec<_> = (0..8_u8)
        .map(|n| {
            let sender = connection.sender();
            tokio::spawn(async move { sender.ping(vec![n; 125]).await })
        })
        .collect();
    for n in 0..8 {
        assert_eq!(peer.frame().await, heard(PING, &[n; 125]));
    }
    assert_eq!(connection.ping("one more").await, Err(PingError::TooMany));
    tokio::time::advance(Duration::from_secs(2)).await;
    peer.send(plain(PONG, &[7; 125])).await;
    for wait in waits {
        assert_eq!(someday(wait).await.unwrap(), Ok(Duration::from_secs(2)));
    }
    let sender = connection.sender();
    let wait = tokio::spawn(async move { sender.ping("again").await });
    assert_eq!(peer.frame().await, heard(PING, b"again"));
    drop(peer);
    assert_eq!(someday(wait).await.unwrap(), Err(PingError::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_pinged_timed_and_given_up_though_nobody_receives() {
    let (connection, mut peer) = open(Connector::new()).await;
    let began = Instant::now();
    let ping = someday(peer.frame()).await.unwrap();
    assert_eq!(
        (ping.first, began.elapsed()),
        (PING, Duration::from_secs(25))
    );
    tokio::time::advance(Duration::from_millis(30)).await;
    peer.send(plain(PONG, &ping.payload)).await;
    assert_eq!(someday(peer.frame()).await.unwrap().first, PING);
    let round_trip = connection.round_trip().unwrap();
    assert!((30..32).contains(&round_trip.as_millis()), "{round_trip:?}");
    let asked = Instant::now();
    let closed = someday(connection.wait_closed()).await;
    assert_eq!(
        (closed.code.as_u16(), closed.initiator),
        (1011, Initiator::Engine)
    );
    assert_eq!(asked.elapsed(), Duration::from_secs(10));
    assert_ne!(peer.frame().await, heard(CLOSE, b""));
}
