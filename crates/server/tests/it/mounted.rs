//! The same driver over a stream in memory, mounted in somebody else's HTTP server, under a clock that the test moves.

use std::time::Duration;

use http::Request;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sockeye_endpoint::{
    Endpoints,
    Initiator::{Handler, Network, Peer, Server},
};
use sockeye_server::{EndpointService, IntoService, PeerAddr};
use sockeye_types::{Close, Heartbeat, Limits};
use tokio::io::DuplexStream;
use tower_service::Service;

use crate::{
    client::{BINARY, Client, PING, PONG, TEXT, close_frame, masked, masked_header},
    http2_client::{Browser, connect},
    served::{Echo, Ends, Watch},
};

const SECOND: Duration = Duration::from_secs(1);

pub(crate) struct Mounted {
    pub(crate) service: EndpointService,
    pub(crate) ends: Ends,
}

impl Mounted {
    /// Mounts what is made for a watch.
    pub(crate) fn new(make: impl FnOnce(Watch) -> Endpoints) -> Self {
        let (watch, ends) = Watch::new();
        let service = make(watch).into_service().unwrap();
        Self { service, ends }
    }

    fn echo() -> Self {
        Self::new(|watch| Endpoints::new().at("/", Echo(watch)))
    }

    /// Connects over a stream that holds so many bytes each way.
    fn connect(&self, bytes: usize) -> Client<DuplexStream> {
        Client::over(self.stream(bytes, None))
    }

    /// Connects as a client of this address.
    pub(crate) fn connect_from(&self, peer: PeerAddr) -> DuplexStream {
        self.stream(64 << 10, Some(peer))
    }

    fn stream(&self, bytes: usize, peer: Option<PeerAddr>) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(bytes);
        let service = self.service.clone();
        let serve = service_fn(move |mut request: Request<Incoming>| {
            if let Some(peer) = peer {
                request.extensions_mut().insert(peer);
            }
            service.clone().call(request)
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(theirs), serve);
        tokio::spawn(connection.with_upgrades());
        ours
    }

    /// Connects in HTTP/2 to a server that lets extended CONNECTs through.
    pub(crate) async fn browser(&self) -> Browser {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let service = self.service.clone();
        tokio::spawn(
            http2::Builder::new(TokioExecutor::new())
                .enable_connect_protocol()
                .serve_connection(
                    TokioIo::new(theirs),
                    service_fn(move |request| service.clone().call(request)),
                ),
        );
        Browser::over(ours).await
    }

    pub(crate) async fn client(&self) -> Client<DuplexStream> {
        let mut client = self.connect(64 << 10);
        client.shake_hands("/", "").await;
        client
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_lives_and_ends_on_any_byte_stream() {
    let mut mounted = Mounted::echo();
    let mut client = mounted.client().await;
    client.echo("in memory").await;
    assert_eq!(mounted.service.sessions(), 1);
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(mounted.ends.next().await, (1000, Peer));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_takes_a_byte_at_a_time_gets_everything_in_order() {
    let mut mounted = Mounted::echo();
    let mut client = mounted.connect(1);
    client.shake_hands("/", "").await;
    client.echo(&"little by little ".repeat(1000)).await;
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(mounted.ends.next().await, (1000, Peer));
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_asked_after_25_seconds_and_cut_after_10_more() {
    let mut mounted = Mounted::echo();
    let mut client = mounted.client().await;
    let start = tokio::time::Instant::now();
    assert_eq!(client.frame().await.unwrap().first, PING);
    let asked = start.elapsed();
    assert!((25 * SECOND..26 * SECOND).contains(&asked), "{asked:?}");
    assert_eq!(client.verdict().await, Some(1011));
    let cut = start.elapsed();
    assert!((35 * SECOND..36 * SECOND).contains(&cut), "{cut:?}");
    assert_eq!(mounted.ends.next().await, (1011, Server));
}

#[tokio::test(start_paused = true)]
async fn a_peer_whose_answer_has_arrived_is_not_blamed_for_a_worker_that_was_stuck() {
    let mut mounted = Mounted::echo();
    let mut client = mounted.client().await;
    let ping = client.frame().await.unwrap();
    assert_eq!(ping.first, PING);
    // No driver runs between these two: as if another handler had kept the thread to itself.
    client.send(&masked(PONG, &ping.payload)).await;
    tokio::time::advance(20 * SECOND).await;
    client.echo("still here").await;
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(mounted.ends.next().await, (1000, Peer));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_has_arrived_is_not_too_slow_although_a_worker_was_stuck() {
    let mut mounted = Mounted::echo();
    let mut client = mounted.client().await;
    let message = masked(TEXT, b"in two halves");
    client.send(&message[..8]).await;
    tokio::time::advance(SECOND).await;
    client.send(&message[8..]).await;
    tokio::time::advance(100 * SECOND).await;
    assert_eq!(client.frame().await.unwrap().payload, b"in two halves");
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(mounted.ends.next().await, (1000, Peer));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_takes_longer_than_a_minute_is_closed_with_1008() {
    let mut mounted = Mounted::echo();
    let mut client = mounted.client().await;
    client.send(&masked_header(BINARY, 100)).await;
    for _ in 0..6 {
        client.send(b"\0").await;
        tokio::time::advance(9 * SECOND).await;
    }
    assert_eq!(client.verdict().await, Some(1008));
    assert_eq!(mounted.ends.next().await, (1008, Server));
}

#[tokio::test(start_paused = true)]
async fn a_question_asked_while_a_large_answer_leaves_is_heard_once_it_has_left() {
    let limits = Limits::default().outbox_bytes(1);
    let mut mounted = Mounted::new(|watch| {
        let endpoints = Endpoints::new().at("/", Echo(watch)).limits(limits);
        // A ping would wake the driver.
        endpoints.heartbeat(Heartbeat::off())
    });
    let mut client = mounted.client().await;
    client.send(&masked(BINARY, &[b'l'; 100 << 10])).await;
    // The stream holds no more than a part of the answer: the rest waits in the server.
    tokio::time::advance(SECOND).await;
    client.send(&masked(TEXT, b"and this?")).await;
    tokio::time::advance(SECOND).await;
    let start = tokio::time::Instant::now();
    assert_eq!(client.frame().await.unwrap().payload.len(), 100 << 10);
    assert_eq!(client.frame().await.unwrap().payload, b"and this?");
    // Sooner than any timer would have woken the driver.
    assert!(start.elapsed() < SECOND);
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(mounted.ends.next().await, (1000, Peer));
}

#[tokio::test(start_paused = true)]
async fn a_lost_stream_is_told_once() {
    let mut mounted = Mounted::echo();
    drop(mounted.client().await);
    assert_eq!(mounted.ends.next().await, (1006, Network));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_answers_a_close_is_cut_after_5_seconds() {
    let mut mounted = Mounted::new(|watch| Endpoints::new().at("/", crate::closing::Closes(watch)));
    let mut client = mounted.client().await;
    client.send(&masked(TEXT, b"bye")).await;
    assert_eq!(client.close_code().await, Some(4002));
    let start = tokio::time::Instant::now();
    assert_eq!(mounted.ends.next().await, (4002, Handler));
    let cut = start.elapsed();
    assert!((5 * SECOND..6 * SECOND).contains(&cut), "{cut:?}");
    assert_eq!(client.verdict().await, None);
}

#[tokio::test(start_paused = true)]
async fn shutting_down_closes_every_session_and_waits_for_it() {
    let mut mounted = Mounted::echo();
    let (mut answers, silent) = (mounted.client().await, mounted.client().await);
    let service = mounted.service.clone();
    let done =
        tokio::spawn(async move { service.shut_down(Close::going_away(), 60 * SECOND).await });
    assert_eq!(answers.close_code().await, Some(1001));
    answers.send(&close_frame(1001)).await;
    assert_eq!(answers.verdict().await, None);
    assert_eq!(mounted.ends.next().await, (1001, Server));
    assert_eq!(silent.verdict().await, Some(1001));
    assert_eq!(mounted.ends.next().await, (1001, Server));
    done.await.unwrap();
    assert_eq!(mounted.service.sessions(), 0);
    // Who comes now is closed at once.
    let late = mounted.client().await;
    assert_eq!(late.verdict().await, Some(1001));
    assert_eq!(mounted.ends.next().await, (1001, Server));
}

#[tokio::test(start_paused = true)]
async fn a_session_in_http_2_lives_and_is_given_up_as_any_other() {
    let mut mounted = Mounted::echo();
    let mut browser = mounted.browser().await;
    let foreign = [("origin", "http://elsewhere.test")];
    let (head, _) = browser.refused(connect("/", &foreign)).await;
    assert_eq!(head.status.as_u16(), 403);
    let own = [("origin", "http://sockeye.test")];
    let (head, stream) = browser.ask(connect("/", &own)).await.unwrap();
    assert_eq!(head.status.as_u16(), 200);
    let (mut silent, mut other) = (Client::over(stream), browser.open("/").await);
    silent.echo("in memory").await;
    other.echo("beside it").await;
    assert_eq!(mounted.service.sessions(), 2);
    other.send(&close_frame(1000)).await;
    assert_eq!(other.close_code().await, Some(1000));
    other.half_close().await;
    assert_eq!(mounted.ends.next().await, (1000, Peer));

    let start = tokio::time::Instant::now();
    assert_eq!(silent.frame().await.unwrap().first, PING);
    assert_eq!(silent.close_code().await, Some(1011));
    let cut = start.elapsed();
    assert!((34 * SECOND..36 * SECOND).contains(&cut), "{cut:?}");
    assert_eq!(mounted.ends.next().await, (1011, Server));
}
