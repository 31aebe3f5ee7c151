//! What each transport sends to whom receives: preludes, frames, limits, callbacks.

use sockeye_endpoint::SockJs;

use super::{
    by::By,
    served::{closing, default_echo, echo, telling},
    wire::Ask,
};

#[tokio::test]
async fn each_stream_begins_with_what_browsers_wait_for() {
    let served = default_echo().await;
    for by in By::STREAMING {
        let mut http = by.ask(&format!("/echo/0/{by:?}")).begin(served.addr).await;
        let prelude = http.part().await.unwrap();
        match by {
            By::XhrStreaming => assert_eq!(prelude, "h".repeat(2048) + "\n"),
            By::EventSource => assert_eq!(prelude, "\r\n"),
            _ => {
                assert!(prelude.len() > 1024, "{}", prelude.len());
                assert!(prelude.ends_with("\r\n\r\n"));
                let page = prelude.trim();
                assert!(page.starts_with("<!doctype html>"), "{page}");
                assert!(page.contains("parent.call.back"), "{page}");
                assert!(page.contains("p = function(d)") || page.contains("function p(d)"));
            }
        }
        assert_eq!(http.part().await, Some(by.wire("o")));
    }
}

#[tokio::test]
async fn whoever_polls_gets_one_frame_and_the_end() {
    let served = default_echo().await;
    for by in By::POLLING {
        let session = format!("/echo/0/{by:?}");
        let mut opened = by.open(served.addr, &session).await;
        opened.ends().await;
        by.send(served.addr, &session, r#"["x"]"#).await;
        assert_eq!(by.poll(served.addr, &session).await, by.wire(r#"a["x"]"#));
    }
}

#[tokio::test]
async fn whoever_streams_gets_frame_after_frame() {
    let served = default_echo().await;
    for by in By::STREAMING {
        let session = format!("/echo/0/{by:?}");
        let mut stream = by.open(served.addr, &session).await;
        for array in [r#"["one"]"#, r#"["two \"quoted\"","\\back"]"#] {
            assert_eq!(by.send(served.addr, &session, array).await.status(), 204);
        }
        let mut heard = String::new();
        // Two sends may or may not share a frame.
        while heard.matches(',').count() < 2 && !heard.contains("back") {
            heard.push_str(&stream.http.part().await.unwrap());
        }
        let one = by.wire(r#"a["one"]"#);
        assert!(heard.starts_with(&one), "{by:?}: {heard}");
    }
}

#[tokio::test]
async fn a_poll_that_waits_gets_what_comes_then() {
    let served = default_echo().await;
    for by in By::POLLING {
        let session = format!("/echo/0/{by:?}");
        by.open(served.addr, &session).await;
        let poll = tokio::spawn({
            let (addr, session) = (served.addr, session.clone());
            async move { by.poll(addr, &session).await }
        });
        by.send(served.addr, &session, r#"["late"]"#).await;
        assert_eq!(poll.await.unwrap(), by.wire(r#"a["late"]"#));
    }
}

#[tokio::test]
async fn thirty_frames_are_below_the_limit_of_a_stream_and_the_next_reaches_it() {
    let text = "x".repeat(128);
    let array = format!("[\"{text}\"]");
    for by in By::STREAMING {
        let frame = format!("a{array}");
        let limit = by.wire("o").len() + 31 * by.wire(&frame).len();
        // The prelude does not count; the limit itself ends the response, one byte more does not.
        for (limit, frames) in [(limit, 31), (limit - 1, 31), (limit + 1, 32)] {
            let (served, mut told) =
                telling(SockJs::default().stream_bytes(limit), |all| all).await;
            let mut stream = by.open(served.addr, "/echo/0/s").await;
            for number in 0..frames {
                assert_eq!(stream.by, by, "{number}");
                by.send(served.addr, "/echo/0/s", &array).await;
                stream.expect(&frame).await;
            }
            stream.ends().await;
            // The session lives on.
            by.send(served.addr, "/echo/0/s", r#"["next"]"#).await;
            while told.message().await.as_text() != Some("next") {}
            let mut stream = by.receive(served.addr, "/echo/0/s").await;
            stream.expect(r#"a["next"]"#).await;
        }
    }
}

#[tokio::test]
async fn with_4096_bytes_31_frames_of_128_characters_end_a_response() {
    let served = echo(SockJs::default().stream_bytes(4096)).await;
    let array = format!("[\"{}\"]", "x".repeat(128));
    let mut stream = By::XhrStreaming.open(served.addr, "/echo/0/s").await;
    for _ in 0..31 {
        By::Xhr.send(served.addr, "/echo/0/s", &array).await;
        stream.expect(&format!("a{array}")).await;
    }
    stream.ends().await;
}

#[tokio::test]
async fn one_frame_beyond_the_limit_leaves_whole() {
    let served = echo(SockJs::default().stream_bytes(4096)).await;
    let array = format!("[\"{}\"]", "x".repeat(100_000));
    for by in By::STREAMING {
        let session = format!("/echo/0/{by:?}");
        let mut stream = by.open(served.addr, &session).await;
        by.send(served.addr, &session, &array).await;
        stream.expect(&format!("a{array}")).await;
        stream.ends().await;
    }
}

#[tokio::test]
async fn the_first_frame_alone_may_reach_the_limit() {
    let served = echo(SockJs::default().stream_bytes(1)).await;
    for by in By::STREAMING {
        let session = format!("/echo/0/{by:?}");
        by.open(served.addr, &session).await.ends().await;
        by.send(served.addr, &session, r#"["x"]"#).await;
        let mut stream = by.receive(served.addr, &session).await;
        stream.expect(r#"a["x"]"#).await;
        stream.ends().await;
    }
}

const CALLED_BACK: [&str; 2] = ["htmlfile", "jsonp"];

#[tokio::test]
async fn a_callback_is_required_where_one_is_called() {
    let served = default_echo().await;
    for url in CALLED_BACK {
        for query in ["", "?", "?c=", "?d=x", "?callback="] {
            let ask = Ask::get(format!("/echo/0/s/{url}{query}"));
            let refused = ask.answer(served.addr).await;
            assert_eq!(refused.status(), 500, "{url}{query}");
            let words = "\"callback\" parameter required";
            assert!(
                refused.body.contains(words),
                "{url}{query}: {}",
                refused.body
            );
        }
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn a_callback_that_could_be_a_script_is_invalid() {
    let served = default_echo().await;
    for url in CALLED_BACK {
        for name in [
            "%20", "*", "abc(", "abc%28", "a%3Cb", "a;b", "%C3%A9", "a%00", "a%0D%0Ab", "a%",
        ] {
            let ask = Ask::get(format!("/echo/0/s/{url}?c={name}"));
            let refused = ask.answer(served.addr).await;
            assert_eq!(refused.status(), 500, "{url} {name}");
            let words = "invalid \"callback\" parameter";
            assert!(
                refused.body.contains(words),
                "{url} {name}: {}",
                refused.body
            );
            let kind = refused.head.content_type().unwrap();
            assert!(kind.starts_with("text/plain"), "{kind}");
        }
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn a_callback_is_percent_decoded_and_has_two_names() {
    let served = default_echo().await;
    for (at, query) in ["c=%63all.back", "callback=call.back", "t=1&c=call.back&i=2"]
        .into_iter()
        .enumerate()
    {
        let ask = Ask::get(format!("/echo/0/{at}/jsonp?{query}"));
        let opened = ask.answer(served.addr).await;
        assert_eq!(opened.body, By::Jsonp.wire("o"), "{query}");
    }
}

#[tokio::test]
async fn a_callback_may_have_so_many_bytes_and_no_more() {
    for bytes in [8, 32] {
        let served = echo(SockJs::default().callback_bytes(bytes)).await;
        for url in CALLED_BACK {
            let name = "_".repeat(bytes);
            let ask = |name: &str| Ask::get(format!("/echo/0/{url}/{url}?c={name}"));
            assert_eq!(ask(&name).begin(served.addr).await.head.status, 200);
            let refused = ask(&format!("{name}a")).answer(served.addr).await;
            assert_eq!(refused.status(), 500);
            assert!(refused.body.contains("invalid \"callback\" parameter"));
        }
    }
}

#[tokio::test]
async fn a_close_is_a_whole_frame_of_every_transport() {
    let served = closing(SockJs::default()).await;
    for by in By::ALL {
        let session = format!("/close/0/{by:?}");
        let mut receiver = by.open(served.addr, &session).await;
        if !by.is_streaming() {
            receiver.ends().await;
            receiver = by.receive(served.addr, &session).await;
        }
        receiver.expect(r#"c[3000,"Go away!"]"#).await;
        receiver.ends().await;
    }
}
