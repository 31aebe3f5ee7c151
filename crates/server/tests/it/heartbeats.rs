//! Silent peers, peers that answer, and handlers whose slowness is not the peer's fault.

use std::sync::Arc;

use sockeye_endpoint::{
    Closed, Endpoints, Handler, HandlerResult,
    Initiator::{Peer, Server},
    Session,
};
use sockeye_types::{Heartbeat, Message};
use tokio::sync::Notify;

use crate::{
    client::{PING, PONG, TEXT, close_frame, masked},
    served::{LATE, SOON, Served, Watch},
};

#[tokio::test]
async fn a_silent_peer_is_asked_and_then_cut() {
    let beat = Heartbeat::default().period(SOON).deadline(SOON);
    let served = Served::beating(beat).await;
    let mut client = served.client().await;
    assert_eq!(client.frame().await.unwrap().first, PING);
    assert_eq!(client.verdict().await, Some(1011));
    assert_eq!(served.end().await, (1011, Server));
}

#[tokio::test]
async fn a_peer_that_answers_pings_stays() {
    let served = Served::beating(Heartbeat::default().period(SOON).deadline(LATE)).await;
    let mut client = served.client().await;
    for _ in 0..3 {
        let ping = client.frame().await.unwrap();
        assert_eq!(ping.first, PING);
        client.send(&masked(PONG, &ping.payload)).await;
    }
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.end().await, (1000, Peer));
}

#[tokio::test]
async fn any_byte_is_life() {
    let served = Served::beating(Heartbeat::default().period(SOON).deadline(LATE)).await;
    let mut client = served.client().await;
    // One byte of a long frame for each ping, and never a pong: a ping can only follow a byte that was heard.
    let frame = masked(TEXT, b"slow but steady");
    for byte in &frame[..4] {
        assert_eq!(client.frame().await.unwrap().first, PING);
        client.send(&[*byte]).await;
    }
    client.send(&frame[4..]).await;
    let echoed = loop {
        let frame = client.frame().await.unwrap();
        if frame.first != PING {
            break frame;
        }
    };
    assert_eq!(echoed.payload, b"slow but steady");
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.end().await, (1000, Peer));
}

/// Is busy with each message until it is let go.
struct Busy {
    watch: Watch,
    began: Arc<Notify>,
    let_go: Arc<Notify>,
}

impl Handler for Busy {
    async fn on_open(&self, _: &Session) -> HandlerResult {
        self.watch.opened();
        Ok(())
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        self.began.notify_one();
        self.let_go.notified().await;
        Ok(session.send(message).await?)
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        self.watch.ended(closed);
    }
}

#[tokio::test]
async fn a_busy_handler_does_not_get_its_peer_blamed() {
    let (began, let_go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let beat = Heartbeat::default().period(SOON).deadline(SOON);
    let mut served = Served::endpoints(|watch| {
        let busy = Busy {
            watch,
            began: Arc::clone(&began),
            let_go: Arc::clone(&let_go),
        };
        Endpoints::new()
            .heartbeat(beat)
            .at("/", busy)
            .at("/silent", crate::served::innocent_echo)
    })
    .await;
    let mut client = served.client().await;
    client.send(&masked(TEXT, b"take your time")).await;
    crate::client::patiently(began.notified()).await;
    // Two silent peers, one after the other, are asked and cut meanwhile.
    for _ in 0..2 {
        let silent = crate::client::Client::open(served.addr, "/silent").await;
        assert_eq!(silent.verdict().await, Some(1011));
        served.innocent_talks().await;
    }
    let_go.notify_one();
    assert_eq!(client.frame().await.unwrap().payload, b"take your time");
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.end().await, (1000, Peer));
}
