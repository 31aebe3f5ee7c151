//! What is counted of SockJS: sessions by the transport that carries them, and refusals, each once.

use sockeye_endpoint::{Endpoints, SockJs};
use sockeye_server::Snapshot;
use sockeye_types::Transport;

use super::{
    by::By,
    served::{at, echo, patient},
    wire::Ask,
};
use crate::{
    client::{Client, close_frame},
    metrics::{Nobody, until},
    served::{Echo, SOON, Served},
};

/// How many sessions are open on each transport but the one for tests, and how many opened.
fn counted(served: &Served) -> [(u64, u64); 7] {
    let now = served.metrics.snapshot();
    let all = Transport::SOCKJS.map(|transport| now.sessions_on(transport));
    let [a, b, c, d, e, f] = all.map(|one| (one.open, one.opened));
    let raw = now.sessions_on(Transport::WebSocket);
    let sum: u64 = now.transports.iter().map(|one| one.open).sum();
    assert_eq!(now.sessions, sum);
    [(raw.open, raw.opened), a, b, c, d, e, f]
}

/// Waits for the server to have counted the innocent client, whom it answered before.
async fn innocent_is_counted(served: &Served) {
    let is_there = |now: &Snapshot| now.sessions_on(Transport::WebSocket).opened == 1;
    until(&served.metrics, is_there).await;
}

#[tokio::test]
async fn a_session_is_counted_on_the_transport_that_carries_it() {
    let mut served = echo(patient().disconnect_delay(SOON)).await;
    // The innocent client is on a WebSocket.
    let mut expected = [(0, 0); 7];
    expected[0] = (1, 1);
    until(&served.metrics, |_| counted(&served) == expected).await;
    for (path, at) in [
        ("/echo", 0),
        ("/echo/websocket", 0),
        ("/echo/0/w/websocket", 1),
    ] {
        let mut client = Client::open(served.addr, path).await;
        expected[at].0 += 1;
        expected[at].1 += 1;
        until(&served.metrics, |_| counted(&served) == expected).await;
        client.send(&close_frame(1000)).await;
        served.ends.next().await;
        expected[at].0 -= 1;
        until(&served.metrics, |_| counted(&served) == expected).await;
    }
    for by in By::STREAMING {
        let stream = by.open(served.addr, &format!("/echo/0/{by:?}")).await;
        let at = match by {
            By::XhrStreaming => 2,
            By::EventSource => 3,
            _ => 5,
        };
        expected[at] = (1, 1);
        assert_eq!(counted(&served), expected, "{by:?}");
        drop(stream);
        served.ends.next().await;
        expected[at] = (0, 1);
        until(&served.metrics, |_| counted(&served) == expected).await;
    }
    served.finish().await;
}

#[tokio::test]
async fn a_session_that_is_polled_is_open_between_its_polls() {
    let mut served = echo(patient()).await;
    innocent_is_counted(&served).await;
    for by in By::POLLING {
        let session = format!("/echo/0/{by:?}");
        by.open(served.addr, &session).await;
        for _ in 0..3 {
            by.send(served.addr, &session, r#"["x"]"#).await;
            assert_eq!(by.poll(served.addr, &session).await, by.wire(r#"a["x"]"#));
        }
    }
    let [raw, .., xhr, html, jsonp] = counted(&served);
    assert_eq!([raw, xhr, html, jsonp], [(1, 1), (1, 1), (0, 0), (1, 1)]);
    let metrics = served.metrics.clone();
    served.shut_down();
    for _ in By::POLLING {
        served.ends.next().await;
    }
    served.gone().await;
    let gone = metrics.snapshot();
    assert_eq!((gone.sessions, gone.handshakes("accepted")), (0, 3));
    for transport in [Transport::XhrPolling, Transport::JsonpPolling] {
        let one = gone.sessions_on(transport);
        assert_eq!((one.open, one.opened), (0, 1), "{transport}");
    }
}

/// Asks for something that is refused, and for what reason that was counted; nothing else may have been.
async fn refused(served: &Served, ask: Ask, status: u16) -> &'static str {
    innocent_is_counted(served).await;
    let before = served.metrics.snapshot();
    assert_eq!(ask.answer(served.addr).await.status(), status, "{ask:?}");
    let after = served.metrics.snapshot();
    assert_eq!(after.transports, before.transports);
    let pairs = before.handshakes.iter().zip(&after.handshakes);
    let more: Vec<_> = pairs
        .filter(|(before, after)| before != after)
        .map(|(before, after)| (after.0, after.1 - before.1))
        .collect();
    assert_eq!(more.len(), 1, "{ask:?}: {more:?}");
    assert_eq!(more[0].1, 1, "{ask:?}");
    more[0].0
}

#[tokio::test]
async fn a_session_too_many_is_counted_once_as_such() {
    for (sockjs, status) in [
        (patient().sessions(1), 503),
        (patient().sessions_per_address(1), 429),
    ] {
        let served = echo(sockjs).await;
        By::Xhr.open(served.addr, "/echo/0/1").await;
        for by in By::ALL {
            let reason = refused(&served, by.ask("/echo/0/2"), status).await;
            assert_eq!(reason, "too_many_sessions", "{by:?}");
        }
    }
}

#[tokio::test]
async fn each_other_refusal_of_a_session_is_counted_once() {
    let served = Served::endpoints(|watch| {
        let echo = at(Endpoints::new(), "/echo", Echo(watch.clone()), patient());
        let guarded = at(echo, "/guarded", Echo(watch.clone()), patient()).interceptor(Nobody);
        let own = guarded.at("/own", Echo(watch));
        own.sockjs(SockJs::default())
    })
    .await;
    for by in By::ALL {
        let reason = refused(&served, by.ask("/guarded/0/s"), 403).await;
        assert_eq!(reason, "interceptor", "{by:?}");
    }
    for by in [By::Xhr, By::XhrStreaming, By::EventSource] {
        let ask = by
            .ask("/own/0/s")
            .field("Origin", "https://foreign.example");
        assert_eq!(refused(&served, ask, 403).await, "origin", "{by:?}");
    }
    for (path, status) in [
        ("/echo/0/s/jsonp", 500),
        ("/echo/0/s/htmlfile?c=%28", 500),
        ("/echo/websocket", 400),
        ("/echo/0/s/websocket", 400),
    ] {
        let reason = refused(&served, Ask::get(path), status).await;
        assert_eq!(reason, "malformed", "{path}");
    }
    served.nobody_came().await;
}
