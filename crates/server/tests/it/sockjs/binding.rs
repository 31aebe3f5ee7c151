//! Who may go on with a session: who opened it, on its transport.

use sockeye_endpoint::{Endpoints, SockJs};
use sockeye_server::PeerAddr;

use super::{
    by::By,
    served::{at, default_echo, echo},
    wire::Http,
};
use crate::{mounted::Mounted, served::Echo};

fn by_token(head: &http::request::Parts) -> Option<String> {
    Some(head.headers.get("x-token")?.to_str().ok()?.to_owned())
}

#[tokio::test]
async fn a_session_is_bound_to_the_user_who_opened_it() {
    let served = echo(SockJs::default().bound_to_user(by_token)).await;
    for by in By::POLLING {
        let session = format!("/echo/0/{by:?}");
        let mine = by.ask(&session).field("X-Token", "mine");
        assert_eq!(mine.answer(served.addr).await.status(), 200);
        let send = by.ask_to_send(&session, r#"["x"]"#);
        for other in [send.clone(), send.clone().field("X-Token", "other")] {
            assert_eq!(other.answer(served.addr).await.status(), 404, "{by:?}");
        }
        for other in [by.ask(&session), by.ask(&session).field("X-Token", "other")] {
            assert_eq!(other.answer(served.addr).await.status(), 404, "{by:?}");
        }
        let sent = send.field("X-Token", "mine").answer(served.addr).await;
        assert!(matches!(sent.status(), 200 | 204), "{by:?}");
        let polled = mine.answer(served.addr).await;
        assert_eq!(polled.body, by.wire(r#"a["x"]"#));
    }
    assert_eq!(served.ends.opened(), 2);
}

#[tokio::test]
async fn a_session_of_nobody_is_nobodys() {
    let served = echo(SockJs::default().bound_to_user(by_token)).await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    let somebody = By::Xhr.ask("/echo/0/s").field("X-Token", "mine");
    assert_eq!(somebody.answer(served.addr).await.status(), 404);
    let send = By::Xhr.send(served.addr, "/echo/0/s", "[]").await;
    assert_eq!(send.status(), 204);
}

/// Asks a mounted endpoint as a client of this address, and returns status and body.
async fn ask_from(mounted: &Mounted, addr: &str, ask: &super::wire::Ask) -> (u16, String) {
    let peer = PeerAddr(addr.parse().unwrap());
    let mut http = Http::over(mounted.connect_from(peer));
    http.ask(ask).await;
    let body = http.body().await;
    (http.head.status, body)
}

#[tokio::test]
async fn a_session_is_bound_to_its_address_and_not_to_the_port() {
    let mounted = Mounted::new(|watch| {
        let sockjs = SockJs::default().bound_to_address();
        at(Endpoints::new(), "/echo", Echo(watch), sockjs)
    });
    let (receive, send) = (
        By::Xhr.ask("/echo/0/s"),
        By::Xhr.ask_to_send("/echo/0/s", r#"["x"]"#),
    );
    let opened = ask_from(&mounted, "192.0.2.1:1000", &receive).await;
    assert_eq!(opened, (200, "o\n".to_owned()));
    assert_eq!(ask_from(&mounted, "192.0.2.2:1000", &send).await.0, 404);
    assert_eq!(ask_from(&mounted, "192.0.2.2:1000", &receive).await.0, 404);
    assert_eq!(ask_from(&mounted, "192.0.2.1:2000", &send).await.0, 204);
    let polled = ask_from(&mounted, "192.0.2.1:3000", &receive).await;
    assert_eq!(polled, (200, "a[\"x\"]\n".to_owned()));
}

#[tokio::test]
async fn a_session_is_of_one_transport() {
    let served = default_echo().await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    for other in [By::XhrStreaming, By::EventSource, By::HtmlFile, By::Jsonp] {
        let refused = other.ask("/echo/0/s").answer(served.addr).await;
        assert_eq!(refused.status(), 404, "{other:?}");
    }
    // What it was is still there.
    By::Xhr.send(served.addr, "/echo/0/s", r#"["x"]"#).await;
    assert_eq!(By::Xhr.poll(served.addr, "/echo/0/s").await, "a[\"x\"]\n");
    assert_eq!(served.ends.opened(), 1);
}

#[tokio::test]
async fn one_endpoints_sessions_are_not_anothers() {
    let served = crate::served::Served::endpoints(|watch| {
        let one = at(
            Endpoints::new(),
            "/echo",
            Echo(watch.clone()),
            SockJs::default(),
        );
        at(one, "/other", Echo(watch), SockJs::default())
    })
    .await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    let sent = By::Xhr.send(served.addr, "/other/0/s", "[]").await;
    assert_eq!(sent.status(), 404);
    By::Xhr.open(served.addr, "/other/0/s").await;
    assert_eq!(served.ends.opened(), 2);
}
