//! A WebSocket client over any stream, made of hyper and a conn in the client's role.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use sockeye::{Close, Message};
use sockeye_ws_proto::{Conn, Event, MaskKeys, Role, Scratch, Settings, handshake::ClientRequest};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long a test waits for what must come, so that one that fails also ends.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open WebSocket connection.
pub(crate) struct Client {
    io: TokioIo<Upgraded>,
    conn: Conn,
    scratch: Scratch,
    input: BytesMut,
    pub(crate) protocol: Option<String>,
}

/// What a client got instead of a connection.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

#[derive(Debug)]
struct SameKey;

impl MaskKeys for SameKey {
    fn next_key(&mut self) -> [u8; 4] {
        [1, 2, 3, 4]
    }
}

/// A request for a path of a server at some address.
pub(crate) fn ask(addr: SocketAddr, target: &str) -> ClientRequest {
    ClientRequest::new(format!("ws://{addr}{target}").parse().unwrap(), [7; 16])
}

/// The same with a header.
pub(crate) fn with_header(request: ClientRequest, name: HeaderName, value: &str) -> ClientRequest {
    request.headers(HeaderMap::from_iter([(name, value.parse().unwrap())]))
}

impl Client {
    pub(crate) async fn connect(addr: SocketAddr, target: &str) -> Self {
        Self::ask(addr, ask(addr, target)).await.unwrap()
    }

    pub(crate) async fn ask(addr: SocketAddr, request: ClientRequest) -> Result<Self, Refused> {
        Self::over(TcpStream::connect(addr).await.unwrap(), request).await
    }

    pub(crate) async fn over<S>(stream: S, request: ClientRequest) -> Result<Self, Refused>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection.with_upgrades());
        let asked = request
            .to_request()
            .unwrap()
            .map(|()| Empty::<Bytes>::new());
        let response = timeout(PATIENCE, sender.send_request(asked)).await;
        let mut response = response.expect("no answer").unwrap();
        let upgrade = hyper::upgrade::on(&mut response);
        let (head, body) = response.into_parts();
        if head.status != StatusCode::SWITCHING_PROTOCOLS {
            let body = body.collect().await.unwrap().to_bytes();
            return Err(Refused {
                status: head.status,
                headers: head.headers,
                body: String::from_utf8(body.to_vec()).unwrap(),
            });
        }
        let established = request.verify(&head).unwrap();
        let role = Role::Client(Box::new(SameKey));
        Ok(Self {
            io: TokioIo::new(upgrade.await.unwrap()),
            conn: Conn::new(
                role,
                Settings::default().into(),
                established.deflate,
                Instant::now(),
            ),
            scratch: Scratch::default(),
            input: BytesMut::new(),
            protocol: established.protocol,
        })
    }

    pub(crate) async fn send(&mut self, message: impl Into<Message>) {
        self.conn.send(&message.into(), &mut self.scratch).unwrap();
        self.flush().await;
    }

    pub(crate) async fn close(&mut self, close: Close) {
        self.conn.close(&close, &mut self.scratch, Instant::now());
        self.flush().await;
    }

    /// The next event; `None` once the connection has ended.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        loop {
            let now = Instant::now();
            let event = self.conn.decode(&mut self.input, &mut self.scratch, now);
            self.flush().await;
            if let Some(event) = event.unwrap() {
                return Some(event);
            }
            let read = timeout(PATIENCE, self.io.read_buf(&mut self.input)).await;
            if read.expect("nothing came").unwrap() == 0 {
                // The server closed its half; it waits for ours.
                let _ = self.io.shutdown().await;
                return None;
            }
        }
    }

    /// The next message, which is text.
    pub(crate) async fn text(&mut self) -> String {
        loop {
            match self.event().await {
                Some(Event::Message(message)) => return message.as_text().unwrap().to_owned(),
                Some(Event::Ping(_) | Event::Pong(_)) => {}
                other => panic!("{other:?} instead of a message"),
            }
        }
    }

    /// The server's close, after which it ends the connection. What comes before it is passed over.
    pub(crate) async fn closed(&mut self) -> Close {
        loop {
            match self.event().await {
                Some(Event::Close(close)) => {
                    assert_eq!(self.event().await, None);
                    return close;
                }
                Some(_) => {}
                None => panic!("the connection ended without a close"),
            }
        }
    }

    async fn flush(&mut self) {
        while self.scratch.out.has_remaining() {
            // A server that is gone is seen when reading.
            if self.io.write_buf(&mut self.scratch.out).await.is_err() {
                self.scratch = Scratch::default();
            }
        }
    }
}
