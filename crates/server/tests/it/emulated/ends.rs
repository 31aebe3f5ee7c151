//! How sessions end.

use sockeye_endpoint::{
    Initiator::{Network, Server},
    Overflow,
};
use sockeye_types::{Limits, Message};

use super::served::{endpoints, lines, opened, served};
use crate::{
    http2_client::{self, Browser},
    served::{SOON, Served},
    sockjs::wire::Ask,
};

#[tokio::test]
async fn a_client_that_leaves_ends_its_session_at_once() {
    let (mut served, mut told) = served().await;
    for ask in [
        lines("x"),
        Ask::get("/events?cf_connect=x"),
        lines("x").http10(),
    ] {
        let http = ask.begin(served.addr).await;
        told.session().await;
        drop(http);
        assert_eq!(served.ends.next().await, (1006, Network));
    }
    served.finish().await;
}

#[tokio::test]
async fn in_http2_a_connection_that_is_lost_ends_its_sessions() {
    let mut told = None;
    let mut served = http2_client::served(
        |watch| {
            let (endpoints, tells) = endpoints(watch, |stream| stream);
            told = Some(tells);
            endpoints
        },
        |server| server,
    )
    .await;
    let mut browser = Browser::connect(served.addr).await;
    let (_, one) = browser.post("http://sockeye.test/lines", "x").await;
    let (_, other) = browser.post("http://sockeye.test/lines", "x").await;
    browser.lose();
    for _ in 0..2 {
        assert_eq!(served.ends.next().await, (1006, Network));
    }
    drop((one, other));
    served.finish().await;
}

#[tokio::test]
async fn a_shutdown_ends_the_stream_in_order() {
    let (mut served, _told) = served().await;
    let mut http = opened(&served).await;
    served.shut_down();
    let farewell = http.part().await.unwrap();
    assert!(farewell.starts_with("closed 1001 "), "{farewell}");
    assert_eq!(http.part().await, None);
    assert_eq!(served.ends.next().await, (1001, Server));
    served.gone().await;
}

#[tokio::test]
async fn who_reads_nothing_is_cut_by_stall_time_and_what_waits_is_bounded() {
    let limits = Limits::default().stall_time(SOON).outbox_bytes(1 << 20);
    let mut told = None;
    let mut served = Served::endpoints(|watch| {
        let (endpoints, tells) = endpoints(watch, |stream| stream);
        told = Some(tells);
        // The last one only.
        endpoints.limits(limits).overflow(Overflow::Close)
    })
    .await;
    let http = Ask::get("/uni_events?cf_connect=x")
        .begin(served.addr)
        .await;
    let session = told.unwrap().session().await;
    let large = Message::from("x".repeat(64 << 10));
    // Waits for room until the session is over.
    while session.send(large.clone()).await.is_ok() {
        assert!(session.buffered_bytes() <= 1 << 20);
    }
    assert_eq!(served.ends.next().await, (1006, Server));
    drop(http);
    served.innocent_talks().await;
    served.finish().await;
}

#[tokio::test]
async fn a_connection_serves_the_next_request_behind_a_stream() {
    let (mut served, mut told) = served().await;
    let ask = Ask::get("/events?cf_connect=close");
    let mut http = ask.begin(served.addr).await;
    // Pipelined behind a stream that is under way.
    http.send(&Ask::get("/nowhere")).await;
    assert_eq!(http.body().await, "\r\ndata: closed 3000 as you wish\n\n");
    http.read_head().await;
    assert_eq!(http.head.status, 404);
    told.session().await;
    served.ends.next().await;
    let chunked = Ask::new("POST", "/lines")
        .field("Transfer-Encoding", "chunked")
        .raw_body("5\r\nhello\r\n0\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: s\r\n\r\n");
    let mut http = chunked.begin(served.addr).await;
    assert_eq!(http.part().await.as_deref(), Some("hello\n"));
    let secret = told.secret().await;
    told.uplink.deliver(&secret, "close").await.unwrap();
    assert_eq!(http.body().await, "closed 3000 as you wish\n");
    served.ends.next().await;
    http.read_head().await;
    assert_eq!(http.head.status, 404);
    let mut http = opened(&served).await;
    let secret = told.secret().await;
    told.uplink.deliver(&secret, "close").await.unwrap();
    http.body().await;
    http.ask(&Ask::get("/nowhere")).await;
    assert_eq!(http.head.status, 404);
    served.ends.next().await;
    served.finish().await;
}
