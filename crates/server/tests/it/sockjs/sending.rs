//! What a client sends: bodies that are taken, and those that are refused.

use std::net::SocketAddr;

use super::{
    by::By,
    served::{default_echo, telling},
    wire::{Answer, Ask},
};
use sockeye_endpoint::SockJs;

const FORM: &str = "application/x-www-form-urlencoded";

async fn jsonp_send(addr: SocketAddr, kind: &str, body: &str) -> Answer {
    let ask = Ask::post("/echo/0/j/jsonp_send").field("Content-Type", kind);
    ask.body(body).answer(addr).await
}

#[tokio::test]
async fn a_body_is_an_array_whatever_its_type_says() {
    let (served, mut told) = telling(SockJs::default(), |all| all).await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    let kinds = [
        "text/plain",
        "T",
        "application/json",
        "application/xml",
        "text/xml",
        "",
        "application/json; charset=utf-8",
        "text/xml;charset=UTF-8",
        "application/xml;charset=UTF-8",
    ];
    let plain = Ask::post("/echo/0/s/xhr_send").body(r#"["a"]"#);
    assert_eq!(plain.answer(served.addr).await.status(), 204);
    for kind in kinds {
        let typed = plain.clone().field("Content-Type", kind);
        let answer = typed.answer(served.addr).await;
        assert_eq!(answer.status(), 204, "{kind}");
    }
    for _ in 0..=kinds.len() {
        assert_eq!(told.message().await.as_text(), Some("a"));
    }
}

#[tokio::test]
async fn a_form_is_decoded_and_plain_text_is_not() {
    let (served, mut told) = telling(SockJs::default(), |all| all).await;
    By::Jsonp.open(served.addr, "/echo/0/j").await;
    let bodies = [
        (FORM, "d=%5B%22abc%22%5D", "abc"),
        (FORM, "d=%5b%22a+b%22%5d", "a b"),
        (FORM, "x=1&d=%5B%22%C3%A9%26%22%5D&y=2", "é&"),
        (
            "application/x-www-form-urlencoded; charset=UTF-8",
            "d=%5B%22c%22%5D",
            "c",
        ),
        ("text/plain", r#"["%61b+c"]"#, "%61b+c"),
    ];
    for (kind, body, text) in bodies {
        let answer = jsonp_send(served.addr, kind, body).await;
        assert_eq!(
            (answer.status(), answer.body.as_str()),
            (200, "ok"),
            "{body}"
        );
        assert_eq!(told.message().await.as_text(), Some(text), "{body}");
    }
}

#[tokio::test]
async fn bad_json_is_told_and_the_session_survives() {
    let served = default_echo().await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    let broken = [
        "[\"x",
        "[",
        "]",
        "[\"x\"",
        "[\"x\",]",
        "[,]",
        "[\"\\x\"]",
        "[\"\\u12\"]",
        "[\"a\nb\"]",
        "[\"x\"]]",
        "['x']",
        "\u{feff}[\"x\"]",
        "[\"x\" \"y\"]",
    ];
    for body in broken {
        let answer = By::Xhr.send(served.addr, "/echo/0/s", body).await;
        assert_eq!(answer.status(), 500, "{body}");
        assert!(
            answer.body.contains("Broken JSON encoding."),
            "{body}: {}",
            answer.body
        );
    }
    let sent = By::Xhr.send(served.addr, "/echo/0/s", r#"["well"]"#).await;
    assert_eq!(sent.status(), 204);
    assert_eq!(
        By::Xhr.poll(served.addr, "/echo/0/s").await,
        "a[\"well\"]\n"
    );
}

#[tokio::test]
async fn bad_json_in_a_form_is_told_too() {
    let served = default_echo().await;
    By::Jsonp.open(served.addr, "/echo/0/j").await;
    for form in ["d=%5B%22x", "d=x", "d=%5B%22%ff%22%5D"] {
        let answer = jsonp_send(served.addr, FORM, form).await;
        assert_eq!(answer.status(), 500, "{form}");
        assert!(
            answer.body.contains("Broken JSON encoding."),
            "{form}: {}",
            answer.body
        );
    }
    assert_eq!(
        jsonp_send(served.addr, FORM, "d=%5B%22b%22%5D").await.body,
        "ok"
    );
    let polled = By::Jsonp.poll(served.addr, "/echo/0/j").await;
    assert_eq!(polled, By::Jsonp.wire(r#"a["b"]"#));
}

#[tokio::test]
async fn bytes_that_are_no_utf_8_are_broken() {
    let served = default_echo().await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    let ask = Ask::post("/echo/0/s/xhr_send").body(b"[\"\xff\"]");
    let answer = ask.answer(served.addr).await;
    assert_eq!(answer.status(), 500);
    assert!(
        answer.body.contains("Broken JSON encoding."),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn nothing_and_what_is_no_array_of_strings_is_no_payload() {
    let served = default_echo().await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    for body in [
        "",
        "1",
        "null",
        "{",
        "{}",
        "\"x\"",
        "[1]",
        "[\"x\",null]",
        "[[\"x\"]]",
    ] {
        let answer = By::Xhr.send(served.addr, "/echo/0/s", body).await;
        assert_eq!(answer.status(), 500, "{body}");
        assert!(
            answer.body.contains("Payload expected."),
            "{body}: {}",
            answer.body
        );
    }
    By::Jsonp.open(served.addr, "/echo/0/j").await;
    for body in ["", "d=", "p=p", "p=p&d="] {
        let answer = jsonp_send(served.addr, FORM, body).await;
        assert_eq!(answer.status(), 500, "{body}");
        assert!(
            answer.body.contains("Payload expected."),
            "{body}: {}",
            answer.body
        );
    }
    // Nothing of what was refused was taken.
    By::Xhr.send(served.addr, "/echo/0/s", r#"["b"]"#).await;
    assert_eq!(By::Xhr.poll(served.addr, "/echo/0/s").await, "a[\"b\"]\n");
}

#[tokio::test]
async fn an_empty_array_is_legal_and_says_nothing() {
    let served = default_echo().await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    for array in ["[]", " [ ] ", "[\n]"] {
        let sent = By::Xhr.send(served.addr, "/echo/0/s", array).await;
        assert_eq!((sent.status(), sent.body.as_str()), (204, ""));
    }
    By::Xhr.send(served.addr, "/echo/0/s", r#"["x"]"#).await;
    assert_eq!(By::Xhr.poll(served.addr, "/echo/0/s").await, "a[\"x\"]\n");
}

#[tokio::test]
async fn an_empty_array_in_a_form_is_legal_too() {
    let served = default_echo().await;
    By::Jsonp.open(served.addr, "/echo/0/j").await;
    for form in ["d=%5B%5D", "d=%5B%22x%22%5D"] {
        assert_eq!(jsonp_send(served.addr, FORM, form).await.body, "ok");
    }
    let polled = By::Jsonp.poll(served.addr, "/echo/0/j").await;
    assert_eq!(polled, By::Jsonp.wire(r#"a["x"]"#));
}

#[tokio::test]
async fn an_empty_string_is_a_message() {
    let served = default_echo().await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    By::Xhr.send(served.addr, "/echo/0/s", r#"[""]"#).await;
    assert_eq!(By::Xhr.poll(served.addr, "/echo/0/s").await, "a[\"\"]\n");
}

#[tokio::test]
async fn sending_opens_no_session() {
    let served = default_echo().await;
    for by in By::POLLING {
        let sent = by.send(served.addr, "/echo/0/nobody", r#"["x"]"#).await;
        assert_eq!(sent.status(), 404, "{by:?}");
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn messages_of_many_bodies_arrive_in_their_order() {
    let (served, mut told) = telling(SockJs::default(), |all| all).await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    let mut numbers = 0..90;
    for _ in 0..30 {
        let array: Vec<String> = numbers
            .by_ref()
            .take(3)
            .map(|n| format!("\"{n}\""))
            .collect();
        let array = format!("[{}]", array.join(","));
        assert_eq!(
            By::Xhr
                .send(served.addr, "/echo/0/s", &array)
                .await
                .status(),
            204
        );
    }
    for number in 0..90 {
        let heard = told.message().await;
        assert_eq!(heard.as_text(), Some(number.to_string().as_str()));
    }
}
