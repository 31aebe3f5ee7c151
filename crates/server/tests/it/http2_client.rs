//! A client in HTTP/2 whose streams are read and written as connections are, and a server for it.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use h2::{RecvStream, SendStream, client::SendRequest, ext::Protocol};
use http::{Method, Request, Response, StatusCode, Version, request, response::Parts};
use sockeye_endpoint::Endpoints;
use sockeye_server::{Http2, Server};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};

use crate::{
    client::{Client, close_frame, patiently},
    served::{Echo, Served, Watch},
};

/// A connection in HTTP/2.
pub(crate) struct Browser {
    requests: SendRequest<Bytes>,
    /// What the connection ended with; aborted, the connection is lost.
    pub(crate) connection: JoinHandle<Result<(), h2::Error>>,
}

/// How much the client takes on each stream before it reads.
pub(crate) const WINDOW: u32 = 65_535;

impl Browser {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self::over(patiently(TcpStream::connect(addr)).await.unwrap()).await
    }

    pub(crate) async fn over<S>(io: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = h2::client::Builder::new();
        // One stream that is not read must leave room for others.
        builder.initial_window_size(WINDOW);
        builder.initial_connection_window_size(1 << 24);
        // The server's own bound is what is tested.
        builder.initial_max_send_streams(1000);
        let (requests, mut connection) = patiently(builder.handshake(io)).await.unwrap();
        let (told, settings) = oneshot::channel();
        let mut told = Some(told);
        let connection = tokio::spawn(std::future::poll_fn(move |cx| {
            let polled = Pin::new(&mut connection).poll(cx);
            // Until the server's settings are there, nobody may ask for another protocol.
            if connection.max_concurrent_send_streams() < 1000
                && let Some(told) = told.take()
            {
                let _ = told.send(());
            }
            polled
        }));
        let _ = patiently(settings).await;
        Self {
            requests,
            connection,
        }
    }

    pub(crate) fn can_connect(&self) -> bool {
        self.requests.is_extended_connect_protocol_enabled()
    }

    /// Asks, and returns the head of the answer with the streams in both directions.
    pub(crate) async fn ask(&mut self, request: Request<()>) -> Result<(Parts, Duplex), h2::Error> {
        let is_connect = request.method() == Method::CONNECT;
        let mut ready = patiently(self.requests.clone().ready()).await?;
        let (response, send) = ready.send_request(request, !is_connect)?;
        let (head, recv) = patiently(response).await?.into_parts();
        let read = Bytes::new();
        Ok((head, Duplex { send, recv, read }))
    }

    /// Gets a page.
    pub(crate) async fn get(&mut self, uri: &str) -> (Parts, String) {
        let request = Request::get(uri).version(Version::HTTP_2).body(()).unwrap();
        let (head, stream) = self.ask(request).await.unwrap();
        let body = Client::over(stream).rest().await;
        (head, String::from_utf8(body).unwrap())
    }

    /// Posts a body, and returns the head of the answer with the stream that it comes on.
    pub(crate) async fn post(&mut self, uri: &str, body: &'static str) -> (Parts, Duplex) {
        let request = Request::post(uri)
            .version(Version::HTTP_2)
            .body(())
            .unwrap();
        let mut ready = patiently(self.requests.clone().ready()).await.unwrap();
        let (response, mut send) = ready.send_request(request, body.is_empty()).unwrap();
        if !body.is_empty() {
            send.send_data(Bytes::from_static(body.as_bytes()), true)
                .unwrap();
        }
        let (head, recv) = patiently(response).await.unwrap().into_parts();
        let read = Bytes::new();
        (head, Duplex { send, recv, read })
    }

    /// Does the opening handshake on a new stream.
    pub(crate) async fn open(&mut self, path: &str) -> Client<Duplex> {
        let (head, stream) = self.ask(connect(path, &[])).await.unwrap();
        assert_eq!(head.status, StatusCode::OK, "{head:?}");
        Client::over(stream)
    }

    /// Asks for a session that is refused: returns the head and the words.
    pub(crate) async fn refused(&mut self, request: Request<()>) -> (Parts, String) {
        let (head, stream) = self.ask(request).await.unwrap();
        let body = Client::over(stream).rest().await;
        (head, String::from_utf8(body).unwrap())
    }

    /// Cuts the connection.
    pub(crate) fn lose(self) {
        self.connection.abort();
    }
}

/// An extended CONNECT, with more headers.
pub(crate) fn connect(path: &str, more: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::connect(format!("http://sockeye.test{path}"))
        .version(Version::HTTP_2)
        .extension(Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13");
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

/// A stream in both directions.
#[derive(Debug)]
pub(crate) struct Duplex {
    pub(crate) send: SendStream<Bytes>,
    pub(crate) recv: RecvStream,
    read: Bytes,
}

impl AsyncRead for Duplex {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.read.is_empty() {
            match ready!(self.recv.poll_data(cx)) {
                None => return Poll::Ready(Ok(())),
                Some(data) => self.read = data.map_err(io::Error::other)?,
            }
        }
        let count = self.read.len().min(buf.remaining());
        buf.put_slice(&self.read[..count]);
        self.read.advance(count);
        let _ = self.recv.flow_control().release_capacity(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Duplex {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.send.reserve_capacity(buf.len());
        while self.send.capacity() == 0 {
            match ready!(self.send.poll_capacity(cx)) {
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                Some(capacity) => drop(capacity.map_err(io::Error::other)?),
            }
        }
        let count = self.send.capacity().min(buf.len());
        let data = Bytes::copy_from_slice(&buf[..count]);
        self.send.send_data(data, false).map_err(io::Error::other)?;
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = self.send.send_data(Bytes::new(), true);
        Poll::Ready(ended.map_err(io::Error::other))
    }
}

fn page(head: &request::Parts) -> Option<Response<Bytes>> {
    let body = match head.uri.path() {
        "/page" => Bytes::from_static(b"a page"),
        "/large" => Bytes::from(vec![b'p'; 1 << 20]),
        _ => return None,
    };
    Some(Response::new(body))
}

/// An echo on `/`.
pub(crate) fn echo(watch: Watch) -> Endpoints {
    Endpoints::new().at("/", Echo(watch))
}

/// A server that speaks HTTP/2 without TLS, to those who know.
pub(crate) async fn served(
    make: impl FnOnce(Watch) -> Endpoints,
    set_up: impl FnOnce(Server) -> Server,
) -> Served {
    Served::server(make, |server| {
        set_up(server.pages(page).http2(Http2::PriorKnowledge))
    })
    .await
}

/// Closes a session from the client's side, with END_STREAM where a connection would end.
pub(crate) async fn part(mut session: Client<Duplex>, code: u16) {
    session.send(&close_frame(code)).await;
    assert_eq!(session.close_code().await, Some(code));
    session.half_close().await;
    assert_eq!(session.rest().await, []);
    assert!(session.io.recv.is_end_stream());
}
