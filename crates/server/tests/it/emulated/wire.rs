//! What is on the wire, byte for byte.

use sockeye_endpoint::UplinkKey;
use sockeye_types::{Message, Transport};

use super::served::{emulate, endpoints, lines, opened, served};
use crate::{
    http2_client::{self, Browser},
    mounted::Mounted,
    sockjs::wire::{Ask, Http},
};

#[tokio::test]
async fn each_text_ends_its_line_and_each_frame_is_a_chunk() {
    let (mut served, mut told) = served().await;
    let mut http = opened(&served).await;
    for (name, value) in [
        ("content-type", "application/json; charset=utf-8"),
        ("x-accel-buffering", "no"),
        (
            "cache-control",
            "private, no-cache, no-store, no-transform, must-revalidate, max-age=0",
        ),
        ("transfer-encoding", "chunked"),
        ("vary", "Origin"),
    ] {
        assert_eq!(http.head.field(name), Some(value), "{name}");
    }
    let session = told.session().await;
    assert_eq!(session.transport(), Transport::HttpStream);
    let secret = session.attribute::<UplinkKey>().unwrap().to_string();
    for (message, written) in [("one", "one\n"), ("two\nthree\n", "two\nthree\n")] {
        assert_eq!(emulate(&served, &secret, message).await, 204);
        assert_eq!(http.part().await.as_deref(), Some(written));
    }
    session.ping("").unwrap();
    session.send(Message::from("after a ping")).await.unwrap();
    assert_eq!(http.part().await.as_deref(), Some("after a ping\n"));
    assert_eq!(emulate(&served, &secret, "close").await, 204);
    assert_eq!(
        http.part().await.as_deref(),
        Some("closed 3000 as you wish\n")
    );
    assert_eq!(http.part().await, None);
    served.ends.next().await;
    served.finish().await;
}

#[tokio::test]
async fn binary_messages_go_both_ways_as_they_are() {
    let (mut served, mut told) = served().await;
    let ask = Ask::new("POST", "/lines")
        .field("Content-Type", "application/octet-stream")
        .body([3, 1, 2, 3]);
    let mut http = ask.begin(served.addr).await;
    let kind = http.head.field("content-type");
    assert_eq!(kind, Some("application/octet-stream"));
    assert_eq!(http.part().await.unwrap().as_bytes(), [3, 1, 2, 3]);
    let secret = told.secret().await;
    let sent = told
        .uplink
        .deliver(&secret, Message::binary(vec![0, 10]))
        .await;
    assert_eq!(sent, Ok(()));
    assert_eq!(http.part().await.unwrap().as_bytes(), [0, 10]);
    drop(http);
    served.ends.next().await;
    served.finish().await;
}

#[tokio::test]
async fn events_begin_with_a_line_and_take_the_first_message_from_the_query_or_the_body() {
    let (mut served, mut told) = served().await;
    for ask in [
        Ask::get("/events?a=1&cf_connect=%7B%22x%22:+1%7D"),
        Ask::new("POST", "/events").body("{\"x\": 1}"),
    ] {
        let mut http = ask.begin(served.addr).await;
        let kind = http.head.field("content-type");
        assert_eq!((http.head.status, kind), (200, Some("text/event-stream")));
        assert_eq!(http.part().await.as_deref(), Some("\r\n"));
        assert_eq!(http.part().await.as_deref(), Some("data: {\"x\": 1}\n\n"));
        let session = told.session().await;
        assert_eq!(session.transport(), Transport::Sse);
        // A token may be in it: nobody sees it but who is told the message.
        let query = session.request().query();
        assert_eq!(query.unwrap_or("a=1"), "a=1");
        let secret = session.attribute::<UplinkKey>().unwrap().to_string();
        assert_eq!(emulate(&served, &secret, "1\n2").await, 204);
        assert_eq!(http.part().await.as_deref(), Some("data: 1\n\ndata: 2\n\n"));
        session.send(Message::binary(vec![1])).await.unwrap();
        let told = Some("data: closed 1003 this transport carries text only\n\n");
        assert_eq!(http.part().await.as_deref(), told);
        assert_eq!(http.part().await, None);
        assert_eq!(served.ends.next().await.0, 1003);
    }
    served.finish().await;
}

#[tokio::test]
async fn one_way_sessions_have_no_secret() {
    let (mut served, mut told) = served().await;
    for ask in [
        Ask::new("POST", "/uni_lines").body("x"),
        Ask::get("/uni_events?cf_connect=x"),
    ] {
        let mut http = ask.begin(served.addr).await;
        http.part().await.unwrap();
        let session = told.session().await;
        assert!(session.attribute::<UplinkKey>().is_none());
        drop(http);
        served.ends.next().await;
    }
    served.finish().await;
}

#[tokio::test]
async fn http2_and_somebody_elses_server_carry_them_too() {
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
    let mut mounted_told = None;
    let mut mounted = Mounted::new(|watch| {
        let (endpoints, tells) = endpoints(watch, |stream| stream);
        mounted_told = Some(tells);
        endpoints
    });
    let mut browser = Browser::connect(served.addr).await;
    let mut inside = mounted.browser().await;
    let sides = [
        (&mut browser, told.as_mut().unwrap(), &mut served.ends),
        (
            &mut inside,
            mounted_told.as_mut().unwrap(),
            &mut mounted.ends,
        ),
    ];
    for (browser, told, ends) in sides {
        let (head, stream) = browser.post("http://sockeye.test/lines", "hello").await;
        assert_eq!(head.status, 200);
        let mut lines = Http::over(stream);
        assert_eq!(lines.exactly(6).await, "hello\n");
        let secret = told.secret().await;
        told.uplink.deliver(&secret, "again").await.unwrap();
        assert_eq!(lines.exactly(6).await, "again\n");
        let request = http::Request::get("http://sockeye.test/events?cf_connect=x")
            .version(http::Version::HTTP_2);
        let asked = browser.ask(request.body(()).unwrap()).await.unwrap();
        let mut events = Http::over(asked.1);
        assert_eq!(events.exactly(11).await, "\r\ndata: x\n\n");
        let secret = told.secret().await;
        told.uplink.deliver(&secret, "close").await.unwrap();
        let farewell = "data: closed 3000 as you wish\n\n";
        assert_eq!(events.exactly(farewell.len()).await, farewell);
        assert_eq!(events.rest().await, "");
        ends.next().await;
        // A stream that is reset ends its session.
        drop(lines);
        ends.next().await;
    }
    let peer = sockeye_server::PeerAddr(([192, 0, 2, 1], 1).into());
    let mut http = Http::over(mounted.connect_from(peer));
    http.ask(&lines("mounted")).await;
    assert_eq!(http.part().await.as_deref(), Some("mounted\n"));
    drop(http);
    mounted.ends.next().await;
    served.finish().await;
}
