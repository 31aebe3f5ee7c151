//! A client that sends whatever bytes it likes, and reads frames by hand.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// What any one step may take on a busy machine before a test counts as hung.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for an event, not for ever.
pub(crate) async fn patiently<T>(event: impl Future<Output = T>) -> T {
    timeout(PATIENCE, event)
        .await
        .expect("what the test waits for does not happen")
}

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;
/// A frame that others of the same message follow.
pub(crate) const FIRST_TEXT: u8 = 0x01;
pub(crate) const CONTINUATION: u8 = 0x00;

const KEY: [u8; 4] = [0xa1, 0xb2, 0xc3, 0xd4];

/// A frame as a client sends it.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = masked_header(first, payload.len() as u64);
    frame.extend(
        payload
            .iter()
            .enumerate()
            .map(|(at, byte)| byte ^ KEY[at % 4]),
    );
    frame
}

/// The header of a client's frame that announces a payload.
pub(crate) fn masked_header(first: u8, len: u64) -> Vec<u8> {
    let mut header = vec![first];
    match len {
        0..126 => header.push(0x80 | u8::try_from(len).unwrap()),
        126..65_536 => {
            header.push(0x80 | 126);
            header.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
        _ => {
            header.push(0x80 | 127);
            header.extend(len.to_be_bytes());
        }
    }
    header.extend(KEY);
    header
}

/// A client's close frame.
pub(crate) fn close_frame(code: u16) -> Vec<u8> {
    masked(CLOSE, &code.to_be_bytes())
}

/// An opening handshake, with more headers if they are given, each with its line end.
pub(crate) fn handshake(path: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: sockeye.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n{more}\r\n"
    )
}

/// A frame as it came: its first byte, and its payload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

/// A response as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// In lower case, with its line ends.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// One end of a byte stream, and what was read of it and not yet looked at.
#[derive(Debug)]
pub(crate) struct Client<S = TcpStream> {
    pub(crate) io: S,
    read: BytesMut,
}

impl Client {
    /// Connects, and says nothing.
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self::over(patiently(TcpStream::connect(addr)).await.unwrap())
    }

    /// Connects and opens a session.
    pub(crate) async fn open(addr: SocketAddr, path: &str) -> Self {
        let mut client = Self::connect(addr).await;
        client.shake_hands(path, "").await;
        client
    }

    /// Cuts the connection with a reset.
    pub(crate) fn reset(self) {
        self.io.set_zero_linger().unwrap();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) fn over(io: S) -> Self {
        Self {
            io,
            read: BytesMut::new(),
        }
    }

    /// Does the opening handshake.
    pub(crate) async fn shake_hands(&mut self, path: &str, more: &str) {
        self.send(handshake(path, more).as_bytes()).await;
        let reply = self.reply().await;
        assert_eq!(reply.status, 101, "{reply:?}");
    }

    /// Sends bytes that the server is sure to take.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).await.unwrap();
    }

    /// Sends bytes; the server may cut the connection meanwhile.
    pub(crate) async fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        patiently(self.io.write_all(bytes)).await
    }

    /// Closes the sending half.
    pub(crate) async fn half_close(&mut self) {
        patiently(self.io.shutdown()).await.unwrap();
    }

    /// Reads once. Nothing was read at the end, be it a reset.
    async fn read_some(&mut self) -> usize {
        patiently(self.io.read_buf(&mut self.read))
            .await
            .unwrap_or(0)
    }

    /// Reads a response; one without `Content-Length` has no body.
    pub(crate) async fn reply(&mut self) -> Reply {
        let end = loop {
            if let Some(at) = find(&self.read, b"\r\n\r\n") {
                break at + 4;
            }
            assert_ne!(self.read_some().await, 0, "cut within a head");
        };
        let head = self.read.split_to(end);
        let head = str::from_utf8(&head).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body_bytes = head.split_once("content-length: ").map_or(0, |(_, rest)| {
            rest.split("\r\n").next().unwrap().parse().unwrap()
        });
        while self.read.len() < body_bytes {
            assert_ne!(self.read_some().await, 0, "cut within a body");
        }
        let body = self.read.split_to(body_bytes);
        Reply {
            status,
            head,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// Reads a frame; `None` once the server has ended the connection.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some((header, len)) = parse(&self.read)
                && self.read.len() >= header + len
            {
                let first = self.read[0];
                self.read.advance(header);
                let payload = self.read.split_to(len).to_vec();
                return Some(Frame { first, payload });
            }
            if self.read_some().await == 0 {
                return None;
            }
        }
    }

    /// Sends a text and hears it echoed.
    pub(crate) async fn echo(&mut self, text: &str) {
        self.send(&masked(TEXT, text.as_bytes())).await;
        let payload = text.as_bytes().to_vec();
        let echoed = Frame {
            first: TEXT,
            payload,
        };
        assert_eq!(self.frame().await, Some(echoed));
    }

    /// Passes over all frames up to the server's close and returns its code, 1005 if it has none; `None` if the
    /// connection ended without one.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        loop {
            let frame = self.frame().await?;
            if frame.first == CLOSE {
                let code = frame.payload.first_chunk::<2>();
                return Some(code.map_or(1005, |code| u16::from_be_bytes(*code)));
            }
        }
    }

    /// Reads to the end of the connection, and ends its own half as well. Returns the code of the server's close,
    /// which nothing may follow.
    pub(crate) async fn verdict(mut self) -> Option<u16> {
        let code = self.close_code().await;
        assert_eq!(self.rest().await, [], "something follows the close");
        code
    }

    /// Reads until the server ends the connection, and returns what came.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.read_some().await > 0 {}
        self.read.split().to_vec()
    }
}

/// A server's frame: the length of its header and of its payload.
fn parse(bytes: &[u8]) -> Option<(usize, usize)> {
    match *bytes.get(1)? {
        126 => {
            let len = bytes.get(2..4)?.try_into().unwrap();
            Some((4, usize::from(u16::from_be_bytes(len))))
        }
        127 => {
            let len = bytes.get(2..10)?.try_into().unwrap();
            Some((10, usize::try_from(u64::from_be_bytes(len)).unwrap()))
        }
        len => Some((2, usize::from(len))),
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|found| found == what)
}
