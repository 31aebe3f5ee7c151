//! Responses over a pipe in memory, seen as bytes.

use http::Response;
use http_body_util::Full;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    task::JoinHandle,
};

use super::*;
use crate::answer::Answer;
use crate::carried::{Receiver, testing::Line};

/// What a request of this kind is answered with, and what is left of the connection.
struct Talk {
    client: DuplexStream,
    server: JoinHandle<Option<Rewound<DuplexStream>>>,
}

fn manner(version: Version, connection: Option<&'static str>) -> Manner {
    let mut request = Request::post("/").version(version);
    if let Some(connection) = connection {
        request = request.header("connection", connection);
    }
    Manner::of(&request.body(Full::new(Bytes::new())).unwrap()).unwrap()
}

fn begin(manner: Manner, frames: Frames, receiver: Receiver, ahead: &'static str) -> Talk {
    let (client, server) = duplex(1 << 20);
    let (head, ()) = Response::builder()
        .header("x-kind", "test")
        .body(())
        .unwrap()
        .into_parts();
    let held = Held::new(manner, head, receiver, frames);
    let stream = Rewound::new(Bytes::from_static(ahead.as_bytes()), server);
    Talk {
        client,
        server: tokio::spawn(held.write(stream)),
    }
}

impl Talk {
    /// What was written, without the date, and whether another request may follow.
    async fn end(mut self) -> (String, Option<Bytes>) {
        let rest = self.server.await.unwrap();
        let rest = rest.map(|rest| rest.into_parts().1);
        let mut written = String::new();
        self.client.read_to_string(&mut written).await.unwrap();
        let (before, date) = written.split_once("date: ").unwrap();
        let (_, after) = date.split_once("\r\n").unwrap();
        (format!("{before}{after}"), rest)
    }
}

#[tokio::test]
async fn many_frames_are_chunks_and_the_next_request_follows() {
    let receiver = Receiver::ended(["o\n", "a[\"hello world\"]\n"]);
    let talk = begin(
        manner(Version::HTTP_11, None),
        Frames::Many,
        receiver,
        "POST /next",
    );
    let (written, rest) = talk.end().await;
    assert_eq!(
        written,
        "HTTP/1.1 200 OK\r\nx-kind: test\r\ntransfer-encoding: chunked\r\n\r\n\
         2\r\no\n\r\n11\r\na[\"hello world\"]\n\r\n0\r\n\r\n"
    );
    assert_eq!(rest.unwrap(), "POST /next");
}

#[tokio::test]
async fn one_frame_has_a_length() {
    let keeps = manner(Version::HTTP_11, None);
    let (written, rest) = begin(keeps, Frames::One, Receiver::ended(["h\n"]), "")
        .end()
        .await;
    assert_eq!(
        written,
        "HTTP/1.1 200 OK\r\nx-kind: test\r\ncontent-length: 2\r\n\r\nh\n"
    );
    assert!(rest.is_some());

    let closes = manner(Version::HTTP_11, Some("foo, Close"));
    let (written, rest) = begin(closes, Frames::One, Receiver::ended(["h\n"]), "")
        .end()
        .await;
    assert_eq!(
        written,
        "HTTP/1.1 200 OK\r\nconnection: close\r\nx-kind: test\r\ncontent-length: 2\r\n\r\nh\n"
    );
    assert!(rest.is_none());
}

#[tokio::test]
async fn in_http_1_0_frames_end_with_the_connection_and_one_need_not() {
    let keeps = manner(Version::HTTP_10, Some("keep-alive"));
    let (written, rest) = begin(keeps, Frames::Many, Receiver::ended(["o\n", "h\n"]), "")
        .end()
        .await;
    assert_eq!(
        written,
        "HTTP/1.0 200 OK\r\nconnection: close\r\nx-kind: test\r\n\r\no\nh\n"
    );
    assert!(rest.is_none());
    let (written, rest) = begin(keeps, Frames::One, Receiver::ended(["h\n"]), "")
        .end()
        .await;
    assert_eq!(
        written,
        "HTTP/1.0 200 OK\r\nx-kind: test\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nh\n"
    );
    assert!(rest.is_some());
}

#[tokio::test]
async fn a_session_that_was_cut_has_no_success_to_show() {
    let keeps = manner(Version::HTTP_11, None);
    let (written, _) = begin(keeps, Frames::One, Receiver::ended([]), "")
        .end()
        .await;
    assert_eq!(
        written,
        "HTTP/1.1 503 Service Unavailable\r\nx-kind: test\r\ncontent-length: 11\r\n\r\nGoing away."
    );
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_at_once_and_one_that_says_more_is_heard_later() {
    for frames in [Frames::One, Frames::Many] {
        let keeps = manner(Version::HTTP_11, None);
        let talk = begin(keeps, frames, Receiver::silent(), "");
        drop(talk.client);
        assert!(talk.server.await.unwrap().is_none());
    }
    let mut talk = begin(
        manner(Version::HTTP_11, None),
        Frames::Many,
        Receiver::ended(["o\n"]),
        "",
    );
    talk.client.write_all(b"GET /next").await.unwrap();
    let rest = talk.server.await.unwrap().unwrap();
    let (mut stream, mut ahead) = rest.into_parts();
    let mut read = vec![0; 9 - ahead.len()];
    stream.read_exact(&mut read).await.unwrap();
    let mut next = ahead.split_to(ahead.len()).to_vec();
    next.extend(read);
    assert_eq!(next, b"GET /next");
}

#[tokio::test]
async fn frames_that_were_taken_and_not_written_break_the_session_off() {
    let line = Line::of_one();
    let receiver = line.receiver(["x".repeat(1 << 16)]);
    let (mut client, server) = duplex(1 << 10);
    let (head, ()) = Response::new(()).into_parts();
    let manner = manner(Version::HTTP_11, None);
    let held = Held::new(manner, head, receiver, Frames::Many);
    let written = tokio::spawn(held.write(Rewound::new(Bytes::new(), server)));
    // Head and prelude have less: some of the frame was taken, which means all of it.
    client.read_exact(&mut [0; 8 << 10]).await.unwrap();
    assert!(!line.is_gone(), "it may still be written");
    drop(client);
    assert!(written.await.unwrap().is_none());
    assert!(line.is_gone());
}

#[test]
fn a_request_in_http2_is_left_to_the_http_server() {
    let request = Request::post("/").version(Version::HTTP_2).body(());
    assert_eq!(Manner::of(&request.unwrap()), None);
}

#[test]
fn only_who_has_read_a_body_says_so() {
    let held = |frames| Answer::held(Receiver::silent(), frames);
    assert!(!held(Frames::One).is_behind_body() && !held(Frames::Many).is_behind_body());
    let behind = Answer::held_behind_body(Receiver::silent(), Frames::Many);
    assert!(behind.is_behind_body());
    assert!(!Answer::from(Bytes::new()).is_behind_body());
}
