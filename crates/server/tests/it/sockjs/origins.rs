//! Which pages may open sessions: the same rule for every transport.

use sockeye_endpoint::{Endpoints, SockJs};
use sockeye_types::Transport;

use super::{by::By, wire::Ask};
use crate::{
    client::{Client, handshake},
    served::{Echo, Served},
};

const FRIEND: &str = "https://friend.example";
const FOREIGN: &str = "https://foreign.example";

/// Serves an echo to one page elsewhere, beside the server's own.
async fn restricted(sockjs: SockJs) -> Served {
    Served::endpoints(|watch| {
        let echo = Endpoints::new().at("/echo", Echo(watch));
        echo.allowed_origins([FRIEND]).sockjs(sockjs)
    })
    .await
}

fn all_on() -> SockJs {
    SockJs::default()
        .with(Transport::HtmlFile)
        .with(Transport::JsonpPolling)
}

#[tokio::test]
async fn a_foreign_page_is_refused_on_every_transport() {
    let served = restricted(all_on()).await;
    for origin in [FOREIGN, "null", "http://friend.example"] {
        for by in By::ALL {
            let ask = by.ask("/echo/0/s").field("Origin", origin);
            let refused = ask.answer(served.addr).await;
            assert_eq!(refused.status(), 403, "{by:?} from {origin}");
            let allowed = refused.head.field("access-control-allow-origin");
            assert_ne!(allowed, Some(origin), "{by:?}");
            assert_ne!(allowed, Some("*"), "{by:?}");
        }
        for path in ["/echo", "/echo/websocket", "/echo/0/s/websocket"] {
            let mut client = Client::connect(served.addr).await;
            let request = handshake(path, &format!("Origin: {origin}\r\n"));
            client.send(request.as_bytes()).await;
            assert_eq!(client.reply().await.status, 403, "{path} from {origin}");
        }
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn a_foreign_page_can_not_send_to_a_session_it_guessed() {
    let served = restricted(all_on()).await;
    let mut stream = By::XhrStreaming.open(served.addr, "/echo/0/s").await;
    for by in By::POLLING {
        let ask = by.ask_to_send("/echo/0/s", r#"["evil"]"#);
        let refused = ask.field("Origin", FOREIGN).answer(served.addr).await;
        assert_eq!(refused.status(), 403, "{by:?}");
    }
    By::Xhr.send(served.addr, "/echo/0/s", r#"["good"]"#).await;
    stream.expect(r#"a["good"]"#).await;
}

#[tokio::test]
async fn a_foreign_page_is_refused_info_and_preflights() {
    let served = restricted(SockJs::default()).await;
    let asks = [
        Ask::get("/echo/info"),
        Ask::options("/echo/info"),
        Ask::options("/echo/0/s/xhr"),
        Ask::options("/echo/0/s/xhr_send"),
    ];
    for ask in asks {
        let answer = ask
            .clone()
            .field("Origin", FOREIGN)
            .answer(served.addr)
            .await;
        assert_eq!(answer.status(), 403, "{ask:?}");
        assert_eq!(answer.head.field("access-control-allow-credentials"), None);
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn a_page_that_was_named_and_the_servers_own_are_served() {
    let served = restricted(all_on()).await;
    for (number, origin) in [FRIEND, "http://sockeye.test"].into_iter().enumerate() {
        for by in By::ALL {
            let session = format!("/echo/{number}/{number}{by:?}");
            let http = by
                .ask(&session)
                .field("Origin", origin)
                .begin(served.addr)
                .await;
            assert_eq!(http.head.status, 200, "{by:?} from {origin}");
            let allowed = http.head.field("access-control-allow-origin");
            let has_cors = !matches!(by, By::HtmlFile | By::Jsonp);
            assert_eq!(allowed, has_cors.then_some(origin), "{by:?}");
        }
    }
    assert_eq!(served.ends.opened(), 10);
}

#[tokio::test]
async fn what_cors_can_not_protect_is_off_once_origins_are_restricted() {
    let served = restricted(SockJs::default()).await;
    for ask in [
        By::HtmlFile.ask("/echo/0/s"),
        By::Jsonp.ask("/echo/0/s"),
        By::Jsonp.ask_to_send("/echo/0/s", "[]"),
        Ask::get("/echo/iframe.html"),
    ] {
        assert_eq!(ask.answer(served.addr).await.status(), 404, "{ask:?}");
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn what_was_asked_for_is_on_all_the_same() {
    let served = restricted(all_on()).await;
    By::HtmlFile.open(served.addr, "/echo/0/h").await;
    By::Jsonp.open(served.addr, "/echo/0/j").await;
    let page = Ask::get("/echo/iframe.html").answer(served.addr).await;
    assert_eq!(page.status(), 200);
}
