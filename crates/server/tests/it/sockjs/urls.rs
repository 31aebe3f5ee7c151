//! Which URLs there are below a prefix, and which methods they take.

use super::{
    by::By,
    served::{at, default_echo, echo},
    wire::Ask,
};
use crate::{
    client::handshake,
    served::{Echo, Served},
};
use sockeye_endpoint::{Endpoints, SockJs};

#[tokio::test]
async fn the_prefix_greets_with_and_without_a_slash() {
    let served = default_echo().await;
    for target in ["/echo", "/echo/", "/echo?t=1", "/echo/?t=1"] {
        let greeting = Ask::get(target).answer(served.addr).await;
        assert_eq!(greeting.status(), 200, "{target}");
        assert_eq!(greeting.body, "Welcome to SockJS!\n");
        let kind = greeting.head.content_type();
        assert_eq!(kind.as_deref(), Some("text/plain;charset=UTF-8"));
        assert_eq!(greeting.head.field("set-cookie"), None);
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn slashes_and_dots_are_never_made_into_other_urls() {
    let served = default_echo().await;
    let gets = [
        "/a",
        "/a/",
        "/a.html",
        "//",
        "///",
        "/a/a",
        "/a/a/",
        "/iframe",
        "/iframe.htm",
        "/iframe.xml",
        "/iframe.HTML",
        "/IFRAME.HTML",
        "/iframe-/.html",
    ];
    for below in gets {
        let answer = Ask::get(format!("/echo{below}")).answer(served.addr).await;
        assert_eq!(answer.status(), 404, "{below}");
    }
    let both = [
        "//xhr",
        "///xhr",
        "////xhr",
        "/a./a/xhr",
        "/a/a./xhr",
        "/././xhr",
        "/a/a/a/xhr",
    ];
    for below in both {
        for method in ["GET", "POST"] {
            let ask = Ask::new(method, format!("/echo{below}")).body("");
            let answer = ask.answer(served.addr).await;
            assert_eq!(answer.status(), 404, "{method} {below}");
        }
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn a_server_or_session_is_any_text_without_slash_or_dot() {
    let served = default_echo().await;
    for session in [
        "/echo/a/a",
        "/echo/_/_",
        "/echo/1/1",
        "/echo/with-%20/it%20_-",
    ] {
        By::Xhr.open(served.addr, session).await;
    }
    assert_eq!(served.ends.opened(), 4);
}

#[tokio::test]
async fn a_session_is_found_whatever_the_server_part_says() {
    let served = default_echo().await;
    let mut stream = By::XhrStreaming.open(served.addr, "/echo/000/s").await;
    let sent = By::Xhr.send(served.addr, "/echo/999/s", r#"["a"]"#).await;
    assert_eq!((sent.status(), sent.body.as_str()), (204, ""));
    stream.expect(r#"a["a"]"#).await;
    assert_eq!(served.ends.opened(), 1);
}

#[tokio::test]
async fn a_query_says_nothing_but_the_callback() {
    let served = default_echo().await;
    let opened = Ask::post("/echo/0/s/xhr?t=1&i=2").answer(served.addr).await;
    assert_eq!(opened.body, "o\n");
    let sent = Ask::post("/echo/0/s/xhr_send?t=3").body(r#"["q"]"#);
    assert_eq!(sent.answer(served.addr).await.status(), 204);
    assert_eq!(By::Xhr.poll(served.addr, "/echo/0/s").await, "a[\"q\"]\n");
    let info = Ask::get("/echo/info?t=4").answer(served.addr).await;
    assert_eq!(info.status(), 200);
}

#[tokio::test]
async fn a_known_url_says_which_methods_it_allows() {
    let served = default_echo().await;
    let known = [
        ("", "POST"),
        ("/", "PUT"),
        ("/", "HEAD"),
        ("/iframe.html", "POST"),
        ("/info", "POST"),
        ("/info", "DELETE"),
        ("/websocket", "POST"),
        ("/0/s/websocket", "POST"),
        ("/0/s/websocket", "PUT"),
        ("/0/s/xhr", "GET"),
        ("/0/s/xhr", "HEAD"),
        ("/0/s/xhr_streaming", "GET"),
        ("/0/s/xhr_send", "GET"),
        ("/0/s/eventsource", "POST"),
        ("/0/s/htmlfile", "POST"),
        ("/0/s/jsonp", "POST"),
        ("/0/s/jsonp_send", "GET"),
    ];
    for (below, method) in known {
        let answer = Ask::new(method, format!("/echo{below}"))
            .answer(served.addr)
            .await;
        assert_eq!(answer.status(), 405, "{method} {below}");
        let allowed = answer.head.field("allow").unwrap();
        assert!(
            !allowed.is_empty() && !allowed.contains(method),
            "{allowed}"
        );
        assert_eq!(answer.head.field("content-type"), None, "{method} {below}");
        assert_eq!(answer.body, "");
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn a_prefix_may_have_parameters_and_more_exact_neighbours() {
    let served = Served::endpoints(|watch| {
        let rooms = at(
            Endpoints::new(),
            "/rooms/{room}",
            Echo(watch.clone()),
            SockJs::default(),
        );
        rooms.at("/rooms/{room}/info/now", Echo(watch))
    })
    .await;
    By::Xhr.open(served.addr, "/rooms/blue/0/s").await;
    let sent = By::Xhr.send(served.addr, "/rooms/blue/0/s", r#"["b"]"#);
    assert_eq!(sent.await.status(), 204);
    let own = Ask::get("/rooms/blue/info/now").answer(served.addr).await;
    assert_eq!(own.status(), 426);
}

#[tokio::test]
async fn a_transport_that_is_not_offered_is_not_there() {
    use sockeye_types::Transport;
    let off = [
        (By::Xhr, Transport::XhrPolling),
        (By::XhrStreaming, Transport::XhrStreaming),
        (By::EventSource, Transport::EventSource),
        (By::HtmlFile, Transport::HtmlFile),
        (By::Jsonp, Transport::JsonpPolling),
    ];
    for (by, transport) in off {
        let served = echo(SockJs::default().without(transport)).await;
        let refused = by.ask("/echo/0/s").answer(served.addr).await;
        assert_eq!(refused.status(), 404, "{transport}");
        let other = By::ALL.into_iter().find(|other| *other != by).unwrap();
        other.open(served.addr, "/echo/0/other").await;
    }
}

#[tokio::test]
async fn without_sockjs_nothing_is_below_a_path() {
    let served = Served::endpoints(|watch| Endpoints::new().at("/echo", Echo(watch))).await;
    for below in ["/info", "/0/s/xhr", "/websocket"] {
        let answer = Ask::get(format!("/echo{below}")).answer(served.addr).await;
        assert_eq!(answer.status(), 404, "{below}");
    }
    let mut client = crate::client::Client::connect(served.addr).await;
    client
        .send(handshake("/echo/websocket", "").as_bytes())
        .await;
    assert_eq!(client.reply().await.status, 404);
    served.nobody_came().await;
}
