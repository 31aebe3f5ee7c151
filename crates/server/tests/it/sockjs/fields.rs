//! The header fields of every answer: what caches, browsers and load balancers go by.

use sockeye_endpoint::SockJs;

use super::{
    by::By,
    served::{default_echo, echo},
    wire::{Answer, Ask, Head},
};

const NO_CACHE: &str = "no-store, no-cache, no-transform, must-revalidate, max-age=0";

fn assert_not_cached(head: &Head) {
    assert_eq!(head.field("cache-control"), Some(NO_CACHE));
    assert_eq!(head.field("expires"), None);
    assert_eq!(head.field("last-modified"), None);
}

fn assert_cached_for_long(head: &Head) {
    let control = head.field("cache-control").unwrap();
    let age = control.split_once("max-age=").unwrap().1;
    let digits = age.bytes().take_while(u8::is_ascii_digit).count();
    assert!(control.contains("public") && digits >= 7, "{control}");
    assert!(head.field("expires").is_some());
    assert_eq!(head.field("last-modified"), None);
}

/// The same session is received and sent to: a request of each kind, on behalf of a page elsewhere or of nobody.
async fn all_answers(addr: std::net::SocketAddr, more: &[(&str, &str)]) -> Vec<(String, Answer)> {
    let with = |mut ask: Ask| {
        for (name, value) in more {
            ask = ask.field(name, value);
        }
        ask
    };
    let mut answers = Vec::new();
    for by in By::ALL {
        let session = format!("/echo/0/{by:?}");
        let http = with(by.ask(&session)).begin(addr).await;
        let head = http.head.clone();
        let body = String::new();
        answers.push((format!("{by:?}"), Answer { head, body }));
        let sent = with(by.ask_to_send(&session, r#"["s"]"#));
        if matches!(by, By::Xhr | By::Jsonp) {
            answers.push((format!("{by:?} send"), sent.answer(addr).await));
        }
    }
    let info = with(Ask::get("/echo/info")).answer(addr).await;
    answers.push(("info".to_owned(), info));
    answers
}

#[tokio::test]
async fn whatever_carries_a_session_is_never_cached() {
    let served = default_echo().await;
    for (name, answer) in all_answers(served.addr, &[]).await {
        assert!(matches!(answer.status(), 200 | 204), "{name}");
        assert_not_cached(&answer.head);
    }
}

#[tokio::test]
async fn each_answer_has_the_type_that_clients_compare() {
    let served = default_echo().await;
    for by in By::ALL {
        let receiver = by.open(served.addr, &format!("/echo/0/{by:?}")).await;
        let kind = receiver.http.head.content_type();
        assert_eq!(kind.as_deref(), Some(by.content_type()), "{by:?}");
    }
    for (by, status, body) in [(By::Xhr, 204, ""), (By::Jsonp, 200, "ok")] {
        let session = format!("/echo/0/{by:?}");
        let sent = by.send(served.addr, &session, r#"["s"]"#).await;
        assert_eq!((sent.status(), sent.body.as_str()), (status, body));
        let kind = sent.head.content_type();
        assert_eq!(kind.as_deref(), Some("text/plain;charset=UTF-8"), "{by:?}");
    }
}

#[tokio::test]
async fn scripts_are_not_taken_for_anything_else() {
    let served = default_echo().await;
    for (name, answer) in all_answers(served.addr, &[]).await {
        if name.starts_with("Jsonp") {
            let option = answer.head.field("x-content-type-options");
            assert_eq!(option, Some("nosniff"), "{name}");
        }
    }
}

#[tokio::test]
async fn a_page_elsewhere_may_read_what_xhr_brings_with_its_cookies() {
    let served = default_echo().await;
    for origin in ["https://page.example", "null"] {
        for (name, answer) in all_answers(served.addr, &[("Origin", origin)]).await {
            let allowed = answer.head.field("access-control-allow-origin");
            let credentials = answer.head.field("access-control-allow-credentials");
            let expected = match name.as_str() {
                "HtmlFile" | "Jsonp" | "Jsonp send" => (None, None),
                "EventSource" if origin == "null" => (Some("*"), None),
                _ => (Some(origin), Some("true")),
            };
            assert_eq!((allowed, credentials), expected, "{name} for {origin}");
            if expected.0 == Some(origin) {
                let vary = answer.head.field("vary").unwrap();
                assert!(vary.eq_ignore_ascii_case("origin"), "{vary}");
            }
        }
    }
}

#[tokio::test]
async fn nobodys_request_is_allowed_to_all_without_credentials() {
    let served = default_echo().await;
    for (name, answer) in all_answers(served.addr, &[]).await {
        let expected = match name.as_str() {
            "HtmlFile" | "Jsonp" | "Jsonp send" => None,
            _ => Some("*"),
        };
        let allowed = answer.head.field("access-control-allow-origin");
        assert_eq!(allowed, expected, "{name}");
        let credentials = answer.head.field("access-control-allow-credentials");
        assert_eq!(credentials, None, "{name}");
    }
}

#[tokio::test]
async fn cors_may_be_left_to_what_stands_before_the_server() {
    let served = echo(SockJs::default().without_cors()).await;
    for (name, answer) in all_answers(served.addr, &[("Origin", "https://page.example")]).await {
        let allowed = answer.head.field("access-control-allow-origin");
        assert_eq!(allowed, None, "{name}");
        let credentials = answer.head.field("access-control-allow-credentials");
        assert_eq!(credentials, None, "{name}");
    }
}

/// What answers OPTIONS, and the verb it is about.
const PREFLIGHTS: [(&str, &str); 4] = [
    ("/info", "GET"),
    ("/0/s/xhr", "POST"),
    ("/0/s/xhr_streaming", "POST"),
    ("/0/s/xhr_send", "POST"),
];

#[tokio::test]
async fn a_preflight_is_answered_for_a_year() {
    let served = default_echo().await;
    for (below, verb) in PREFLIGHTS {
        for origin in ["https://page.example", "null"] {
            let answer = Ask::options(format!("/echo{below}"))
                .field("Origin", origin)
                .field("Access-Control-Request-Method", verb)
                .answer(served.addr)
                .await;
            assert!(matches!(answer.status(), 200 | 204), "{below}");
            assert_eq!(answer.body, "");
            let head = &answer.head;
            assert_cached_for_long(head);
            assert_eq!(head.field("access-control-allow-origin"), Some(origin));
            let credentials = head.field("access-control-allow-credentials");
            assert_eq!(credentials, Some("true"));
            let age = head.field("access-control-max-age").unwrap();
            assert!(age.parse::<u32>().unwrap() > 1_000_000);
            let methods = head.field("access-control-allow-methods").unwrap();
            assert!(methods.contains("OPTIONS") && methods.contains(verb));
        }
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn a_preflight_gives_back_the_fields_that_it_was_asked_for() {
    let served = default_echo().await;
    let asked = [
        (Some("a, b, c"), Some("a, b, c")),
        (Some(""), None),
        (None, None),
    ];
    for (below, verb) in PREFLIGHTS {
        for (fields, expected) in asked {
            let mut ask = Ask::options(format!("/echo{below}"))
                .field("Origin", "https://page.example")
                .field("Access-Control-Request-Method", verb);
            if let Some(fields) = fields {
                ask = ask.field("Access-Control-Request-Headers", fields);
            }
            let answer = ask.answer(served.addr).await;
            let given = answer.head.field("access-control-allow-headers");
            assert_eq!(given, expected, "{below}");
        }
    }
}

#[tokio::test]
async fn a_load_balancers_cookie_is_set_or_given_back_where_it_was_asked_for() {
    let served = echo(SockJs::default().needs_cookie()).await;
    let brought = [
        (vec![], "JSESSIONID=dummy"),
        (
            vec![("Cookie", "a=b; JSESSIONID=node-7; c=d")],
            "JSESSIONID=node-7",
        ),
    ];
    for (more, expected) in brought {
        for (name, answer) in all_answers(served.addr, &more).await {
            let cookie = answer.head.field("set-cookie");
            if name == "info" {
                assert_eq!(cookie, None);
                assert!(answer.body.contains(r#""cookie_needed":true"#));
                continue;
            }
            let mut attributes = cookie.unwrap().split(';').map(str::trim);
            assert_eq!(attributes.next(), Some(expected), "{name}");
            let path = attributes.next().unwrap();
            assert!(path.eq_ignore_ascii_case("path=/"), "{name}: {path}");
        }
    }
    for page in ["/echo", "/echo/iframe.html"] {
        let answer = Ask::get(page).answer(served.addr).await;
        assert_eq!(answer.head.field("set-cookie"), None, "{page}");
    }
}

#[tokio::test]
async fn nobody_gets_a_cookie_who_was_not_to_have_one() {
    let served = default_echo().await;
    for (name, answer) in all_answers(served.addr, &[("Cookie", "JSESSIONID=mine")]).await {
        assert_eq!(answer.head.field("set-cookie"), None, "{name}");
    }
}

#[tokio::test]
async fn a_cookie_that_is_no_plain_token_is_not_given_back() {
    let served = echo(SockJs::default().needs_cookie()).await;
    // What comes back may neither break the field nor add an attribute.
    let ask = By::Xhr
        .ask("/echo/0/s")
        .field("Cookie", "JSESSIONID=\"a\tb\\; Domain=evil.example");
    let answer = ask.answer(served.addr).await;
    if let Some(cookie) = answer.head.field("set-cookie") {
        assert!(!cookie.contains("evil"), "{cookie}");
        assert!(!cookie.contains('\t'), "{cookie}");
    }
}

#[tokio::test]
async fn a_refusal_is_not_cached_and_a_page_elsewhere_may_read_it() {
    let served = default_echo().await;
    let refused = [
        (By::Xhr.ask_to_send("/echo/0/nobody", "[]"), 404),
        (Ask::post("/echo/0/nobody/xhr_send"), 500),
    ];
    By::Xhr.open(served.addr, "/echo/0/nobody2").await;
    let broken = By::Xhr.ask_to_send("/echo/0/nobody2", "[\"");
    for (ask, status) in refused.into_iter().chain([(broken, 500)]) {
        let answer = ask.field("Origin", "null").answer(served.addr).await;
        // Whether the session or the body is looked at first is left open.
        assert!([status, 404].contains(&answer.status()), "{answer:?}");
        assert_not_cached(&answer.head);
        let allowed = answer.head.field("access-control-allow-origin");
        assert_eq!(allowed, Some("null"));
    }
}
