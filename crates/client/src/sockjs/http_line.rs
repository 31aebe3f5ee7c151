//! One HTTP connection at a time to a server, for one request after the other.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version,
    header::{ACCEPT, CONTENT_TYPE},
    uri::PathAndQuery,
};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::{task::JoinSet, time::Instant};

use super::cookies::Cookies;
use crate::{ConnectError, Connector, DialError, way::Way};

/// How long a connection that rests is used again. Servers close those that rest for long, the most impatient ones
/// after 5 s; a request that meets such a close may or may not have been heard.
const FRESH: Duration = Duration::from_secs(3);

/// How much of a body is read that nobody wants, so that the connection can be used again.
const UNWANTED_BYTES: usize = 16 << 10;

/// The least that hyper takes as the size of its buffer.
const LEAST_BUFFER_BYTES: usize = 8 << 10;

/// How many fields a response's head may have.
const MAX_HEADERS: usize = 100;

/// Where requests go, and how.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) connector: Connector,
    pub(super) prefix: Uri,
    pub(super) way: Way,
    /// What each request carries: `Host`, and what the caller wants.
    pub(super) headers: HeaderMap,
    /// What the server has set since the session began.
    pub(super) cookies: Mutex<Cookies>,
}

impl Host {
    fn cookies(&self) -> MutexGuard<'_, Cookies> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One HTTP connection at a time to a server.
#[derive(Debug)]
pub(super) struct HttpLine {
    host: Arc<Host>,
    kept: Option<Kept>,
    /// Who is at the other end of the TCP connection.
    pub(super) peer_addr: Option<std::net::SocketAddr>,
}

#[derive(Debug)]
struct Kept {
    requests: SendRequest<Full<Bytes>>,
    /// The task that moves the bytes: it ends with this.
    _task: JoinSet<()>,
    used: Instant,
}

impl HttpLine {
    pub(super) fn new(host: Arc<Host>) -> Self {
        Self {
            host,
            kept: None,
            peer_addr: None,
        }
    }

    /// Makes sure that there is a connection to send the next request over.
    ///
    /// Cancel safety: dropped before it is done, what was opened is closed again.
    pub(super) async fn open(&mut self, deadline: Instant) -> Result<(), ConnectError> {
        if let Some(mut kept) = self.kept.take()
            && kept.used.elapsed() < FRESH
            && kept.requests.ready().await.is_ok()
        {
            self.kept = Some(kept);
            return Ok(());
        }
        let host = &self.host;
        let opening = host.way.open(&host.connector, &host.prefix, deadline);
        let arrived = opening.await?;
        self.peer_addr = arrived.peer_addr;
        let mut builder = http1::Builder::new();
        builder
            .max_buf_size(host.connector.head_bytes.max(LEAST_BUFFER_BYTES))
            .max_headers(MAX_HEADERS);
        let shaken = builder.handshake(TokioIo::new(arrived.stream)).await;
        let (requests, connection) = shaken.map_err(lost)?;
        let mut task = JoinSet::new();
        task.spawn(async {
            // What goes wrong is told to whoever waits for the response.
            let _ = connection.await;
        });
        self.kept = Some(Kept {
            requests,
            _task: task,
            used: Instant::now(),
        });
        Ok(())
    }

    /// Sends a request, over the connection that [`open`](Self::open) has left, and waits for the response's head. It
    /// is not sent again if the connection is lost: the server may have heard it.
    ///
    /// Cancel safety: dropped before it is done, the connection is closed, and the server may have heard the request.
    pub(super) async fn post(
        &mut self,
        target: &PathAndQuery,
        body: Bytes,
    ) -> Result<Response<Incoming>, ConnectError> {
        let Some(mut kept) = self.kept.take() else {
            return Err(DialError::Stream(std::io::ErrorKind::NotConnected.into()).into());
        };
        let (request, head) = self.request(target, body);
        let observer = self.host.connector.observer.as_ref();
        if let Some(observer) = observer {
            observer.on_request(&head);
        }
        let response = kept.requests.send_request(request).await.map_err(lost)?;
        self.host.cookies().learn(response.headers());
        if let Some(observer) = observer {
            observer.on_response(&head_of(&response));
        }
        kept.used = Instant::now();
        self.kept = Some(kept);
        Ok(response)
    }

    /// Sends a request of whose response only the status counts.
    ///
    /// Cancel safety: as [`post`](Self::post).
    pub(super) async fn tell(
        &mut self,
        target: &PathAndQuery,
        body: Bytes,
        deadline: Instant,
    ) -> Result<StatusCode, ConnectError> {
        self.open(deadline).await?;
        let response = self.post(target, body).await?;
        let status = response.status();
        let mut body = response.into_body();
        let mut left = UNWANTED_BYTES;
        while let Some(frame) = body.frame().await {
            let bytes = frame.map_err(lost)?;
            let len = bytes.data_ref().map_or(0, Bytes::len);
            let Some(less) = left.checked_sub(len) else {
                self.kept = None;
                return Ok(status);
            };
            left = less;
        }
        self.rest();
        Ok(status)
    }

    /// The response was read to its end: the connection rests from now on.
    pub(super) fn rest(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.used = Instant::now();
        }
    }

    /// Makes a request, and a copy of its head to show.
    fn request(&self, target: &PathAndQuery, body: Bytes) -> (Request<Full<Bytes>>, Request<()>) {
        let mut head = Request::new(());
        *head.method_mut() = Method::POST;
        *head.version_mut() = Version::HTTP_11;
        *head.uri_mut() = Uri::from(target.clone());
        *head.headers_mut() = self.host.headers.clone();
        self.host.cookies().put(head.headers_mut());
        head.headers_mut()
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("*/*"));
        // Servers read it as JSON, and browsers send it so, since it needs no preflight.
        let text = HeaderValue::from_static("text/plain;charset=UTF-8");
        head.headers_mut().insert(CONTENT_TYPE, text);
        (head.clone().map(|()| Full::new(body)), head)
    }
}

/// A copy of a response's head.
pub(super) fn head_of(response: &Response<Incoming>) -> Response<()> {
    let mut head = Response::new(());
    *head.status_mut() = response.status();
    *head.version_mut() = response.version();
    *head.headers_mut() = response.headers().clone();
    head
}

/// What went wrong between two ends of HTTP.
pub(super) fn lost(error: hyper::Error) -> ConnectError {
    ConnectError::Lost(std::io::Error::other(error))
}
