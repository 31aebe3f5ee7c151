//! `/info` and the page for hidden frames.

use sockeye_endpoint::{Endpoints, SockJs};

use super::{
    served::{default_echo, echo},
    wire::Ask,
};
use crate::served::{Echo, Served};

/// The number behind a key of a flat JSON object.
fn entropy(info: &str) -> u32 {
    let (_, rest) = info.split_once("\"entropy\":").unwrap();
    rest.split(['}', ',']).next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn info_says_what_a_client_must_know() {
    let served = default_echo().await;
    let info = Ask::get("/echo/info").answer(served.addr).await;
    assert_eq!(info.status(), 200);
    let kind = info.head.content_type();
    assert_eq!(kind.as_deref(), Some("application/json;charset=UTF-8"));
    for part in [
        r#""websocket":true"#,
        r#""cookie_needed":false"#,
        r#""origins":["*:*"]"#,
    ] {
        assert!(info.body.contains(part), "{}", info.body);
    }
    assert!(!info.body.contains("base_url"), "{}", info.body);
    entropy(&info.body);
}

#[tokio::test]
async fn info_has_fresh_entropy_each_time() {
    let served = default_echo().await;
    let mut seen = Vec::new();
    for _ in 0..20 {
        let info = Ask::get("/echo/info").answer(served.addr).await;
        seen.push(entropy(&info.body));
    }
    seen.sort_unstable();
    seen.dedup();
    // Two of twenty are the same once in 20 million runs.
    assert!(seen.len() >= 19, "{seen:?}");
    assert!(seen.last().unwrap() > &u32::from(u16::MAX), "{seen:?}");
}

#[tokio::test]
async fn info_says_that_there_are_no_websockets_and_where_the_transports_are() {
    let elsewhere = "https://transports.example/echo";
    let served = echo(SockJs::default().without_websocket().base_url(elsewhere)).await;
    let info = Ask::get("/echo/info").answer(served.addr).await;
    assert!(info.body.contains(r#""websocket":false"#), "{}", info.body);
    let base = format!(r#""base_url":"{elsewhere}""#);
    assert!(info.body.contains(&base), "{}", info.body);
}

#[tokio::test]
async fn the_page_for_frames_loads_the_client_that_was_named() {
    let served = echo(SockJs::default().client_url("/lib/sockjs-1.6.1.min.js")).await;
    let named = [
        "/iframe.html",
        "/iframe-.html",
        "/iframe-a.html?t=1",
        "/iframe1.6.1.html",
        "/iframe-0.1.2abc-dirty.2144.html",
        "/iframe_x.html",
    ];
    for below in named {
        let page = Ask::get(format!("/echo{below}")).answer(served.addr).await;
        assert_eq!(page.status(), 200, "{below}");
        let head = &page.head;
        assert_eq!(
            head.content_type().as_deref(),
            Some("text/html;charset=UTF-8")
        );
        let body = &page.body;
        assert!(body.trim_start().starts_with("<!DOCTYPE html>"), "{body}");
        let script = r#"<script src="/lib/sockjs-1.6.1.min.js"></script>"#;
        let loads = body.find(script).unwrap();
        assert!(loads < body.find("SockJS.bootstrap_iframe();").unwrap());
        assert!(body.contains("Don't panic!") && body.trim_end().ends_with("</html>"));
        let control = head.field("cache-control").unwrap();
        assert!(control.contains("public") && control.contains("max-age=31536000"));
        assert!(head.field("expires").is_some() && head.field("etag").is_some());
        for absent in [
            "last-modified",
            "set-cookie",
            "x-frame-options",
            "content-security-policy",
        ] {
            assert_eq!(head.field(absent), None, "{below}");
        }
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn a_frames_page_that_is_known_is_not_sent_again() {
    let served = default_echo().await;
    let page = Ask::get("/echo/iframe.html").answer(served.addr).await;
    let tag = page.head.field("etag").unwrap();
    let again = Ask::get("/echo/iframe-b.html").answer(served.addr).await;
    assert_eq!(again.head.field("etag"), Some(tag));
    let known = Ask::get("/echo/iframe.html").field("If-None-Match", tag);
    let known = known.answer(served.addr).await;
    assert_eq!((known.status(), known.body.as_str()), (304, ""));
    assert_eq!(known.head.field("content-type"), None);
    let other = Ask::get("/echo/iframe.html").field("If-None-Match", "\"other\"");
    assert_eq!(other.answer(served.addr).await.status(), 200);
}

#[tokio::test]
async fn the_name_of_the_client_can_not_end_the_script() {
    let served = echo(SockJs::default().client_url("/\"></script><b>.js")).await;
    let page = Ask::get("/echo/iframe.html").answer(served.addr).await;
    assert!(!page.body.contains("<b>"), "{}", page.body);
}

#[tokio::test]
async fn there_is_no_page_for_frames_once_origins_are_restricted() {
    let served = Served::endpoints(|watch| {
        let restricted = Endpoints::new().at("/echo", Echo(watch));
        restricted
            .allowed_origins(["https://page.example"])
            .with_sockjs()
    })
    .await;
    let page = Ask::get("/echo/iframe.html").answer(served.addr).await;
    assert_eq!(page.status(), 404);
    served.nobody_came().await;
}
