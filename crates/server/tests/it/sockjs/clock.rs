//! SockJS mounted in somebody else's HTTP server, under a clock that the test moves: the protocol's own times.

use std::time::Duration;

use sockeye_endpoint::{Endpoints, Initiator::Network, SockJs};
use sockeye_server::PeerAddr;
use tokio::{io::DuplexStream, time::Instant};

use super::{
    by::By,
    served::at,
    wire::{Ask, Http},
};
use crate::{mounted::Mounted, served::Echo};

const SECOND: Duration = Duration::from_secs(1);

fn echo() -> Mounted {
    Mounted::new(|watch| at(Endpoints::new(), "/echo", Echo(watch), SockJs::default()))
}

async fn ask(mounted: &Mounted, ask: &Ask) -> Http<DuplexStream> {
    let mut http = Http::over(mounted.connect_from(PeerAddr(([192, 0, 2, 1], 1).into())));
    http.ask(ask).await;
    http
}

async fn whole(mounted: &Mounted, what: &Ask) -> String {
    ask(mounted, what).await.body().await
}

#[tokio::test(start_paused = true)]
async fn every_transport_works_in_somebody_elses_server() {
    let mounted = echo();
    for by in By::ALL {
        let session = format!("/echo/0/{by:?}");
        let mut http = ask(&mounted, &by.ask(&session)).await;
        if by.is_streaming() {
            http.part().await.unwrap();
        }
        assert_eq!(http.part().await, Some(by.wire("o")));
        let sent = ask(&mounted, &by.ask_to_send(&session, r#"["x"]"#)).await;
        assert!(matches!(sent.head.status, 200 | 204));
        if !by.is_streaming() {
            http = ask(&mounted, &by.ask(&session)).await;
        }
        assert_eq!(http.part().await, Some(by.wire(r#"a["x"]"#)), "{by:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_outlives_its_receiver_by_five_seconds_and_sends_add_nothing() {
    let mut mounted = echo();
    let start = Instant::now();
    assert_eq!(whole(&mounted, &By::Xhr.ask("/echo/0/s")).await, "o\n");
    tokio::time::advance(4 * SECOND).await;
    let sent = ask(&mounted, &By::Xhr.ask_to_send("/echo/0/s", "[]")).await;
    assert_eq!(sent.head.status, 204);
    assert_eq!(mounted.ends.next().await, (1006, Network));
    let lived = start.elapsed();
    assert!((5 * SECOND..6 * SECOND).contains(&lived), "{lived:?}");
}

#[tokio::test(start_paused = true)]
async fn each_receiver_starts_the_five_seconds_anew() {
    let mut mounted = echo();
    let start = Instant::now();
    assert_eq!(whole(&mounted, &By::Xhr.ask("/echo/0/s")).await, "o\n");
    for _ in 0..3 {
        tokio::time::advance(4 * SECOND).await;
        ask(&mounted, &By::Xhr.ask_to_send("/echo/0/s", r#"["x"]"#)).await;
        assert_eq!(
            whole(&mounted, &By::Xhr.ask("/echo/0/s")).await,
            "a[\"x\"]\n"
        );
    }
    assert_eq!(mounted.ends.next().await, (1006, Network));
    let lived = start.elapsed();
    assert!((17 * SECOND..18 * SECOND).contains(&lived), "{lived:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_hears_a_heartbeat_after_25_seconds() {
    let mounted = echo();
    for by in By::STREAMING {
        let start = Instant::now();
        let mut http = ask(&mounted, &by.ask(&format!("/echo/0/{by:?}"))).await;
        http.part().await.unwrap();
        assert_eq!(http.part().await, Some(by.wire("o")));
        for beat in 1..4 {
            assert_eq!(http.part().await, Some(by.wire("h")));
            let passed = start.elapsed();
            let due = 25 * beat * SECOND;
            assert!((due..due + SECOND).contains(&passed), "{by:?}: {passed:?}");
        }
    }
}
