//! What clients may cost: each limit at its edge, and what becomes of those beyond it.

use sockeye_endpoint::{
    Closed, Endpoints, Group, Handler, HandlerResult, Initiator::Server, Overflow, Session, SockJs,
};
use sockeye_types::{Limits, Message};

use super::{
    by::By,
    served::{at, echo, telling},
    wire::{Ask, Http},
};
use crate::served::{Echo, LATE, SOON, Served, Watch};

#[tokio::test]
async fn a_body_may_have_so_many_bytes_and_no_more() {
    let body = r#"["0123456789"]"#;
    let served = echo(SockJs::default().body_bytes(body.len())).await;
    for by in By::POLLING {
        let session = format!("/echo/0/{by:?}");
        by.open(served.addr, &session).await;
        let sent = by.send(served.addr, &session, body).await;
        assert!(matches!(sent.status(), 200 | 204), "{by:?}");
        let refused = by.send(served.addr, &session, &format!("{body} ")).await;
        assert_eq!(refused.status(), 413, "{by:?}");
        assert_eq!(
            by.poll(served.addr, &session).await,
            by.wire(&format!("a{body}"))
        );
    }
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_refused_before_it_is_sent() {
    let served = echo(SockJs::default().body_bytes(1000)).await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    let announced = Ask::new("POST", "/echo/0/s/xhr_send").field("Content-Length", "1001");
    assert_eq!(announced.begin(served.addr).await.head.status, 413);
}

#[tokio::test]
async fn a_body_in_chunks_is_refused_once_it_is_too_much() {
    let served = echo(SockJs::default().body_bytes(1000)).await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    let mut http = Http::connect(served.addr).await;
    let endless = Ask::new("POST", "/echo/0/s/xhr_send").field("Transfer-Encoding", "chunked");
    http.send(&endless).await;
    let chunk = format!("3e9\r\n{}\r\n", " ".repeat(1001));
    tokio::io::AsyncWriteExt::write_all(&mut http.io, chunk.as_bytes())
        .await
        .unwrap();
    // It goes on, for all the server knows.
    http.read_head().await;
    assert_eq!(http.head.status, 413);
}

#[tokio::test]
async fn a_body_may_hold_so_many_messages_and_no_more() {
    let (served, mut told) = telling(SockJs::default().body_messages(3), |all| all).await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    let refused = By::Xhr
        .send(served.addr, "/echo/0/s", r#"["1","2","3","4"]"#)
        .await;
    assert_eq!(refused.status(), 413);
    let sent = By::Xhr
        .send(served.addr, "/echo/0/s", r#"["a","b","c"]"#)
        .await;
    assert_eq!(sent.status(), 204);
    // Nothing of what was refused came first.
    assert_eq!(told.message().await.as_text(), Some("a"));
}

#[tokio::test]
async fn a_message_may_have_so_many_bytes_and_no_more() {
    let limits = Limits::default().message_bytes(16);
    let (served, mut told) = telling(SockJs::default(), |all| all.limits(limits)).await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    let most = format!("[\"{}\"]", "\\u0041".repeat(16));
    assert_eq!(
        By::Xhr.send(served.addr, "/echo/0/s", &most).await.status(),
        204
    );
    assert_eq!(
        told.message().await.as_text(),
        Some("A".repeat(16).as_str())
    );
    let more = format!("[\"{}\"]", "A".repeat(17));
    assert_eq!(
        By::Xhr.send(served.addr, "/echo/0/s", &more).await.status(),
        413
    );
}

#[tokio::test]
async fn an_endpoint_has_so_many_sessions_and_no_more() {
    let sockjs = SockJs::default().sessions(2).disconnect_delay(LATE);
    let mut served = echo(sockjs).await;
    let first = By::XhrStreaming.open(served.addr, "/echo/0/1").await;
    By::Xhr.open(served.addr, "/echo/0/2").await;
    for by in By::ALL {
        let refused = by.ask("/echo/0/3").answer(served.addr).await;
        assert_eq!(refused.status(), 503, "{by:?}");
        assert!(refused.head.field("retry-after").is_some(), "{by:?}");
    }
    // Who is there is served, and one who goes leaves room.
    By::Xhr.send(served.addr, "/echo/0/2", r#"["x"]"#).await;
    assert_eq!(By::Xhr.poll(served.addr, "/echo/0/2").await, "a[\"x\"]\n");
    drop(first);
    served.ends.next().await;
    By::Xhr.open(served.addr, "/echo/0/3").await;
}

#[tokio::test]
async fn an_address_has_so_many_sessions_and_no_more() {
    let sockjs = SockJs::default()
        .sessions_per_address(2)
        .disconnect_delay(LATE);
    let mut served = echo(sockjs).await;
    let first = By::XhrStreaming.open(served.addr, "/echo/0/1").await;
    By::Xhr.open(served.addr, "/echo/0/2").await;
    let refused = By::Xhr.ask("/echo/0/3").answer(served.addr).await;
    assert_eq!(refused.status(), 429);
    drop(first);
    served.ends.next().await;
    By::Xhr.open(served.addr, "/echo/0/3").await;
}

/// Joins a group that the test sends to.
struct Joins {
    watch: Watch,
    all: Group,
}

impl Handler for Joins {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.watch.opened();
        self.all.join(session);
        Ok(())
    }

    async fn on_message(&self, _: &Session, _: Message) -> HandlerResult {
        Ok(())
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        self.watch.ended(closed);
    }
}

/// A session that polls, has joined a group, and does not ask for more.
async fn away(sockjs: SockJs, overflow: Overflow, limits: Limits) -> (Served, Group) {
    let all = Group::new();
    let served = Served::endpoints(|watch| {
        let joins = Joins {
            watch,
            all: all.clone(),
        };
        at(
            Endpoints::new(),
            "/all",
            joins,
            sockjs.disconnect_delay(LATE),
        )
        .overflow(overflow)
        .limits(limits)
    })
    .await;
    By::Xhr.open(served.addr, "/all/0/s").await;
    let joined = async {
        while all.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    crate::client::patiently(joined).await;
    (served, all)
}

#[tokio::test]
async fn so_many_messages_wait_for_who_is_away_and_one_more_closes_the_session() {
    let sockjs = || SockJs::default().cached_messages(3);
    let (served, all) = away(sockjs(), Overflow::Close, Limits::default()).await;
    for number in ["1", "2", "3"] {
        all.send(number);
    }
    assert_eq!(
        By::Xhr.poll(served.addr, "/all/0/s").await,
        "a[\"1\",\"2\",\"3\"]\n"
    );

    let (mut served, all) = away(sockjs(), Overflow::Close, Limits::default()).await;
    for number in ["1", "2", "3", "4"] {
        all.send(number);
    }
    assert_eq!(served.ends.next().await, (1013, Server));
    let mut told = By::Xhr.poll(served.addr, "/all/0/s").await;
    if told.starts_with('a') {
        assert_eq!(told, "a[\"1\",\"2\",\"3\"]\n");
        told = By::Xhr.poll(served.addr, "/all/0/s").await;
    }
    assert!(
        told.starts_with("c[1013,\"") && told.ends_with("\"]\n"),
        "{told}"
    );
    served.finish().await;
}

#[tokio::test]
async fn of_messages_that_wait_the_oldest_may_make_room_or_all() {
    let policies = [
        (Overflow::DropOldest, "a[\"2\",\"3\",\"4\"]\n"),
        (Overflow::KeepLatest, "a[\"4\"]\n"),
    ];
    for (overflow, left) in policies {
        let sockjs = SockJs::default().cached_messages(3);
        let (served, all) = away(sockjs, overflow, Limits::default()).await;
        for number in ["1", "2", "3", "4"] {
            all.send(number);
        }
        assert_eq!(
            By::Xhr.poll(served.addr, "/all/0/s").await,
            left,
            "{overflow:?}"
        );
    }
}

#[tokio::test]
async fn the_outbox_bounds_the_bytes_that_wait() {
    let policies = [
        (Overflow::Close, None),
        (Overflow::DropOldest, Some("c")),
        (Overflow::KeepLatest, Some("c")),
    ];
    for (overflow, last) in policies {
        let limits = Limits::default().outbox_bytes(64 << 10);
        let (mut served, all) = away(SockJs::default(), overflow, limits).await;
        for letter in ["a", "b", "c"] {
            all.send(letter.repeat(40 << 10));
        }
        match last {
            None => assert_eq!(served.ends.next().await, (1013, Server)),
            Some(letter) => {
                let polled = By::Xhr.poll(served.addr, "/all/0/s").await;
                let expected = format!("a[\"{}\"]\n", letter.repeat(40 << 10));
                assert!(polled == expected, "{overflow:?}: {} bytes", polled.len());
            }
        }
    }
}

#[tokio::test]
async fn a_receiver_that_stops_reading_is_cut() {
    let limits = Limits::default()
        .stall_time(SOON)
        .outbox_bytes(64 << 20)
        .message_bytes(8 << 20);
    for by in By::STREAMING {
        let all = Group::new();
        let mut served = Served::endpoints(|watch| {
            let all = all.clone();
            let sockjs = SockJs::default()
                .stream_bytes(1 << 30)
                .disconnect_delay(SOON);
            at(Endpoints::new(), "/all", Joins { watch, all }, sockjs).limits(limits)
        })
        .await;
        let session = format!("/all/0/{by:?}");
        let deaf = by.open(served.addr, &session).await;
        let joined = async {
            while all.is_empty() {
                tokio::task::yield_now().await;
            }
        };
        crate::client::patiently(joined).await;
        // More than any socket's buffers hold.
        for _ in 0..6 {
            all.send("x".repeat(8 << 20));
        }
        served.ends.next().await;
        drop(deaf);
        served.finish().await;
    }
}

#[tokio::test]
async fn a_head_that_is_never_finished_opens_nothing() {
    let served = echo(SockJs::default()).await;
    let mut http = Http::connect(served.addr).await;
    let half = b"POST /echo/0/s/xhr HTTP/1.1\r\nHost: sockeye.test\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut http.io, half)
        .await
        .unwrap();
    drop(http);
    served.nobody_came().await;
}

#[tokio::test]
async fn one_who_drips_a_body_keeps_nobody_waiting() {
    let served = echo(SockJs::default()).await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    let mut http = Http::connect(served.addr).await;
    let announced = Ask::new("POST", "/echo/0/s/xhr_send").field("Content-Length", "100");
    http.send(&announced).await;
    let sent = By::Xhr.send(served.addr, "/echo/0/s", r#"["other"]"#).await;
    assert_eq!(sent.status(), 204);
    assert_eq!(
        By::Xhr.poll(served.addr, "/echo/0/s").await,
        "a[\"other\"]\n"
    );
}

#[tokio::test]
async fn names_that_are_too_long_are_not_there() {
    let served =
        Served::endpoints(|watch| at(Endpoints::new(), "/echo", Echo(watch), SockJs::default()))
            .await;
    let most = "s".repeat(128);
    By::Xhr.open(served.addr, &format!("/echo/0/{most}")).await;
    let refused = By::Xhr
        .ask(&format!("/echo/0/{most}s"))
        .answer(served.addr)
        .await;
    assert_eq!(refused.status(), 404);
    let refused = By::Xhr
        .ask(&format!("/echo/{most}0/s"))
        .answer(served.addr)
        .await;
    assert_eq!(refused.status(), 404);
}
