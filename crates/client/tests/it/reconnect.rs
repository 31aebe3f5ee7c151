//! The way back, against peers that a test plays, while the clock is stopped.

use std::time::Duration;

use sockeye_client::{
    Backoff, Cause, Close, CloseCode, ConnectError, Connector, Event, Heartbeat, Message,
    Reconnecting, TrySendError, Verdict,
};
use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
    task::JoinHandle,
    time::Instant,
};

use crate::support::{ADDRESS, CLOSE, Frame, Peer, TEXT, close_payload, heard, plain, someday};

const SECOND: Duration = Duration::from_secs(1);

/// A connection that comes back, and the peers it comes to.
fn reconnecting() -> (Reconnecting, mpsc::UnboundedReceiver<DuplexStream>) {
    let (reached, peers) = mpsc::unbounded_channel();
    let connector = Connector::new().heartbeat(Heartbeat::off());
    let reconnecting = Reconnecting::by(move || {
        let (ours, theirs) = duplex(64 << 10);
        let _ = reached.send(theirs);
        let connector = connector.clone();
        async move { connector.connect_over(ADDRESS, ours).await }
    });
    (reconnecting, peers)
}

/// Receives until there will be nothing more, on a task, and tells every event.
fn run(
    mut reconnecting: Reconnecting,
) -> (mpsc::UnboundedReceiver<Event>, JoinHandle<Reconnecting>) {
    let (events, told) = mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        while let Some(event) = reconnecting.recv().await {
            let _ = events.send(event);
        }
        reconnecting
    });
    (told, task)
}

async fn accepted(peers: &mut mpsc::UnboundedReceiver<DuplexStream>) -> Peer {
    let mut peer = Peer::over(someday(peers.recv()).await.unwrap());
    peer.accept().await;
    peer
}

async fn refuse(peers: &mut mpsc::UnboundedReceiver<DuplexStream>, answer: &str) {
    let mut peer = Peer::over(someday(peers.recv()).await.unwrap());
    peer.request().await;
    peer.send(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n"))
        .await;
}

async fn text(peer: &mut Peer) -> String {
    let Frame { first, payload } = someday(peer.frame()).await.unwrap();
    assert_eq!(first, TEXT);
    String::from_utf8(payload).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_without_a_connection_waits_and_goes_first_and_in_order() {
    let (reconnecting, mut peers) = reconnecting();
    let sender = reconnecting.sender();
    sender.send("1").await.unwrap();
    sender.try_send("2").unwrap();
    let (mut events, _task) = run(reconnecting);
    let mut peer = accepted(&mut peers).await;
    assert!(matches!(
        someday(events.recv()).await,
        Some(Event::Opened(_))
    ));
    sender.send("3").await.unwrap();
    for expected in ["1", "2", "3"] {
        assert_eq!(text(&mut peer).await, expected);
    }
    peer.send(plain(TEXT, b"hello")).await;
    let event = someday(events.recv()).await;
    assert!(matches!(event, Some(Event::Message(message)) if message == Message::from("hello")));

    drop(peer);
    let Some(Event::Lost(lost)) = someday(events.recv()).await else {
        panic!("it is lost");
    };
    assert!(matches!(lost.cause, Cause::Closed(closed) if closed.code == CloseCode::ABNORMAL));
    assert!(lost.next.unwrap() <= Duration::from_millis(500));
    for message in ["4", "5"] {
        sender.send(message).await.unwrap();
    }
    assert_eq!(sender.queued(), 2);
    let mut peer = accepted(&mut peers).await;
    assert_eq!(
        (text(&mut peer).await, text(&mut peer).await),
        ("4".into(), "5".into())
    );
    assert_eq!(sender.queued(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_full_hands_messages_back() {
    let (reconnecting, _peers) = reconnecting();
    let reconnecting = reconnecting.queue_messages(2).queue_bytes(10);
    reconnecting.send("nine byte").await.unwrap();
    let refused = reconnecting.send("xx").await.unwrap_err();
    assert!(matches!(refused, TrySendError::Full(message) if message == Message::from("xx")));
    reconnecting.send("x").await.unwrap();
    assert!(matches!(
        reconnecting.send("").await,
        Err(TrySendError::Full(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn failures_in_a_row_wait_longer_and_longer_and_end_at_their_limit() {
    let (reconnecting, mut peers) = reconnecting();
    let (mut events, task) = run(reconnecting.give_up_after_attempts(4));
    for attempt in 1..=4 {
        refuse(&mut peers, "502 Bad Gateway").await;
        let Some(Event::Lost(lost)) = someday(events.recv()).await else {
            panic!("it fails");
        };
        assert_eq!(lost.failures, attempt);
        let longest = SECOND / 2 * 2_u32.pow(attempt - 1);
        assert!(lost.next.is_none_or(|next| next <= longest));
        assert_eq!(lost.next.is_none(), attempt == 4);
    }
    assert!(someday(events.recv()).await.is_none());
    let gone = someday(task).await.unwrap();
    assert_eq!(gone.gave_up().unwrap().failures, 4);
    assert!(matches!(
        gone.send("late").await,
        Err(TrySendError::Closed(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn it_gives_up_when_it_has_tried_for_too_long() {
    let (reconnecting, mut peers) = reconnecting();
    let began = Instant::now();
    let (mut events, task) = run(reconnecting.give_up_after(60 * SECOND));
    loop {
        refuse(&mut peers, "500 Oh").await;
        match someday(events.recv()).await {
            Some(Event::Lost(lost)) if lost.next.is_none() => break,
            Some(Event::Lost(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(began.elapsed() <= 60 * SECOND);
    assert!(someday(task).await.unwrap().gave_up().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_flaps_counts_as_a_failure_and_one_that_lived_does_not() {
    let (reconnecting, mut peers) = reconnecting();
    let (mut events, _task) = run(reconnecting);
    for (lives, failures) in [(4, 1), (1, 2), (0, 3), (5, 0), (4, 1)] {
        let peer = accepted(&mut peers).await;
        assert!(matches!(
            someday(events.recv()).await,
            Some(Event::Opened(_))
        ));
        tokio::time::advance(lives * SECOND).await;
        drop(peer);
        match someday(events.recv()).await {
            Some(Event::Lost(lost)) => assert_eq!(lost.failures, failures, "{lives}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_for_time_gets_it() {
    let (reconnecting, mut peers) = reconnecting();
    let (mut events, _task) = run(reconnecting);
    refuse(&mut peers, "503 Busy\r\nRetry-After: 7").await;
    let Some(Event::Lost(lost)) = someday(events.recv()).await else {
        panic!("it fails");
    };
    let range = 7 * SECOND..=8 * SECOND;
    assert!(range.contains(&lost.next.unwrap()), "{lost:?}");
    let began = Instant::now();
    let mut peer = accepted(&mut peers).await;
    assert!(began.elapsed() >= lost.next.unwrap());
    assert!(matches!(
        someday(events.recv()).await,
        Some(Event::Opened(_))
    ));
    peer.send(plain(CLOSE, &close_payload(1012))).await;
    let Some(Event::Lost(lost)) = someday(events.recv()).await else {
        panic!("it is lost");
    };
    assert!((5 * SECOND..=30 * SECOND).contains(&lost.next.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn what_would_only_fail_again_is_given_up_unless_the_caller_knows_better() {
    let (first, mut peers) = reconnecting();
    let (mut events, task) = run(first);
    refuse(&mut peers, "401 Who").await;
    assert!(matches!(someday(events.recv()).await, Some(Event::Lost(lost)) if lost.next.is_none()));
    let gone = someday(task).await.unwrap();
    let Cause::Connect(error) = &gone.gave_up().unwrap().cause else {
        panic!("it was refused");
    };
    assert!(matches!(&**error, ConnectError::Refused(refused) if refused.status() == 401));

    let (second, mut peers) = reconnecting();
    let (mut events, _task) = run(second.retry(|lost| match &lost.cause {
        Cause::Closed(closed) if closed.code.as_u16() == 4003 => Verdict::GiveUp,
        Cause::Connect(_) => Verdict::Retry,
        Cause::Closed(_) => Verdict::of(lost),
    }));
    refuse(&mut peers, "401 Who").await;
    assert!(matches!(someday(events.recv()).await, Some(Event::Lost(lost)) if lost.next.is_some()));
    let mut peer = accepted(&mut peers).await;
    assert!(matches!(
        someday(events.recv()).await,
        Some(Event::Opened(_))
    ));
    peer.send(plain(CLOSE, &close_payload(4003))).await;
    assert!(matches!(someday(events.recv()).await, Some(Event::Lost(lost)) if lost.next.is_none()));
    assert!(someday(events.recv()).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_close_ends_it_for_good_and_what_the_connection_has_still_leaves() {
    let (mut reconnecting, mut peers) = reconnecting();
    let opening = tokio::spawn(async move { accepted(&mut peers).await });
    assert!(matches!(
        someday(reconnecting.recv()).await,
        Some(Event::Opened(_))
    ));
    let mut peer = someday(opening).await.unwrap();
    let connection = reconnecting.connection().unwrap();
    connection.send("last").await.unwrap();
    reconnecting.close(Close::normal());
    let closing = tokio::spawn(async move {
        assert_eq!(peer.frame().await, heard(TEXT, b"last"));
        assert_eq!(peer.frame().await, heard(CLOSE, &close_payload(1000)));
        peer.send(plain(CLOSE, &close_payload(1000))).await;
    });
    assert!(
        matches!(someday(reconnecting.recv()).await, Some(Event::Lost(lost)) if lost.next.is_none())
    );
    assert!(someday(reconnecting.recv()).await.is_none());
    someday(closing).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn messages_that_waited_are_neither_lost_nor_doubled_when_the_connection_is_lost_at_once() {
    let (reconnecting, mut peers) = reconnecting();
    let backoff = Backoff::default().first(SECOND).max(SECOND);
    let sender = reconnecting.sender();
    for n in 0..100 {
        sender.send(n.to_string()).await.unwrap();
    }
    let (_events, _task) = run(reconnecting.backoff(backoff));
    // Those that refuse take nothing.
    for _ in 0..3 {
        refuse(&mut peers, "500 Oh").await;
    }
    let mut peer = accepted(&mut peers).await;
    for n in 0..100 {
        assert_eq!(text(&mut peer).await, n.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn recv_may_be_dropped_at_any_await_and_sends_too() {
    let (mut reconnecting, mut peers) = reconnecting();
    let served = tokio::spawn(async move {
        refuse(&mut peers, "500 Oh").await;
        let mut peer = accepted(&mut peers).await;
        for n in 0..20 {
            assert_eq!(text(&mut peer).await, n.to_string());
            peer.send(plain(TEXT, n.to_string().as_bytes())).await;
        }
        peer
    });
    for n in 0..20 {
        reconnecting.send(n.to_string()).await.unwrap();
    }
    let mut heard = Vec::new();
    let mut opened = 0;
    while heard.len() < 20 {
        // Each call is polled once, and dropped if it is not done.
        let event = tokio::select! {
            biased;
            event = reconnecting.recv() => event,
            () = tokio::time::advance(Duration::from_millis(1)) => continue,
        };
        match event {
            Some(Event::Message(message)) => heard.push(message.as_text().unwrap().to_owned()),
            Some(Event::Opened(_)) => opened += 1,
            Some(Event::Lost(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    let expected: Vec<String> = (0..20).map(|n: i32| n.to_string()).collect();
    assert_eq!((heard, opened), (expected, 1));
    drop(someday(served).await.unwrap());
}
