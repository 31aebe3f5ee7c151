//! What a server counts while real clients come, talk, are refused and go. The innocent client of each test is counted,
//! too: it opens one session, and says nothing before the end.

use std::{sync::Arc, time::Duration};

use http::Response;
use sockeye_endpoint::{Endpoints, Group, Handler, HandlerResult, Interceptor, Overflow, Refusal};
use sockeye_endpoint::{Session, UpgradeRequest};
use sockeye_server::{Metrics, Snapshot};
use sockeye_types::{Heartbeat, Limits, Message};
use tokio::sync::Notify;

use crate::{
    client::{BINARY, Client, PING, PONG, TEXT, close_frame, handshake, masked, patiently},
    closing::Closes,
    served::{Echo, LATE, SOON, Served},
};

/// Waits until the numbers are as a test wants them; nothing tells when a counter moves.
pub(crate) async fn until(metrics: &Metrics, is_so: impl Fn(&Snapshot) -> bool) -> Snapshot {
    let wait = async {
        loop {
            let now = metrics.snapshot();
            if is_so(&now) {
                return now;
            }
            tokio::task::yield_now().await;
        }
    };
    patiently(wait).await
}

async fn refused(served: &Served, request: &str, status: u16) {
    let mut client = Client::connect(served.addr).await;
    client.send(request.as_bytes()).await;
    assert_eq!(client.reply().await.status, status);
}

pub(crate) struct Nobody;

impl Interceptor for Nobody {
    async fn before_upgrade(&self, _: &mut UpgradeRequest<'_>) -> Result<(), Refusal> {
        Err(Refusal::new(http::StatusCode::FORBIDDEN, "nobody\n"))
    }
}

#[tokio::test]
async fn each_handshake_is_counted_once_by_its_result() {
    let served = Served::endpoints(|watch| {
        let guarded = Echo(watch.clone());
        Endpoints::new()
            .at("/guarded", guarded)
            .interceptor(Nobody)
            .at("/", Echo(watch))
    })
    .await;
    let foreign = handshake("/", "Origin: https://foreign.example\r\n");
    refused(&served, &foreign, 403).await;
    refused(&served, &handshake("/guarded", ""), 403).await;
    refused(&served, &handshake("/nowhere", ""), 404).await;
    let old = handshake("/", "").replace("Version: 13", "Version: 8");
    refused(&served, &old, 426).await;
    let keyless = handshake("/", "").replace("Sec-WebSocket-Key", "Some-Key");
    refused(&served, &keyless, 400).await;
    let metrics = served.metrics.clone();
    for (result, count) in [
        ("accepted", 1),
        ("origin", 1),
        ("interceptor", 1),
        ("not_found", 1),
        ("version", 1),
        ("malformed", 1),
        ("timeout", 0),
    ] {
        assert_eq!(metrics.snapshot().handshakes(result), count, "{result}");
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn a_server_turns_once_all_its_workers_run_and_until_they_are_done() {
    let two = std::num::NonZeroUsize::new(2).unwrap();
    let server = sockeye_server::Server::new(Endpoints::new()).workers(two);
    let bound = server.bind("127.0.0.1:0").unwrap();
    let metrics = bound.metrics();
    assert!(!metrics.is_turning());
    let stop = Notify::new();
    let stopped = async {
        until(&metrics, |_| metrics.is_turning()).await;
        stop.notify_one();
    };
    let (served, ()) = tokio::join!(bound.run_until(stop.notified()), stopped);
    served.unwrap();
    assert!(!metrics.is_turning());
}

#[tokio::test]
async fn messages_and_their_bytes_are_counted_by_kind_and_direction() {
    let served = Served::echo(Limits::default()).await;
    let mut client = served.client().await;
    client.echo("four").await;
    client.echo("").await;
    client.send(&masked(BINARY, &[0; 300])).await;
    assert_eq!(client.frame().await.unwrap().payload.len(), 300);
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    let now = until(&served.metrics, |now| now.closes("1000", "peer") == 1).await;
    for text in [now.received_text, now.sent_text] {
        assert_eq!((text.messages, text.bytes), (2, 4));
    }
    for binary in [now.received_binary, now.sent_binary] {
        assert_eq!((binary.messages, binary.bytes), (1, 300));
    }
    assert_eq!((now.sessions, now.handshakes("accepted")), (1, 2));
    let metrics = served.metrics.clone();
    served.end().await;
    let gone = metrics.snapshot();
    assert_eq!((gone.sessions, gone.asking, gone.outbox_bytes), (0, 0, 0));
}

#[tokio::test]
async fn closes_are_counted_by_code_and_by_who_started() {
    let mut served = Served::endpoints(|watch| Endpoints::new().at("/", Closes(watch))).await;
    let mut told = served.client().await;
    told.send(&masked(TEXT, b"bye")).await;
    assert_eq!(told.close_code().await, Some(4002));
    told.send(&close_frame(4002)).await;
    served.ends.next().await;
    let mut rude = served.client().await;
    rude.send(&[0xff, 0xff]).await;
    assert_eq!(rude.verdict().await, Some(1002));
    served.ends.next().await;
    served.client().await.reset();
    served.ends.next().await;
    let now = served.metrics.snapshot();
    assert_eq!(now.closes("4xxx", "handler"), 1);
    assert_eq!(now.closes("1002", "server"), 1);
    assert_eq!(now.closes("1006", "network"), 1);
    assert_eq!(now.closes.iter().map(|close| close.count).sum::<u64>(), 3);
    let metrics = served.metrics.clone();
    served.finish().await;
    assert_eq!(metrics.snapshot().closes("1001", "server"), 1);
}

#[tokio::test]
async fn heartbeats_are_timed_and_missed_ones_counted() {
    let beat = Heartbeat::default().period(SOON).deadline(SOON);
    let served = Served::beating(beat).await;
    let mut client = served.client().await;
    let ping = client.frame().await.unwrap();
    assert_eq!(ping.first, PING);
    client.send(&masked(PONG, &ping.payload)).await;
    assert_eq!(client.verdict().await, Some(1011));
    let now = until(&served.metrics, |now| now.missed_heartbeats == 1).await;
    let times = &now.round_trips;
    let below: u64 = times.buckets.iter().map(|(_, count)| count).sum();
    assert_eq!(below + times.above, 1);
    assert!(times.sum > Duration::ZERO);
    assert_eq!(now.closes("1011", "server"), 1);
    served.end().await;
}

/// Sends 64 KiB to all at each message.
#[derive(Default)]
struct Floods(Group);

impl Handler for Floods {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.0.join(session);
        Ok(())
    }

    async fn on_message(&self, _: &Session, _: Message) -> HandlerResult {
        self.0.send(vec![0; 64 << 10]);
        Ok(())
    }
}

/// A server that floods all, a client that reads nothing, and one that makes it flood and reads.
async fn flooded(overflow: Overflow) -> (Served, Client, Client) {
    let limits = Limits::default().close_time(SOON).stall_time(LATE);
    let served = Served::endpoints(|_| {
        Endpoints::new()
            .at("/", Floods::default())
            .limits(limits)
            .overflow(overflow)
    })
    .await;
    let (slow, loud) = (served.client().await, served.client().await);
    (served, slow, loud)
}

async fn more(loud: &mut Client) {
    loud.send(&masked(TEXT, b"more")).await;
    assert_eq!(loud.frame().await.unwrap().payload.len(), 64 << 10);
}

#[tokio::test]
async fn a_slow_consumer_is_counted_when_it_is_closed() {
    let (served, slow, mut loud) = flooded(Overflow::Close).await;
    while served.metrics.snapshot().slow_closed == 0 {
        more(&mut loud).await;
    }
    let now = served.metrics.snapshot();
    assert_eq!((now.slow_closed, now.slow_stalled), (1, 0));
    assert_eq!(now.closes("1013", "server"), 1);
    assert!(now.dropped[0].1 > 0, "{:?}", now.dropped);
    drop(slow);
    until(&served.metrics, |now| now.outbox_bytes == 0).await;
    served.finish().await;
}

#[tokio::test]
async fn what_waits_for_a_slow_consumer_is_in_the_gauge_and_what_is_dropped_is_counted() {
    let (served, slow, mut loud) = flooded(Overflow::DropOldest).await;
    while served.metrics.snapshot().outbox_bytes == 0 {
        more(&mut loud).await;
    }
    // A mebibyte fits its outbox.
    for _ in 0..20 {
        more(&mut loud).await;
    }
    drop(slow);
    let now = until(&served.metrics, |now| now.closes("1006", "network") == 1).await;
    assert!(now.dropped[1].1 > 0, "{:?}", now.dropped);
    assert_eq!((now.dropped[0].1, now.dropped[2].1), (0, 0));
    assert_eq!(now.slow_closed, 0);
    until(&served.metrics, |now| now.outbox_bytes == 0).await;
    served.finish().await;
}

#[tokio::test]
async fn a_blocking_handler_shows_as_a_stuck_worker() {
    let (blocked, let_go) = (Arc::new(Notify::new()), std::sync::mpsc::channel::<()>());
    let (release, held) = let_go;
    let held = std::sync::Mutex::new(held);
    let told = Arc::clone(&blocked);
    let served = Served::server(
        |watch| Endpoints::new().at("/", Echo(watch)),
        |server| {
            server.pages(move |_| {
                told.notify_one();
                let _ = held.lock().unwrap().recv();
                Some(Response::default())
            })
        },
    )
    .await;
    let mut client = Client::connect(served.addr).await;
    client.send(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n").await;
    patiently(blocked.notified()).await;
    let metrics = served.metrics.clone();
    let stuck = async {
        while metrics.stuck_for() < Duration::from_secs(1) {
            tokio::task::yield_now().await;
        }
    };
    patiently(stuck).await;
    release.send(()).unwrap();
    assert_eq!(client.reply().await.status, 200);
    let turns = async {
        while metrics.stuck_for() > Duration::from_millis(900) {
            tokio::task::yield_now().await;
        }
    };
    patiently(turns).await;
    assert_eq!(metrics.snapshot().pages[1], ("2xx", 1));
    drop(client);
    served.finish().await;
}
