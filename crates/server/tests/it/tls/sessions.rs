//! Sessions over TLS: they are what they are without it.

use bytes::Bytes;
use http::Response;
use sockeye_endpoint::Initiator::{Network, Peer, Server};
use sockeye_server::rustls::version::{TLS12, TLS13};
use sockeye_types::Limits;
use tokio::io::AsyncReadExt;

use super::{Pair, Secure};
use crate::{
    client::{BINARY, Client, Frame, close_frame, masked, patiently},
    served::{LATE, SOON},
};

#[tokio::test]
async fn a_session_talks_over_both_versions_and_ends_with_close_notify() {
    let pair = Pair::new();
    let mut served = Secure::echo(pair.tls());
    for version in [&TLS12, &TLS13] {
        let mut client = served.open(pair.trusted_with(&[version])).await;
        let agreed = client.io.get_ref().1.protocol_version();
        assert_eq!(agreed, Some(version.version));
        client.echo("good day").await;
        client.send(&close_frame(1000)).await;
        assert_eq!(client.close_code().await, Some(1000));
        // Without close_notify this would be an error.
        assert_eq!(patiently(client.io.read(&mut [0])).await.unwrap(), 0);
        drop(client);
        assert_eq!(served.ends.next().await, (1000, Peer));
    }
    served.finish().await;
}

#[tokio::test]
async fn messages_of_a_mebibyte_go_both_ways() {
    let pair = Pair::new();
    let mut served = Secure::echo(pair.tls());
    let mut client = served.open(pair.trusted()).await;
    let payload: Vec<u8> = (0..1 << 20).map(|at: u32| at.to_le_bytes()[1]).collect();
    for _ in 0..3 {
        client.send(&masked(BINARY, &payload)).await;
        let first = BINARY;
        let payload = payload.clone();
        assert_eq!(client.frame().await, Some(Frame { first, payload }));
    }
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.ends.next().await, (1000, Peer));
    served.finish().await;
}

const CHUNK: usize = 64 << 10;

#[tokio::test]
async fn an_echo_that_is_never_read_stops_being_fed_and_is_cut_by_stall_time() {
    let pair = Pair::new();
    let limits = Limits::default().stall_time(SOON).outbox_bytes(CHUNK);
    let mut served = Secure::server(pair.tls(), limits, |server| server);
    let mut client = served.open(pair.trusted()).await;
    let message = masked(BINARY, &[b'm'; CHUNK]);
    let mut sent = 0;
    // Once nothing more is read, only the cut lets a write end.
    while client.try_send(&message).await.is_ok() {
        sent += 1;
    }
    // What went in is in buffers of the kernel, of a few megabytes; the server took a few messages.
    assert!(sent < 1000, "{sent}");
    assert_eq!(served.ends.next().await, (1006, Server));
    served.finish().await;
}

#[tokio::test]
async fn a_slow_reader_that_reads_after_all_gets_everything_in_order() {
    const MESSAGES: u32 = 256;
    let pair = Pair::new();
    let limits = Limits::default().stall_time(LATE).outbox_bytes(CHUNK);
    let mut served = Secure::server(pair.tls(), limits, |server| server);
    let client = served.open(pair.trusted()).await;
    let (read, write) = tokio::io::split(client.io);
    let mut reader = Client::over(tokio::io::join(read, tokio::io::sink()));
    let mut writer = Client::over(tokio::io::join(tokio::io::empty(), write));
    // 16 MiB: more than the kernel's buffers take, so that the server waits for the reader and the writer for the server.
    let written = tokio::spawn(async move {
        for number in 0..MESSAGES {
            let mut chunk = vec![0; CHUNK];
            chunk[..4].copy_from_slice(&number.to_be_bytes());
            writer.send(&masked(BINARY, &chunk)).await;
        }
        writer
    });
    for number in 0..MESSAGES {
        let payload = reader.frame().await.unwrap().payload;
        assert_eq!(payload.len(), CHUNK);
        assert_eq!(payload.first_chunk(), Some(&number.to_be_bytes()));
    }
    let mut writer = patiently(written).await.unwrap();
    writer.send(&close_frame(1000)).await;
    assert_eq!(reader.verdict().await, Some(1000));
    drop(writer);
    assert_eq!(served.ends.next().await, (1000, Peer));
    served.finish().await;
}

#[tokio::test]
async fn truncation_is_no_error_once_the_session_is_closed() {
    let pair = Pair::new();
    let mut served = Secure::echo(pair.tls());
    let mut client = served.open(pair.trusted()).await;
    client.send(&close_frame(1000)).await;
    assert_eq!(client.close_code().await, Some(1000));
    // The TCP stream ends, and no close_notify came.
    drop(client.io.into_inner().0);
    assert_eq!(served.ends.next().await, (1000, Peer));
    let client = served.open(pair.trusted()).await;
    drop(client.io.into_inner().0);
    assert_eq!(served.ends.next().await, (1006, Network));
    served.finish().await;
}

#[tokio::test]
async fn a_shutdown_closes_sessions_with_1001() {
    let pair = Pair::new();
    let mut served = Secure::server(pair.tls(), Limits::default(), |server| {
        server.shutdown_time(LATE)
    });
    let mut client = served.open(pair.trusted()).await;
    served.stop.send(()).unwrap();
    assert_eq!(client.close_code().await, Some(1001));
    client.send(&close_frame(1001)).await;
    assert_eq!(patiently(client.io.read(&mut [0])).await.unwrap(), 0);
    drop(client);
    assert_eq!(served.ends.next().await, (1001, Server));
    patiently(served.done).await.unwrap().unwrap();
}

#[tokio::test]
async fn pages_are_served_over_https() {
    let pair = Pair::new();
    let served = Secure::server(pair.tls(), Limits::default(), |server| {
        server.pages(|_| Some(Response::new(Bytes::from_static(b"a page"))))
    });
    let mut client = served.connect(pair.trusted()).await;
    for _ in 0..2 {
        client
            .send(b"GET / HTTP/1.1\r\nHost: sockeye.test\r\n\r\n")
            .await;
        let reply = client.reply().await;
        assert_eq!((reply.status, reply.body.as_str()), (200, "a page"));
    }
    served.finish().await;
    assert_eq!(patiently(client.io.read(&mut [0])).await.unwrap(), 0);
}

#[tokio::test]
async fn a_page_of_the_same_host_may_open_a_session_and_a_foreign_one_may_not() {
    let pair = Pair::new();
    let served = Secure::echo(pair.tls());
    for (origin, status) in [
        ("https://sockeye.test", 101),
        ("https://evil.test", 403),
        ("https://sockeye.test:8443", 403),
    ] {
        let mut client = served.connect(pair.trusted()).await;
        let origin = format!("Origin: {origin}\r\n");
        let request = crate::client::handshake("/", &origin);
        client.send(request.as_bytes()).await;
        assert_eq!(client.reply().await.status, status, "{origin}");
    }
}
