//! SockJS in place of WebSocket, against servers and middleboxes that a test plays, while the clock is stopped.

mod deciding;
mod ending;
mod order;
mod remembering;
mod talking;

use std::time::Duration;

use sockeye_client::{ConnectError, Connection, Connector, Fallback, Heartbeat, Transport};
use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
    task::JoinHandle,
};

use crate::support::{ADDRESS, Peer, someday};

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// The server's ends of the streams that a client opens, one after the other.
#[derive(Debug)]
pub(super) struct Streams(mpsc::UnboundedReceiver<DuplexStream>);

type Attempt = JoinHandle<Result<Connection, ConnectError>>;

impl Streams {
    pub(super) async fn next(&mut self) -> Peer {
        Peer::over(someday(self.0.recv()).await.unwrap())
    }

    /// Answers the handshake with a status.
    pub(super) async fn refuse(&mut self, status: u16) {
        let mut peer = self.next().await;
        assert!(peer.request().await.contains("/say/websocket HTTP/1.1\r\n"));
        peer.send(whole(status, "no")).await;
    }

    /// Opens a session, and returns the stream of its first response.
    pub(super) async fn open(&mut self) -> Peer {
        let mut peer = self.next().await;
        peer.asked("xhr_streaming").await;
        peer.send(STREAM).await;
        peer.send(chunk(&("h".repeat(2048) + "\n"))).await;
        peer.send(chunk("o\n")).await;
        peer
    }

    pub(super) fn is_empty(&mut self) -> bool {
        self.0.try_recv().is_err()
    }
}

pub(super) const STREAM: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A response that is there as a whole.
pub(super) fn whole(status: u16, body: &str) -> String {
    let len = body.len();
    format!("HTTP/1.1 {status} -\r\nContent-Length: {len}\r\n\r\n{body}")
}

pub(super) const TAKEN: &str = "HTTP/1.1 204 No Content\r\n\r\n";

pub(super) fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}

impl Peer {
    /// Reads a request to receive.
    pub(super) async fn asked(&mut self, how: &str) {
        let (target, body) = self.post().await;
        assert!(target.ends_with(&format!("/{how}")), "{target}");
        assert_eq!(body, "");
    }

    /// Reads a request to send, and says what.
    pub(super) async fn told(&mut self) -> String {
        let (target, body) = self.post().await;
        assert!(target.ends_with("/xhr_send"), "{target}");
        body
    }

    async fn post(&mut self) -> (String, String) {
        let head = someday(self.request()).await;
        let target = head.strip_prefix("POST ").unwrap();
        let target = target.split(' ').next().unwrap().to_owned();
        assert!(target.starts_with("/say/"), "{target}");
        let head = head.to_ascii_lowercase();
        assert!(head.contains("\r\nhost: sockeye.test\r\n"));
        let len = head.split("content-length: ").nth(1);
        let len = len.and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        let body = someday(self.bytes(len.unwrap_or(0))).await;
        (target, String::from_utf8(body).unwrap())
    }
}

pub(super) fn connector(fallback: Fallback) -> Connector {
    Connector::new()
        .heartbeat(Heartbeat::off())
        .fallback(fallback)
}

pub(super) fn attempt(connector: &Connector) -> (Attempt, Streams) {
    let (reached, streams) = mpsc::unbounded_channel();
    let connector = connector.clone();
    let attempt = tokio::spawn(async move {
        let open = move || {
            let (ours, theirs) = duplex(64 << 10);
            let _ = reached.send(theirs);
            async { Ok(ours) }
        };
        connector.connect_by(ADDRESS, open).await
    });
    (attempt, Streams(streams))
}

/// A session that streams, the streams it opens further, and its first response.
pub(super) async fn streaming(connector: &Connector) -> (Connection, Streams, Peer) {
    let (attempt, mut streams) = attempt(connector);
    let peer = streams.open().await;
    let connection = someday(attempt).await.unwrap().unwrap();
    assert_eq!(connection.transport(), Transport::XhrStreaming);
    (connection, streams, peer)
}

/// What leaves WebSocket out.
pub(super) fn over_http() -> Fallback {
    Fallback::default().transports([Transport::XhrStreaming, Transport::XhrPolling])
}
