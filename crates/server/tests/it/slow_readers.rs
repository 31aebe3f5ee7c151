//! Peers that do not read what they are sent: what each overflow policy makes of them, and what they cost.

use bytes::Bytes;
use http::Response;
use sockeye_endpoint::{
    Closed, Endpoints, Group, Handler, HandlerResult,
    Initiator::{Peer, Server},
    Overflow, Session,
};
use sockeye_types::{Limits, Message};

use crate::{
    client::{BINARY, Client, close_frame, masked, patiently},
    served::{Echo, LATE, SOON, Served, Watch},
};

const CHUNK: usize = 64 << 10;

/// Sends to all that joined, as the test says.
struct Listens {
    watch: Watch,
    all: Group,
}

impl Handler for Listens {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.watch.opened();
        self.all.join(session);
        // The client may go on once it is among the members.
        Ok(session.send("joined").await?)
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        Ok(session.send(message).await?)
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        self.watch.ended(closed);
    }
}

/// A client that joined a group with this policy and reads nothing more.
async fn listener(overflow: Overflow, limits: Limits) -> (Client, Group, Served) {
    let all = Group::new();
    let served = Served::endpoints(|watch| {
        let all = all.clone();
        Endpoints::new()
            .at("/", Listens { watch, all })
            .overflow(overflow)
            .limits(limits.outbox_bytes(4 * CHUNK))
    })
    .await;
    let mut client = served.client().await;
    assert_eq!(client.frame().await.unwrap().payload, b"joined");
    (client, all, served)
}

/// Sends numbered chunks until something was dropped, and returns how many.
async fn overflow(all: &Group, served: &mut Served) -> u32 {
    let sender = all.senders().remove(0);
    let mut number = 0u32;
    while sender.dropped() == 0 {
        number += 1;
        let mut chunk = vec![0; CHUNK];
        chunk[..4].copy_from_slice(&number.to_be_bytes());
        all.send(chunk);
        served.innocent_talks().await;
    }
    number
}

/// Reads chunks up to the last one and returns their numbers.
async fn numbers(client: &mut Client, last: u32) -> Vec<u32> {
    let mut heard = Vec::new();
    while heard.last() != Some(&last) {
        let chunk = client.frame().await.unwrap();
        assert_eq!(chunk.payload.len(), CHUNK);
        heard.push(u32::from_be_bytes(*chunk.payload.first_chunk().unwrap()));
    }
    heard
}

#[tokio::test]
async fn a_slow_consumer_is_closed_with_1013_and_cut_by_close_time() {
    let limits = Limits::default().stall_time(LATE).close_time(SOON);
    let (client, all, mut served) = listener(Overflow::Close, limits).await;
    overflow(&all, &mut served).await;
    assert_eq!(served.end().await, (1013, Server));
    drop(client);
}

#[tokio::test]
async fn a_slow_consumer_that_reads_after_all_is_told_1013() {
    let limits = Limits::default().stall_time(LATE).close_time(LATE);
    let (mut client, all, mut served) = listener(Overflow::Close, limits).await;
    overflow(&all, &mut served).await;
    assert_eq!(client.close_code().await, Some(1013));
    client.send(&close_frame(1013)).await;
    assert_eq!(client.verdict().await, None);
    assert_eq!(served.end().await, (1013, Server));
}

#[tokio::test]
async fn with_drop_oldest_a_slow_consumer_hears_the_newest_in_order() {
    let limits = Limits::default().stall_time(LATE);
    let (mut client, all, mut served) = listener(Overflow::DropOldest, limits).await;
    let last = overflow(&all, &mut served).await;
    let heard = numbers(&mut client, last).await;
    assert!(
        heard.is_sorted() && heard.len() < last as usize,
        "{heard:?}"
    );
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.end().await, (1000, Peer));
}

#[tokio::test]
async fn with_keep_latest_a_slow_consumer_hears_the_latest() {
    let limits = Limits::default().stall_time(LATE);
    let (mut client, all, mut served) = listener(Overflow::KeepLatest, limits).await;
    let last = overflow(&all, &mut served).await;
    let heard = numbers(&mut client, last).await;
    assert!(
        heard.is_sorted() && heard.len() < last as usize,
        "{heard:?}"
    );
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.end().await, (1000, Peer));
}

#[tokio::test]
async fn an_echo_that_is_never_read_stops_being_fed_and_is_cut_by_stall_time() {
    let limits = Limits::default().stall_time(SOON).outbox_bytes(CHUNK);
    let mut served = Served::echo(limits).await;
    let mut client = served.client().await;
    let message = masked(BINARY, &[b'm'; CHUNK]);
    let mut sent = 0;
    // Once nothing more is read, only the cut lets a write end.
    while client.try_send(&message).await.is_ok() {
        sent += 1;
        served.innocent_talks().await;
    }
    // What went in is in buffers of the kernel, of a few megabytes; the server took a few messages.
    assert!(sent < 1000, "{sent}");
    assert_eq!(served.end().await, (1006, Server));
}

#[tokio::test]
async fn a_large_answer_that_leaves_at_once_after_a_stall_does_not_stop_the_reading() {
    let limits = Limits::default().outbox_bytes(1).message_bytes(4 << 20);
    let served = Served::endpoints(|watch| {
        let limits = limits.frame_bytes(4 << 20);
        Endpoints::new().at("/", Echo(watch)).limits(limits)
    })
    .await;
    let mut client = served.client().await;
    let message = masked(BINARY, &[b'm'; 700 << 10]);
    for _ in 0..40 {
        client.send(&message).await;
        patiently(client.io.readable()).await.unwrap();
        assert_eq!(client.frame().await.unwrap().payload.len(), 700 << 10);
    }
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.end().await, (1000, Peer));
}

#[tokio::test]
async fn a_page_that_is_not_taken_does_not_keep_its_place() {
    let page = Bytes::from(vec![b'p'; 32 << 20]);
    let mut served = Served::server(
        |watch| Endpoints::new().at("/", Echo(watch)),
        |server| {
            let server = server.handshake_time(SOON);
            server.pages(move |_| Some(Response::new(page.clone())))
        },
    )
    .await;
    let mut client = Client::connect(served.addr).await;
    client.send(b"GET /page HTTP/1.1\r\nHost: h\r\n\r\n").await;
    patiently(async {
        loop {
            served.innocent_talks().await;
            let snapshot = served.metrics.snapshot();
            if snapshot.pages[1].1 == 1 && snapshot.asking == 0 {
                break;
            }
        }
    })
    .await;
    served.nobody_came().await;
}
