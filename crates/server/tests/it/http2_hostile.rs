//! What one connection in HTTP/2 may cost: streams, heads, time, and frames that ask for nothing.

use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use sockeye_endpoint::Initiator::{Network, Peer};
use sockeye_types::Limits;
use tokio::io::AsyncReadExt;

use crate::{
    client::{Client, patiently},
    http2_client::{Browser, connect, echo, part, served},
    served::{SOON, Served},
};

#[tokio::test]
async fn a_client_that_has_all_its_streams_gets_another_when_one_ends() {
    let mut served = served(echo, |server| server.http2_streams(2)).await;
    let mut browser = Browser::connect(served.addr).await;
    let (one, mut other) = (browser.open("/").await, browser.open("/").await);
    let waiting = browser.get("http://sockeye.test/page");
    let (page, ()) = tokio::join!(waiting, part(one, 1000));
    assert_eq!(page.1, "a page");
    other.echo("still here").await;
    part(other, 1000).await;
    for _ in 0..2 {
        assert_eq!(served.ends.next().await, (1000, Peer));
    }
    served.finish().await;
}

#[tokio::test]
async fn sessions_on_one_connection_count_as_connections() {
    // The innocent client has one, the connection another, and its first session the third.
    let mut served = served(echo, |server| server.connections(3)).await;
    let mut browser = Browser::connect(served.addr).await;
    let mut session = browser.open("/").await;
    let (head, body) = browser.refused(connect("/", &[])).await;
    assert_eq!(
        (head.status.as_u16(), &*body),
        (503, "too many connections\n")
    );
    assert_eq!(head.headers["retry-after"], "10");
    session.echo("still here").await;
    part(session, 1000).await;
    assert_eq!(served.ends.next().await, (1000, Peer));
    served.finish().await;
}

#[tokio::test]
async fn heads_that_are_too_large_or_too_many_are_refused_with_431() {
    let served = served(echo, |server| server.head_bytes(8 << 10).head_count(5)).await;
    let mut browser = Browser::connect(served.addr).await;
    let long = "v".repeat(8 << 10);
    let (head, _) = browser.refused(connect("/", &[("x-long", &long)])).await;
    assert_eq!(head.status.as_u16(), 431);
    let many = ["a", "b", "c", "d", "e"].map(|name| (name, "x"));
    let (head, _) = browser.refused(connect("/", &many)).await;
    assert_eq!(head.status.as_u16(), 431);
    // Cookies are one field, in however many a browser sends them.
    let crumbs = ["a=1", "b=2", "c=3", "d=4", "e=5"].map(|crumb| ("cookie", crumb));
    let (head, stream) = browser.ask(connect("/", &crumbs)).await.unwrap();
    assert_eq!(head.status.as_u16(), 200);
    part(Client::over(stream), 1000).await;
    assert_eq!(served.end().await, (1000, Peer));
}

#[tokio::test]
async fn a_connection_without_streams_is_told_to_go_away_and_one_with_a_session_is_not() {
    let mut served = served(echo, |server| server.handshake_time(Duration::from_secs(1))).await;
    let mut busy = Browser::connect(served.addr).await;
    let mut session = busy.open("/").await;
    let mut idle = Browser::connect(served.addr).await;
    assert_eq!(idle.get("http://sockeye.test/page").await.1, "a page");
    // It ends without an error: by GOAWAY, with NO_ERROR.
    patiently(idle.connection).await.unwrap().unwrap();
    session.echo("still here").await;
    part(session, 1000).await;
    assert_eq!(served.ends.next().await, (1000, Peer));
    patiently(busy.connection).await.unwrap().unwrap();
    served.finish().await;
}

#[tokio::test]
async fn a_connection_that_says_nothing_or_too_little_is_cut_by_handshake_time() {
    let served = served(echo, |server| server.handshake_time(SOON)).await;
    for said in [&b""[..], b"P", b"PRI * HTTP/2.0\r\n\r\nSM", PREFACE] {
        let mut client = Client::connect(served.addr).await;
        client.send(said).await;
        client.rest().await;
    }
    served.nobody_came().await;
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

#[tokio::test]
async fn the_preface_is_recognized_however_it_is_cut() {
    let mut served = served(echo, |server| server).await;
    for cut in 1..PREFACE.len() {
        let mut client = Client::connect(served.addr).await;
        client.send(&PREFACE[..cut]).await;
        served.innocent_talks().await;
        client.send(&PREFACE[cut..]).await;
        client.send(SETTINGS).await;
        let mut answer = [0; 9];
        patiently(client.io.read_exact(&mut answer)).await.unwrap();
        // SETTINGS, on stream 0.
        assert_eq!((answer[3], &answer[5..]), (4, &[0; 4][..]), "{cut}");
    }
    let mut post = Client::connect(served.addr).await;
    post.send(b"P").await;
    served.innocent_talks().await;
    post.send(b"OST /page HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
        .await;
    assert_eq!(post.reply().await.body, "a page");
    served.nobody_came().await;
}

#[tokio::test]
async fn by_default_nobody_speaks_http_2_without_tls() {
    let served = Served::echo(Limits::default()).await;
    let mut client = Client::connect(served.addr).await;
    client.send(PREFACE).await;
    let answer = client.rest().await;
    assert!(!answer.starts_with(&[0]), "{answer:?}");
    served.nobody_came().await;
}

/// A frame of HTTP/2 (RFC 9113 §4.1) whose payload is short.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0, 0, u8::try_from(payload.len()).unwrap(), kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// END_STREAM and END_HEADERS.
const WHOLE: u8 = 0x05;
const END_HEADERS: u8 = 0x04;

/// GET, http, /, and an authority of one letter (RFC 7541).
const GET: &[u8] = &[0x82, 0x86, 0x84, 0x41, 1, b'h'];

/// An extended CONNECT for the same.
fn connect_block() -> Vec<u8> {
    let mut block = vec![0x02, 7];
    block.extend(b"CONNECT");
    block.extend([0x86, 0x84, 0x41, 1, b'h']);
    for (name, value) in [(":protocol", "websocket"), ("sec-websocket-version", "13")] {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.as_bytes());
        }
    }
    block
}

/// Reads one frame: its type, its stream, and its payload. `None` at the end.
async fn read_frame(client: &mut Client) -> Option<(u8, u32, Vec<u8>)> {
    let mut header = [0; 9];
    patiently(client.io.read_exact(&mut header)).await.ok()?;
    let len = u32::from_be_bytes([0, header[0], header[1], header[2]]);
    let stream = u32::from_be_bytes(*header[5..].first_chunk().unwrap());
    let mut payload = vec![0; len as usize];
    patiently(client.io.read_exact(&mut payload)).await.ok()?;
    Some((header[3], stream, payload))
}

#[tokio::test]
async fn one_stream_too_many_is_refused() {
    let mut served = served(echo, |server| server.http2_streams(2)).await;
    let mut client = Client::connect(served.addr).await;
    client.send(PREFACE).await;
    client.send(SETTINGS).await;
    for stream in [1, 3, 5] {
        client
            .send(&frame(1, END_HEADERS, stream, &connect_block()))
            .await;
    }
    let mut answered = Vec::new();
    let refused = loop {
        match read_frame(&mut client).await.unwrap() {
            (1, stream, _) => answered.push(stream),
            (3, stream, code) => break (stream, code),
            _ => {}
        }
    };
    let code = u32::from(Reason::REFUSED_STREAM).to_be_bytes();
    assert_eq!(refused, (5, code.to_vec()));
    while answered.len() < 2 {
        if let (1, stream, _) = read_frame(&mut client).await.unwrap() {
            answered.push(stream);
        }
    }
    assert_eq!(answered, [1, 3]);
    drop(client);
    for _ in 0..2 {
        assert_eq!(served.ends.next().await, (1006, Network));
    }
    served.finish().await;
}

/// Opens stream after stream and resets each at once, in one write.
fn rapid_resets(count: u32) -> Vec<u8> {
    let streams = (0..count).map(|number| 2 * number + 1);
    let asks = streams.flat_map(|stream| {
        let cancel = u32::from(Reason::CANCEL).to_be_bytes();
        [frame(1, WHOLE, stream, GET), frame(3, 0, stream, &cancel)].concat()
    });
    [PREFACE, SETTINGS]
        .concat()
        .into_iter()
        .chain(asks)
        .collect()
}

/// Reads to the end and returns the error code of the last GOAWAY.
async fn goaway(client: &mut Client) -> Option<u32> {
    let mut code = None;
    while let Some((kind, _, payload)) = read_frame(client).await {
        if kind == 7 {
            code = payload[4..]
                .first_chunk()
                .map(|code| u32::from_be_bytes(*code));
        }
    }
    code
}

#[tokio::test]
async fn a_flood_of_resets_is_cut_with_enhance_your_calm() {
    let mut served = served(echo, |server| server).await;
    let mut client = Client::connect(served.addr).await;
    let _ = client.try_send(&rapid_resets(1000)).await;
    let code = goaway(&mut client).await;
    assert_eq!(code, Some(Reason::ENHANCE_YOUR_CALM.into()));
    served.innocent_talks().await;
    served.nobody_came().await;
}

#[tokio::test]
async fn a_flood_of_empty_frames_is_cut_with_enhance_your_calm() {
    let mut served = served(echo, |server| server).await;
    let mut browser = Browser::connect(served.addr).await;
    let mut session = browser.open("/").await;
    for _ in 0..1000 {
        if session.io.send.send_data(Bytes::new(), false).is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let error = patiently(browser.connection).await.unwrap().unwrap_err();
    assert_eq!(error.reason(), Some(Reason::ENHANCE_YOUR_CALM));
    assert_eq!(served.ends.next().await, (1006, Network));
    served.finish().await;
}
