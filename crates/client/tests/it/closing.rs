//! How connections end: by either side, by both, by none.

use std::time::Duration;

use sockeye_client::{Close, CloseCode, Closed, Connector, Initiator, Limits, Message, PingError};
use tokio::{io::AsyncWriteExt, net::TcpListener, time::Instant};

use crate::support::{
    CLOSE, PING, PONG, Peer, TEXT, close_payload, heard, open, open_narrow, patiently, plain,
    someday,
};

const CLOSE_TIME: Duration = Duration::from_secs(5);

fn told(closed: &Closed) -> (u16, Initiator) {
    (closed.code.as_u16(), closed.initiator)
}

#[tokio::test(start_paused = true)]
async fn what_came_before_the_servers_close_is_answered_before_it() {
    for end in [plain(CLOSE, &close_payload(1001)), plain(0x83, b"")] {
        let (mut connection, mut peer) = open(Connector::new()).await;
        let mut bytes = plain(TEXT, b"question");
        bytes.extend(plain(PING, b"p"));
        bytes.extend(end);
        peer.send(bytes).await;
        let question = someday(connection.recv()).await.unwrap();
        // Whatever else there is to do has its turn: the close must not be answered yet.
        tokio::task::yield_now().await;
        connection.send(question).await.unwrap();
        connection.send("and more").await.unwrap();
        let waits = tokio::spawn(async move {
            assert_eq!(connection.recv().await, None);
            connection.closed()
        });
        assert_eq!(peer.frame().await, heard(PONG, b"p"));
        assert_eq!(peer.frame().await, heard(TEXT, b"question"));
        assert_eq!(peer.frame().await, heard(TEXT, b"and more"));
        assert_eq!(peer.frame().await.unwrap().first, CLOSE);
        drop(peer);
        assert!(someday(waits).await.unwrap().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_does_not_ask_delays_the_answer_for_close_time() {
    let (connection, mut peer) = open(Connector::new()).await;
    peer.send(plain(TEXT, b"unread")).await;
    peer.send(plain(CLOSE, &close_payload(4000))).await;
    let began = Instant::now();
    assert_eq!(
        someday(peer.frame()).await,
        heard(CLOSE, &close_payload(4000))
    );
    assert_eq!(began.elapsed(), CLOSE_TIME);
    drop(peer);
    let mut connection = connection;
    assert_eq!(connection.recv().await, Some(Message::from("unread")));
    assert_eq!(connection.recv().await, None);
    let closed = someday(connection.wait_closed()).await;
    assert_eq!(told(&closed), (4000, Initiator::Peer));
}

#[tokio::test(start_paused = true)]
async fn our_close_leaves_behind_what_was_sent_and_the_server_ends_tcp() {
    let (mut connection, mut peer) = open(Connector::new()).await;
    connection.send("last").await.unwrap();
    connection.close(Close::new(CloseCode::new(4001), "bye").unwrap());
    connection.close(Close::normal());
    assert!(!connection.is_open());
    assert_eq!(
        connection.send("late").await.unwrap_err().into_message(),
        Message::from("late")
    );
    assert_eq!(connection.ping("late").await, Err(PingError::Closed));
    assert_eq!(peer.frame().await, heard(TEXT, b"last"));
    assert_eq!(peer.frame().await, heard(CLOSE, b"\x0f\xa1bye"));
    peer.send(plain(TEXT, b"under way")).await;
    peer.send(plain(CLOSE, &close_payload(4001))).await;
    assert_eq!(
        someday(connection.recv()).await,
        Some(Message::from("under way"))
    );
    assert_eq!(someday(connection.recv()).await, None);
    assert_eq!(connection.closed().unwrap().reason, "bye");
    // The stream is ours to end only when the server's time is over.
    let began = Instant::now();
    assert_eq!(someday(peer.frame()).await, None);
    assert_eq!(began.elapsed(), CLOSE_TIME);
    let closed = someday(connection.wait_closed()).await;
    assert_eq!(told(&closed), (4001, Initiator::Client));
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_not_answered_ends_after_close_time() {
    let (connection, mut peer) = open(Connector::new()).await;
    let began = Instant::now();
    connection.close(Close::normal());
    let closed = someday(connection.wait_closed()).await;
    assert_eq!(told(&closed), (1000, Initiator::Client));
    assert_eq!(began.elapsed(), CLOSE_TIME);
    assert_eq!(peer.frame().await, heard(CLOSE, &close_payload(1000)));
    assert_eq!(peer.frame().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_close_that_can_not_leave_ends_after_close_time() {
    let (connection, _peer) = open_narrow(Connector::new(), 512).await;
    connection.send(vec![0; 4096]).await.unwrap();
    // The driver finds out that the stream takes no more.
    tokio::time::advance(Duration::from_millis(1)).await;
    connection.send("behind it").await.unwrap();
    let began = Instant::now();
    connection.close(Close::normal());
    let closed = someday(connection.wait_closed()).await;
    assert_eq!(told(&closed), (1006, Initiator::Engine));
    assert_eq!(began.elapsed(), CLOSE_TIME);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_breaks_a_rule_is_told_and_left() {
    for (frame, code) in [
        (vec![TEXT, 0x82, 1, 2, 3, 4, 5, 6], 1002),
        (plain(TEXT, b"\xff"), 1007),
        (vec![TEXT, 127, 0, 0, 0, 1, 0, 0, 0, 0], 1009),
    ] {
        let (mut connection, mut peer) = open(Connector::new()).await;
        peer.send(frame).await;
        assert_eq!(someday(connection.recv()).await, None);
        assert_eq!(
            told(&connection.closed().unwrap()),
            (code, Initiator::Engine)
        );
        let close = peer.frame().await.unwrap();
        assert_eq!(close.first, CLOSE);
        assert_eq!(close.payload[..2], close_payload(code));
        assert_eq!(peer.frame().await, None);
        drop(peer);
        someday(connection.wait_closed()).await;
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_or_reset_is_lost() {
    let (mut connection, mut peer) = open(Connector::new()).await;
    peer.send([TEXT, 5, b'h', b'a']).await;
    drop(peer);
    assert_eq!(patiently(connection.recv()).await, None);
    assert_eq!(
        told(&connection.closed().unwrap()),
        (1006, Initiator::Network)
    );

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("ws://{}/", listener.local_addr().unwrap());
    let attempt = tokio::spawn(async move { Connector::new().connect(address).await });
    let mut peer = Peer::over(listener.accept().await.unwrap().0);
    peer.accept().await;
    let mut connection = attempt.await.unwrap().unwrap();
    let waits = {
        let sender = connection.sender();
        tokio::spawn(async move { sender.ping("p").await })
    };
    assert_eq!(peer.frame().await, heard(PING, b"p"));
    peer.io.set_zero_linger().unwrap();
    drop(peer);
    assert_eq!(patiently(connection.recv()).await, None);
    assert_eq!(
        told(&connection.closed().unwrap()),
        (1006, Initiator::Network)
    );
    assert_eq!(patiently(waits).await.unwrap(), Err(PingError::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_connection_says_1001_in_the_background_and_its_senders_learn_of_it() {
    let (connection, mut peer) = open(Connector::new()).await;
    let sender = connection.sender();
    sender.send("first").await.unwrap();
    drop(connection);
    assert!(!sender.is_open());
    assert!(sender.send("late").await.is_err());
    peer.send(plain(TEXT, b"nobody reads this")).await;
    assert_eq!(peer.frame().await, heard(TEXT, b"first"));
    let close = peer.frame().await.unwrap();
    assert_eq!(
        (close.first, &close.payload[..2]),
        (CLOSE, &close_payload(1001)[..])
    );
    let began = Instant::now();
    assert_eq!(someday(peer.frame()).await, None);
    assert_eq!(began.elapsed(), CLOSE_TIME);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_sends_without_end_after_its_close_is_left_after_close_time() {
    let limits = Limits::default().close_time(Duration::from_secs(1));
    let (mut connection, mut peer) = open(Connector::new().limits(limits)).await;
    let ends = tokio::spawn(async move {
        peer.send(plain(CLOSE, b"")).await;
        while peer.io.write_all(&[0; 512]).await.is_ok() {
            tokio::time::advance(Duration::from_millis(1)).await;
        }
    });
    assert_eq!(someday(connection.recv()).await, None);
    assert_eq!(told(&connection.closed().unwrap()), (1005, Initiator::Peer));
    someday(connection.wait_closed()).await;
    someday(ends).await.unwrap();
}

#[test]
fn a_connection_ends_with_its_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (mut connection, _peer) = runtime.block_on(open(Connector::new()));
    let sender = connection.sender();
    drop(runtime);
    let other = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    assert_eq!(other.block_on(connection.recv()), None);
    assert_eq!(
        told(&connection.closed().unwrap()),
        (1006, Initiator::Network)
    );
    assert!(other.block_on(sender.send("late")).is_err());
    other.block_on(connection.wait_closed());
}

#[tokio::test(start_paused = true)]
async fn a_close_time_that_no_clock_can_show_is_only_long() {
    let limits = Limits::default().close_time(Duration::MAX);
    for ours in [true, false] {
        let (mut connection, mut peer) = open(Connector::new().limits(limits)).await;
        if ours {
            connection.close(Close::normal());
            assert_eq!(peer.frame().await.unwrap().first, CLOSE);
        }
        peer.send(plain(CLOSE, &close_payload(1000))).await;
        assert_eq!(someday(connection.recv()).await, None);
        drop(peer);
        let closed = someday(connection.wait_closed()).await;
        let initiator = if ours {
            Initiator::Client
        } else {
            Initiator::Peer
        };
        assert_eq!(told(&closed), (1000, initiator));
    }
}
