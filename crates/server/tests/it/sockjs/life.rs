//! A session from its first receiver to its end: who opens it, who may receive, what waits, and how long.

use std::time::Duration;

use sockeye_endpoint::{
    Endpoints,
    Initiator::{Handler as ByHandler, Network, Server},
    SockJs,
};

use super::{
    by::By,
    served::{at, closing, default_echo, echo, telling},
};
use crate::{
    client::patiently,
    closing::Closes,
    served::{LATE, SOON, Served},
};

const STILL_OPEN: &str = r#"c[2010,"Another connection still open"]"#;

#[tokio::test]
async fn whoever_receives_first_opens_the_session() {
    let served = default_echo().await;
    for (at, by) in By::ALL.into_iter().enumerate() {
        by.open(served.addr, &format!("/echo/0/{by:?}")).await;
        assert_eq!(served.ends.opened(), at + 1);
    }
}

#[tokio::test]
async fn a_second_receiver_is_sent_away_and_the_first_is_untouched() {
    let served = default_echo().await;
    for by in By::STREAMING {
        let session = format!("/echo/0/{by:?}");
        let mut first = by.open(served.addr, &session).await;
        for _ in 0..2 {
            let mut second = by.receive(served.addr, &session).await;
            second.expect(STILL_OPEN).await;
            second.ends().await;
        }
        by.send(served.addr, &session, r#"["here"]"#).await;
        first.expect(r#"a["here"]"#).await;
    }
}

#[tokio::test]
async fn a_second_poll_is_sent_away_too() {
    let served = default_echo().await;
    for by in By::POLLING {
        let session = format!("/echo/0/{by:?}");
        by.open(served.addr, &session).await;
        let mut waits = by.wait(served.addr, &session).await;
        by.send(served.addr, &session, r#"["here"]"#).await;
        waits.http.read_head().await;
        waits.expect(r#"a["here"]"#).await;
    }
}

#[tokio::test]
async fn what_is_sent_while_nobody_receives_waits_and_leaves_in_one_frame() {
    let (served, mut told) = telling(SockJs::default().disconnect_delay(LATE), |all| all).await;
    for by in By::POLLING {
        let session = format!("/echo/0/{by:?}");
        by.open(served.addr, &session).await;
        by.send(served.addr, &session, r#"["1","2"]"#).await;
        by.send(served.addr, &session, r#"["3"]"#).await;
        for _ in 0..3 {
            told.message().await;
        }
        let polled = by.poll(served.addr, &session).await;
        assert_eq!(polled, by.wire(r#"a["1","2","3"]"#));
    }
}

#[tokio::test]
async fn a_session_that_nobody_receives_is_gone_after_the_delay() {
    let mut served = echo(SockJs::default().disconnect_delay(SOON)).await;
    for by in By::POLLING {
        let session = format!("/echo/0/{by:?}");
        by.open(served.addr, &session).await;
        assert_eq!(served.ends.next().await, (1006, Network));
        assert_eq!(by.send(served.addr, &session, "[]").await.status(), 404);
        // Its name is free again.
        by.open(served.addr, &session).await;
        assert_eq!(served.ends.next().await, (1006, Network));
    }
    served.finish().await;
}

#[tokio::test]
async fn sending_does_not_keep_a_session() {
    let mut served = echo(SockJs::default().disconnect_delay(SOON)).await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    // However often: the session ends all the same, and the next send is told.
    let sends = async {
        while By::Xhr.send(served.addr, "/echo/0/s", "[]").await.status() == 204 {
            tokio::task::yield_now().await;
        }
    };
    patiently(sends).await;
    assert_eq!(served.ends.next().await, (1006, Network));
}

#[tokio::test]
async fn while_somebody_receives_a_session_lives() {
    // Heartbeats pass meanwhile: each is longer away than the delay.
    let sockjs = SockJs::default()
        .disconnect_delay(Duration::from_millis(20))
        .heartbeat(Duration::from_millis(60));
    let mut served = echo(sockjs).await;
    let mut stream = By::XhrStreaming.open(served.addr, "/echo/0/s").await;
    for _ in 0..3 {
        stream.expect("h").await;
    }
    By::Xhr.send(served.addr, "/echo/0/s", r#"["here"]"#).await;
    while stream.http.part().await != Some(By::XhrStreaming.wire(r#"a["here"]"#)) {}
    drop(stream);
    served.ends.next().await;
}

#[tokio::test]
async fn each_transport_has_heartbeats() {
    let sockjs = SockJs::default().heartbeat(SOON).disconnect_delay(LATE);
    let served = echo(sockjs).await;
    for by in By::ALL {
        let session = format!("/echo/0/{by:?}");
        let mut receiver = by.open(served.addr, &session).await;
        if by.is_streaming() {
            receiver.expect("h").await;
            receiver.expect("h").await;
        } else {
            assert_eq!(by.poll(served.addr, &session).await, by.wire("h"));
            assert_eq!(by.poll(served.addr, &session).await, by.wire("h"));
        }
    }
}

#[tokio::test]
async fn whoever_breaks_off_ends_the_session_at_once() {
    let mut served = echo(SockJs::default().disconnect_delay(LATE)).await;
    for by in By::STREAMING {
        let session = format!("/echo/0/{by:?}");
        let stream = by.open(served.addr, &session).await;
        drop(stream);
        assert_eq!(served.ends.next().await, (1006, Network), "{by:?}");
        assert_eq!(by.send(served.addr, &session, "[]").await.status(), 404);
        by.open(served.addr, &session).await;
        served.ends.next().await;
    }
    served.finish().await;
}

#[tokio::test]
async fn a_poll_that_breaks_off_ends_the_session_too() {
    let mut served = echo(SockJs::default().disconnect_delay(LATE)).await;
    for by in By::POLLING {
        let session = format!("/echo/0/{by:?}");
        by.open(served.addr, &session).await;
        let waits = by.wait(served.addr, &session).await;
        drop(waits);
        assert_eq!(served.ends.next().await, (1006, Network), "{by:?}");
        by.open(served.addr, &session).await;
    }
}

#[tokio::test]
async fn whoever_asks_within_the_delay_is_told_of_the_close() {
    let mut served = closing(SockJs::default()).await;
    for by in By::ALL {
        let session = format!("/close/0/{by:?}");
        by.open(served.addr, &session).await;
        assert_eq!(served.ends.next().await, (3000, ByHandler), "{by:?}");
        for _ in 0..3 {
            let mut told = by.receive(served.addr, &session).await;
            told.expect(r#"c[3000,"Go away!"]"#).await;
            told.ends().await;
        }
        // What still comes for it is taken, and dropped.
        let late = by.send(served.addr, &session, r#"["late"]"#).await;
        assert!(matches!(late.status(), 200 | 204), "{by:?}");
    }
    served.finish().await;
}

#[tokio::test]
async fn a_closed_session_is_forgotten_after_the_delay() {
    let mut served = closing(SockJs::default().disconnect_delay(SOON)).await;
    By::Xhr.open(served.addr, "/close/0/s").await;
    assert_eq!(served.ends.next().await, (3000, ByHandler));
    let gone = async {
        while By::Xhr.send(served.addr, "/close/0/s", "[]").await.status() != 404 {
            tokio::task::yield_now().await;
        }
    };
    patiently(gone).await;
    By::Xhr.open(served.addr, "/close/0/s").await;
    assert_eq!(served.ends.next().await, (3000, ByHandler));
    served.finish().await;
}

#[tokio::test]
async fn what_was_sent_before_a_close_leaves_before_it() {
    use sockeye_endpoint::{HandlerResult, Socket};
    use sockeye_types::Close;

    async fn says_and_goes(mut socket: Socket) -> HandlerResult {
        if let Some(message) = socket.recv().await {
            socket.try_send(message.clone())?;
            socket.try_send(message)?;
            socket.close(Close::new(4001.into(), "said")?);
        }
        Ok(())
    }
    let served =
        Served::endpoints(|_| at(Endpoints::new(), "/last", says_and_goes, SockJs::default()))
            .await;
    let mut stream = By::XhrStreaming.open(served.addr, "/last/0/s").await;
    By::Xhr.send(served.addr, "/last/0/s", r#"["x"]"#).await;
    stream.expect(r#"a["x","x"]"#).await;
    stream.expect(r#"c[4001,"said"]"#).await;
    stream.ends().await;

    By::Xhr.open(served.addr, "/last/0/p").await;
    By::Xhr.send(served.addr, "/last/0/p", r#"["x"]"#).await;
    let mut polled = String::new();
    while !polled.contains('c') {
        polled.push_str(&By::Xhr.poll(served.addr, "/last/0/p").await);
    }
    let frames = polled.replace("a[\"x\"]\na[\"x\"]\n", "a[\"x\",\"x\"]\n");
    assert_eq!(frames, "a[\"x\",\"x\"]\nc[4001,\"said\"]\n");
}

#[tokio::test]
async fn a_handler_closes_a_session_that_waits() {
    let mut served =
        Served::endpoints(|watch| at(Endpoints::new(), "/echo", Closes(watch), SockJs::default()))
            .await;
    for by in By::ALL {
        let session = format!("/echo/0/{by:?}");
        let mut receiver = by.open(served.addr, &session).await;
        by.send(served.addr, &session, r#"["bye"]"#).await;
        if !by.is_streaming() {
            receiver = by.receive(served.addr, &session).await;
        }
        receiver.expect(r#"c[4002,"enough"]"#).await;
        receiver.ends().await;
        assert_eq!(served.ends.next().await, (4002, ByHandler));
    }
    served.finish().await;
}

#[tokio::test]
async fn a_close_without_a_code_is_normal() {
    use sockeye_endpoint::{HandlerResult, Socket};
    use sockeye_types::Close;

    async fn leaves(socket: Socket) -> HandlerResult {
        socket.close(Close::empty());
        Ok(())
    }
    let served =
        Served::endpoints(|_| at(Endpoints::new(), "/bye", leaves, SockJs::default())).await;
    let mut stream = By::XhrStreaming.open(served.addr, "/bye/0/s").await;
    stream.expect(r#"c[1000,"Normal closure"]"#).await;
    stream.ends().await;
}

#[tokio::test]
async fn a_poll_that_a_page_forgot_ends_with_a_heartbeat_and_its_session_after_it() {
    let sockjs = SockJs::default().heartbeat(SOON).disconnect_delay(SOON);
    let mut served = echo(sockjs).await;
    for by in By::POLLING {
        let session = format!("/echo/0/{by:?}");
        by.open(served.addr, &session).await;
        let mut forgotten = super::wire::Http::connect(served.addr).await;
        forgotten.send(&by.ask(&session)).await;
        // Its connection stays, and nobody asks again.
        assert_eq!(served.ends.next().await, (1006, Network));
        forgotten.read_head().await;
        assert_eq!(forgotten.body().await, by.wire("h"));
    }
    served.finish().await;
}

#[tokio::test]
async fn shutting_down_tells_every_receiver() {
    let mut served = default_echo().await;
    let mut receivers = Vec::new();
    for by in By::STREAMING {
        receivers.push(by.open(served.addr, &format!("/echo/0/{by:?}")).await);
    }
    for by in By::POLLING {
        let session = format!("/echo/0/{by:?}");
        by.open(served.addr, &session).await;
        receivers.push(by.wait(served.addr, &session).await);
    }
    served.shut_down();
    for mut receiver in receivers {
        if !receiver.by.is_streaming() {
            receiver.http.read_head().await;
        }
        receiver.expect(r#"c[1001,"going away"]"#).await;
        receiver.ends().await;
        assert_eq!(served.ends.next().await, (1001, Server));
    }
    served.gone().await;
}
