//! How HTTP itself is spoken: lengths, chunks, versions, and connections that go on.

use super::{
    by::By,
    served::{closing, default_echo},
    wire::{Ask, Http},
};
use sockeye_endpoint::SockJs;

#[tokio::test]
async fn in_http_1_1_a_connection_goes_on_after_each_whole_answer() {
    let served = default_echo().await;
    let mut http = Http::connect(served.addr).await;
    let polls = [
        (Ask::get("/echo"), 200, "Welcome to SockJS!\n"),
        (By::Xhr.ask("/echo/0/s"), 200, "o\n"),
        (By::Xhr.ask_to_send("/echo/0/s", r#"["1"]"#), 204, ""),
        (By::Xhr.ask("/echo/0/s"), 200, "a[\"1\"]\n"),
        (
            By::Xhr.ask_to_send("/echo/0/s", "bad"),
            500,
            "Broken JSON encoding.",
        ),
        (By::Xhr.ask_to_send("/echo/0/none", "[]"), 404, ""),
        (Ask::get("/echo/a"), 404, ""),
        (Ask::get("/echo/0/s/xhr"), 405, ""),
    ];
    for (ask, status, body) in polls {
        http.ask(&ask).await;
        assert_eq!(http.head.status, status, "{ask:?}");
        let connection = http.head.field("connection").unwrap_or("keep-alive");
        assert!(connection.eq_ignore_ascii_case("keep-alive"), "{ask:?}");
        let answered = http.body().await;
        assert!(answered.starts_with(body), "{ask:?}: {answered}");
    }
    served_one(served).await;
}

async fn served_one(served: crate::served::Served) {
    assert_eq!(served.ends.opened(), 1);
}

#[tokio::test]
async fn a_stream_has_neither_length_nor_end_until_it_ends() {
    let served = closing(SockJs::default()).await;
    for by in By::STREAMING {
        let mut stream = by.open(served.addr, &format!("/close/0/{by:?}")).await;
        let head = &stream.http.head;
        assert_eq!(head.field("transfer-encoding"), Some("chunked"), "{by:?}");
        assert_eq!(head.field("content-length"), None, "{by:?}");
        stream.expect(r#"c[3000,"Go away!"]"#).await;
        stream.ends().await;
        // The same connection is good for more.
        stream.http.ask(&Ask::get("/close")).await;
        assert_eq!(stream.http.body().await, "Welcome to SockJS!\n");
    }
}

#[tokio::test]
async fn in_http_1_0_a_stream_has_no_chunks_and_ends_with_the_connection() {
    let served = closing(SockJs::default()).await;
    for by in By::STREAMING {
        let session = format!("/close/0/{by:?}");
        let ask = by.ask(&session).http10().field("Connection", "Keep-Alive");
        let mut http = ask.begin(served.addr).await;
        assert_eq!(http.head.status, 200);
        assert_eq!(http.head.field("transfer-encoding"), None, "{by:?}");
        assert_eq!(http.head.field("content-length"), None, "{by:?}");
        let whole = http.rest().await;
        let frames = by.wire("o") + &by.wire(r#"c[3000,"Go away!"]"#);
        assert!(whole.ends_with(&frames), "{by:?}: {whole}");
    }
}

#[tokio::test]
async fn in_http_1_0_a_short_answer_has_a_length_or_ends_with_the_connection() {
    let served = default_echo().await;
    let asks = [
        (Ask::get("/echo"), "Welcome to SockJS!\n"),
        (By::Xhr.ask("/echo/0/s"), "o\n"),
    ];
    for (ask, body) in asks {
        let ask = ask.http10().field("Connection", "Keep-Alive");
        let mut http = ask.begin(served.addr).await;
        assert_eq!(http.head.status, 200);
        assert_eq!(http.head.field("transfer-encoding"), None);
        let connection = http.head.field("connection").unwrap_or("").to_owned();
        let is_kept = connection.eq_ignore_ascii_case("keep-alive");
        let has_length = http.head.field("content-length").is_some();
        assert_eq!(http.body().await, body);
        if is_kept && has_length {
            http.ask(&Ask::get("/echo").http10()).await;
            assert_eq!(http.head.status, 200);
        } else {
            assert_eq!(http.rest().await, "");
        }
    }
}

#[tokio::test]
async fn every_frame_and_the_prelude_is_a_chunk_of_its_own() {
    let served = default_echo().await;
    for by in By::STREAMING {
        let session = format!("/echo/0/{by:?}");
        let mut http = by.ask(&session).begin(served.addr).await;
        let prelude = http.part().await.unwrap();
        assert!(!prelude.contains(&by.wire("o")), "{by:?}");
        assert_eq!(http.part().await, Some(by.wire("o")));
        for number in 0..5 {
            let array = format!("[\"{number}\"]");
            assert_eq!(
                By::Xhr.send(served.addr, &session, &array).await.status(),
                204
            );
            let frame = by.wire(&format!("a{array}"));
            assert_eq!(http.part().await, Some(frame));
        }
    }
}

#[tokio::test]
async fn a_post_without_length_and_body_opens_a_session_all_the_same() {
    let served = default_echo().await;
    let answer = Ask::new("POST", "/echo/0/s/xhr").answer(served.addr).await;
    assert_eq!((answer.status(), answer.body.as_str()), (200, "o\n"));
}

#[tokio::test]
async fn a_body_in_chunks_is_as_good_as_one_with_a_length() {
    let served = default_echo().await;
    By::Xhr.open(served.addr, "/echo/0/s").await;
    let ask = Ask::new("POST", "/echo/0/s/xhr_send").field("Transfer-Encoding", "chunked");
    let mut http = Http::connect(served.addr).await;
    http.send(&ask).await;
    let rest = Ask::get("/echo");
    let chunks = b"3\r\n[\"c\r\n6\r\nhunks\"\r\n1\r\n]\r\n0\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut http.io, chunks)
        .await
        .unwrap();
    http.ask(&rest).await;
    assert_eq!(http.head.status, 204);
    assert_eq!(
        By::Xhr.poll(served.addr, "/echo/0/s").await,
        "a[\"chunks\"]\n"
    );
}
