//! A worker: a thread with its own runtime, listener, timers and sessions. Sessions never migrate.

use std::{
    convert::Infallible,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, request::Parts};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use sockeye_endpoint::Routes;
use sockeye_types::Close;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout_at},
};

use crate::{
    drivers::Drivers,
    listener::accept,
    options::Options,
    upgrade::{PeerAddr, Reply, answer, is_handshake, text},
};

/// Answers requests that ask for no upgrade: pages, health checks.
pub(crate) type Pages = dyn Fn(&Parts) -> Option<Response<Bytes>> + Send + Sync;

/// What all workers of a server share.
pub(crate) struct Common {
    pub(crate) routes: Routes,
    pub(crate) pages: Option<Box<Pages>>,
    pub(crate) options: Options,
    /// How many connections ask, or may ask again, over HTTP.
    pub(crate) asking: AtomicUsize,
    /// How many sessions are open.
    pub(crate) sessions: Arc<AtomicUsize>,
}

/// What a server is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Serve,
    ShutDown,
}

/// Serves until it is told to shut down, then closes what is open and waits for it, up to the deadline.
pub(crate) async fn work(
    common: Arc<Common>,
    listener: TcpListener,
    order: watch::Receiver<Order>,
) {
    let drivers = Drivers::new(Arc::clone(&common.sessions));
    let mut requests = JoinSet::new();
    let mut told = pin!(shut_down(order.clone()));
    loop {
        tokio::select! {
            () = &mut told => break,
            (stream, peer) = accept(&listener) => {
                let place = Place::take(&common);
                requests.spawn(serve(stream, peer, place, drivers.clone(), order.clone()));
            }
            Some(_) = requests.join_next() => {}
        }
    }
    drop(listener);
    let deadline = Instant::now() + common.options.shutdown_time;
    let answered = timeout_at(deadline, async {
        while requests.join_next().await.is_some() {}
    });
    let (mut left, _) = tokio::join!(drivers.shut_down(Close::going_away(), deadline), answered);
    if left == 0 {
        // Requests that were answered meanwhile may have opened sessions.
        left = drivers.shut_down(Close::going_away(), deadline).await;
    }
    if left > 0 {
        tracing::warn!(
            sessions = left,
            "shutting down although handlers are still busy"
        );
    }
}

/// Done when the server shuts down, also when whoever serves it is gone.
async fn shut_down(mut order: watch::Receiver<Order>) {
    let _ = order.wait_for(|order| *order == Order::ShutDown).await;
}

/// A connection's share of the server's bound.
struct Place {
    common: Arc<Common>,
    room: Room,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Yes,
    No,
}

impl Place {
    fn take(common: &Arc<Common>) -> Self {
        let others =
            common.asking.fetch_add(1, Ordering::Relaxed) + common.sessions.load(Ordering::Relaxed);
        let room = if others < common.options.connections {
            Room::Yes
        } else {
            Room::No
        };
        Self {
            common: Arc::clone(common),
            room,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.common.asking.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves the requests of one connection, until it is upgraded or done.
async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    drivers: Drivers,
    order: watch::Receiver<Order>,
) {
    let options = place.common.options;
    let _ = stream.set_nodelay(true);
    let place = &place;
    let service = service_fn(|mut request: Request<Incoming>| {
        let drivers = &drivers;
        request.extensions_mut().insert(PeerAddr(peer));
        async move { Ok::<_, Infallible>(reply(request, place, drivers).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.handshake_time)
        .max_buf_size(options.head_bytes)
        .max_headers(options.head_count)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let mut told = pin!(shut_down(order));
    let served = tokio::select! {
        served = &mut connection => served,
        () = &mut told => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "a connection ended before its request was answered");
    }
}

async fn reply(mut request: Request<Incoming>, place: &Place, drivers: &Drivers) -> Reply {
    let common = &place.common;
    if place.room == Room::No {
        let mut reply = text(StatusCode::SERVICE_UNAVAILABLE, "too many connections\n");
        let headers = reply.headers_mut();
        headers.insert(
            http::header::RETRY_AFTER,
            http::HeaderValue::from_static("10"),
        );
        headers.insert(
            http::header::CONNECTION,
            http::HeaderValue::from_static("close"),
        );
        return reply;
    }
    if let Some(pages) = &common.pages
        && !is_handshake(request.headers())
    {
        let (head, body) = request.into_parts();
        match catch_unwind(AssertUnwindSafe(|| pages(&head))) {
            Ok(Some(page)) => return page.map(Full::new),
            Ok(None) => {}
            Err(_) => return text(StatusCode::INTERNAL_SERVER_ERROR, "internal error\n"),
        }
        request = Request::from_parts(head, body);
    }
    let reply = answer(
        request,
        &common.routes,
        drivers,
        common.options.handshake_time,
    )
    .await;
    reply.unwrap_or_else(|| text(StatusCode::NOT_FOUND, "nothing is here\n"))
}
