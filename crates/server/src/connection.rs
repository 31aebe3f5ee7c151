//! One connection, from the moment it is accepted until it is upgraded or done.

use std::{
    convert::Infallible,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, atomic::Ordering},
};

use http::{Request, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpStream, sync::watch};

use crate::{
    driver::Stream,
    drivers::Drivers,
    tally::Verdict,
    upgrade::{PeerAddr, Reply, answer, is_handshake, text},
    worker::{Common, Order, shut_down},
};

/// A connection's share of the server's bound.
pub(crate) struct Place {
    common: Arc<Common>,
    room: Room,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Yes,
    No,
}

impl Place {
    pub(crate) fn take(common: &Arc<Common>) -> Self {
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
pub(crate) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    drivers: Drivers,
    order: watch::Receiver<Order>,
) {
    let _ = stream.set_nodelay(true);
    http1(stream, peer, &place, &drivers, order).await;
}

/// Serves HTTP/1.1 on a byte stream.
async fn http1<S: Stream>(
    stream: S,
    peer: SocketAddr,
    place: &Place,
    drivers: &Drivers,
    order: watch::Receiver<Order>,
) {
    let options = place.common.options;
    let service = service_fn(|mut request: Request<Incoming>| {
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
        drivers.tally().handshake(Verdict::TooManyConnections);
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
            Ok(Some(page)) => {
                drivers.tally().page(page.status());
                return page.map(Full::new);
            }
            Ok(None) => {}
            Err(_) => {
                drivers.tally().page(StatusCode::INTERNAL_SERVER_ERROR);
                return text(StatusCode::INTERNAL_SERVER_ERROR, "internal error\n");
            }
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
