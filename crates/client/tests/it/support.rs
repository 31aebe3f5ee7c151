//! A server of our own, peers that do what a test says, and patience.

use std::{future::Future, net::SocketAddr, time::Duration};

use bytes::{Buf, BytesMut};
use http::Request;
use sockeye_client::{ConnectError, Connection, Connector};
use sockeye_endpoint::Endpoints;
use sockeye_server::Server;
use sockeye_ws_proto::handshake::{ServerOffer, accept};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

/// What any one step may take on a busy machine before a test counts as hung.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

/// Waits for an event, not for ever.
pub(crate) async fn patiently<T>(event: impl Future<Output = T>) -> T {
    timeout(PATIENCE, event)
        .await
        .expect("what the test waits for does not happen")
}

/// Waits for an event while the clock is stopped, where a time of day passes in no time.
pub(crate) async fn someday<T>(event: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(24 * 3600), event)
        .await
        .expect("what the test waits for does not happen")
}

/// A server on a thread of its own, which ends with this.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) addr: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Served {
    pub(crate) fn new(endpoints: Endpoints) -> Self {
        let bound = Server::new(endpoints)
            .workers(std::num::NonZeroUsize::MIN)
            .bind("127.0.0.1:0")
            .unwrap();
        let addr = bound.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let _ = runtime.block_on(bound.run_until(async {
                let _ = stopped.await;
            }));
        });
        Self { addr, _stop: stop }
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        format!("ws://{}{path}", self.addr)
    }
}

/// A frame as it came, without its mask.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn heard(first: u8, payload: &[u8]) -> Option<Frame> {
    Some(Frame {
        first,
        payload: payload.to_vec(),
    })
}

/// A frame as a server sends it.
pub(crate) fn plain(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(u8::try_from(short).unwrap()),
        medium => {
            bytes.push(126);
            bytes.extend(u16::try_from(medium).unwrap().to_be_bytes());
        }
    }
    bytes.extend(payload);
    bytes
}

pub(crate) fn close_payload(code: u16) -> [u8; 2] {
    code.to_be_bytes()
}

/// The server's end of a stream, played by a test.
#[derive(Debug)]
pub(crate) struct Peer<S = DuplexStream> {
    pub(crate) io: S,
    read: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) fn over(io: S) -> Self {
        Self {
            io,
            read: BytesMut::new(),
        }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.io.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Reads the request's head.
    pub(crate) async fn request(&mut self) -> String {
        self.head().await.expect("the client asks")
    }

    /// Reads the request's head; none if the client goes away.
    pub(crate) async fn head(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = self.read.split_to(at + 4);
                return Some(String::from_utf8(head.into()).unwrap());
            }
            if self.io.read_buf(&mut self.read).await.unwrap() == 0 {
                return None;
            }
        }
    }

    /// Reads so many bytes, as they are.
    pub(crate) async fn bytes(&mut self, len: usize) -> Vec<u8> {
        while self.read.len() < len {
            assert_ne!(self.io.read_buf(&mut self.read).await.unwrap(), 0);
        }
        self.read.split_to(len).into()
    }

    /// Waits until the other side ends the stream.
    pub(crate) async fn ended(&mut self) {
        while self.io.read_buf(&mut self.read).await.unwrap_or(0) > 0 {}
    }

    /// Answers the handshake as a server has to, and says how.
    pub(crate) async fn answer(&mut self) -> String {
        let head = self.request().await;
        let mut lines = head.trim_end().split("\r\n");
        let target = lines.next().unwrap().split(' ').nth(1).unwrap();
        let mut request = Request::get(target);
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let accepted = accept(&head, &ServerOffer::default()).unwrap();
        let mut answer = "HTTP/1.1 101 Switching Protocols\r\n".to_owned();
        for (name, value) in accepted.response.headers() {
            answer += &format!("{name}: {}\r\n", value.to_str().unwrap());
        }
        answer + "\r\n"
    }

    pub(crate) async fn accept(&mut self) {
        let answer = self.answer().await;
        self.send(answer).await;
    }

    /// Reads a frame; none at the end, be it a reset.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.take_frame() {
                return Some(frame);
            }
            if self.io.read_buf(&mut self.read).await.unwrap_or(0) == 0 {
                assert!(self.read.is_empty(), "cut within a frame: {:?}", self.read);
                return None;
            }
        }
    }

    fn take_frame(&mut self) -> Option<Frame> {
        let [first, second, rest @ ..] = &self.read[..] else {
            return None;
        };
        assert_ne!(second & 0x80, 0, "a client masks");
        let (len, at) = match second & 0x7f {
            126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
            127 => (
                usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).unwrap(),
                10,
            ),
            short => (usize::from(short), 2),
        };
        let key: [u8; 4] = *self.read.get(at..)?.first_chunk()?;
        let masked = self.read.get(at + 4..at + 4 + len)?;
        let payload = masked
            .iter()
            .zip(key.iter().cycle())
            .map(|(byte, key)| byte ^ key)
            .collect();
        let frame = Frame {
            first: *first,
            payload,
        };
        self.read.advance(at + 4 + len);
        Some(frame)
    }
}

pub(crate) const ADDRESS: &str = "ws://sockeye.test/say";

/// An attempt to connect, and the peer that is to answer it.
pub(crate) fn attempt(
    connector: Connector,
    pipe_bytes: usize,
) -> (JoinHandle<Result<Connection, ConnectError>>, Peer) {
    let (ours, theirs) = duplex(pipe_bytes);
    let attempt = tokio::spawn(async move { connector.connect_over(ADDRESS, ours).await });
    (attempt, Peer::over(theirs))
}

/// A connection whose other end a test plays; so many bytes fit between the two.
pub(crate) async fn open_narrow(connector: Connector, pipe_bytes: usize) -> (Connection, Peer) {
    let (attempt, mut peer) = attempt(connector, pipe_bytes);
    peer.accept().await;
    (attempt.await.unwrap().unwrap(), peer)
}

pub(crate) async fn open(connector: Connector) -> (Connection, Peer) {
    open_narrow(connector, 64 << 10).await
}
