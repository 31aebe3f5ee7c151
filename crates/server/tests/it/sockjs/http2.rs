//! Sessions over HTTP/2: requests are streams of one connection, and so are receivers.

use http::Request;
use sockeye_endpoint::{Endpoints, Initiator::Network, SockJs};
use sockeye_server::{Http2, Server};

use super::{served::at, wire::Http};
use crate::{
    client::patiently,
    http2_client::{Browser, Duplex, connect},
    mounted::Mounted,
    served::{Echo, LATE, Served, Watch},
};

const HOST: &str = "http://sockeye.test/echo";

fn echo(watch: Watch) -> Endpoints {
    let sockjs = SockJs::default().disconnect_delay(LATE);
    at(Endpoints::new(), "/echo", Echo(watch), sockjs)
}

fn knowing(server: Server) -> Server {
    server.http2(Http2::PriorKnowledge)
}

async fn opened(browser: &mut Browser, session: &str) -> Http<Duplex> {
    let (head, stream) = browser
        .post(&format!("{HOST}/{session}/xhr_streaming"), "")
        .await;
    assert_eq!(head.status, 200);
    for absent in [
        "transfer-encoding",
        "connection",
        "keep-alive",
        "content-length",
    ] {
        assert_eq!(head.headers.get(absent), None);
    }
    let mut http = Http::over(stream);
    assert_eq!(http.exactly(2049).await, "h".repeat(2048) + "\n");
    assert_eq!(http.exactly(2).await, "o\n");
    http
}

async fn several_receivers(browser: &mut Browser) {
    let mut one = opened(browser, "0/one").await;
    let mut other = opened(browser, "0/other").await;
    let sends = [("0/other", r#"["to other"]"#), ("0/one", r#"["to one"]"#)];
    for (session, body) in sends {
        let (head, mut stream) = browser
            .post(&format!("{HOST}/{session}/xhr_send"), body)
            .await;
        assert_eq!(head.status, 204);
        assert_eq!(Http::over(&mut stream).rest().await, "");
    }
    assert_eq!(one.exactly(12).await, "a[\"to one\"]\n");
    assert_eq!(other.exactly(14).await, "a[\"to other\"]\n");
    let (head, body) = browser.get(&format!("{HOST}/info")).await;
    assert_eq!(head.status, 200);
    assert!(body.contains("\"websocket\":true"), "{body}");
}

#[tokio::test]
async fn one_connection_carries_several_receivers_and_their_sends() {
    let mut served = Served::server(echo, knowing).await;
    let mut browser = Browser::connect(served.addr).await;
    several_receivers(&mut browser).await;
    browser.lose();
    for _ in 0..2 {
        assert_eq!(served.ends.next().await, (1006, Network));
    }
    served.finish().await;
}

#[tokio::test]
async fn so_does_one_in_somebody_elses_server() {
    let mut mounted = Mounted::new(echo);
    let mut browser = mounted.browser().await;
    several_receivers(&mut browser).await;
    browser.lose();
    for _ in 0..2 {
        assert_eq!(mounted.ends.next().await, (1006, Network));
    }
}

#[tokio::test]
async fn a_receiver_that_is_reset_ends_its_session_and_no_other() {
    let mut served = Served::server(echo, knowing).await;
    let mut browser = Browser::connect(served.addr).await;
    let one = opened(&mut browser, "0/one").await;
    let mut other = opened(&mut browser, "0/other").await;
    drop(one);
    assert_eq!(served.ends.next().await, (1006, Network));
    let (head, _) = browser
        .post(&format!("{HOST}/0/other/xhr_send"), r#"["x"]"#)
        .await;
    assert_eq!(head.status, 204);
    assert_eq!(other.exactly(7).await, "a[\"x\"]\n");
}

#[tokio::test]
async fn an_extended_connect_opens_a_framed_websocket() {
    let served = Served::server(echo, knowing).await;
    let mut browser = Browser::connect(served.addr).await;
    let mut framed = browser.open("/echo/0/s/websocket").await;
    assert_eq!(framed.frame().await.unwrap().payload, b"o");
    browser.open("/echo/websocket").await.echo("raw").await;
    let foreign = [("sec-websocket-version", "12")];
    let (head, _) = browser.refused(connect("/echo/0/s/xhr", &foreign)).await;
    assert!(head.status.is_client_error(), "{head:?}");
}

#[tokio::test]
async fn a_preflight_is_answered() {
    let served = Served::server(echo, knowing).await;
    let mut browser = Browser::connect(served.addr).await;
    let ask = Request::options(format!("{HOST}/0/s/xhr"))
        .version(http::Version::HTTP_2)
        .header("origin", "https://page.example")
        .body(())
        .unwrap();
    let (head, _) = browser.ask(ask).await.unwrap();
    assert!(head.status.is_success());
    assert_eq!(
        head.headers["access-control-allow-origin"],
        "https://page.example"
    );
}

/// Waits until the endpoints have so many sessions; nothing tells when one is opened or gone.
async fn until(sessions: usize, count: impl Fn() -> usize) {
    let wait = async {
        while count() != sessions {
            tokio::task::yield_now().await;
        }
    };
    patiently(wait).await;
}

#[tokio::test]
async fn a_service_counts_the_sessions_that_requests_carry_and_closes_them() {
    let mut mounted = Mounted::new(echo);
    let mut browser = mounted.browser().await;
    let mut one = opened(&mut browser, "0/one").await;
    let service = mounted.service.clone();
    until(1, || service.sessions()).await;
    let done = service.shut_down(sockeye_types::Close::going_away(), LATE);
    let (told, ()) = tokio::join!(one.rest(), done);
    assert_eq!(told, "c[1001,\"going away\"]\n");
    assert_eq!(mounted.ends.next().await.0, 1001);
    until(0, || mounted.service.sessions()).await;
}
