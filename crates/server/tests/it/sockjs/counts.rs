//! What is counted of SockJS: sessions by the transport that carries them.

use sockeye_server::Snapshot;
use sockeye_types::Transport;

use super::{
    by::By,
    served::{echo, patient},
};
use crate::{
    client::{Client, close_frame},
    metrics::until,
    served::{SOON, Served},
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
