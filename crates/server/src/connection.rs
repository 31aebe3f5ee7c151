//! One connection, from the moment it is accepted until it is upgraded or done.

use std::{
    convert::Infallible,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, atomic::Ordering},
};

use http::{Request, StatusCode, Version};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use sockeye_endpoint::Scheme;
use tokio::{net::TcpStream, sync::watch, time::timeout};

use crate::{
    activity::Activity,
    answer::{Answer, Reply},
    driver::Stream,
    drivers::Drivers,
    http2,
    options::Http2,
    page::Page,
    proxies::Caller,
    sockjs,
    tally::Verdict,
    tls::{Protocol, Tls, TlsStream},
    upgrade::{answer, is_handshake, text},
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

    /// Returns what the server's workers share.
    pub(crate) fn common(&self) -> &Arc<Common> {
        &self.common
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.common.asking.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves the requests of one connection, until it is upgraded or done.
pub(crate) async fn serve(
    mut stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    drivers: Drivers,
    order: watch::Receiver<Order>,
) {
    let _ = stream.set_nodelay(true);
    let (proxies, options) = (&place.common.proxies, &place.common.options);
    let caller = tokio::select! {
        biased;
        caller = proxies.introduce(&mut stream, peer, options) => caller,
        () = shut_down(order.clone()) => None,
    };
    let Some(mut caller) = caller else { return };
    let Some(tls) = &place.common.tls else {
        return plain(stream, caller, place, drivers, order).await;
    };
    let Some(stream) = accept_tls(tls, stream, peer, &place, order.clone()).await else {
        return;
    };
    caller.scheme = Some(Scheme::Https);
    match Protocol::of(&stream) {
        Protocol::Http1 => http1(stream, caller, &place, &drivers, order).await,
        // It is large, and waits in few places.
        Protocol::Http2 => Box::pin(http2::serve(stream, caller, place, drivers, order)).await,
    }
}

/// Serves a connection without TLS.
async fn plain(
    stream: TcpStream,
    caller: Caller,
    place: Place,
    drivers: Drivers,
    order: watch::Receiver<Order>,
) {
    if place.common.options.http2 == Http2::PriorKnowledge {
        match speaks_http2(&stream, &place, order.clone()).await {
            // It is large, and few connections have one.
            Some(true) => {
                return Box::pin(http2::serve(stream, caller, place, drivers, order)).await;
            }
            Some(false) => {}
            None => return,
        }
    }
    http1(stream, caller, &place, &drivers, order).await;
}

/// Does the TLS handshake, unless there is no room or the server shuts down.
async fn accept_tls(
    tls: &Tls,
    stream: TcpStream,
    peer: SocketAddr,
    place: &Place,
    order: watch::Receiver<Order>,
) -> Option<TlsStream> {
    if place.room == Room::No {
        // A handshake costs more than all that a 503 saves.
        tracing::debug!(%peer, "too many connections: cut before the TLS handshake");
        return None;
    }
    tokio::select! {
        accepted = tls.accept(stream, peer, place.common.options.handshake_time) => accepted,
        () = shut_down(order) => None,
    }
}

/// Says whether a connection speaks HTTP/2; `None` if it says nothing, or not soon enough.
async fn speaks_http2(
    stream: &TcpStream,
    place: &Place,
    order: watch::Receiver<Order>,
) -> Option<bool> {
    let time = place.common.options.handshake_time;
    tokio::select! {
        ahead = timeout(time, http2::is_ahead(stream)) => ahead.ok()?.ok(),
        () = shut_down(order) => None,
    }
}

/// Serves HTTP/1.1 on a byte stream.
///
/// A request has `handshake_time` to arrive, and its answer twice that for each piece to be taken: whoever takes nothing
/// keeps no place.
async fn http1<S: Stream>(
    stream: S,
    caller: Caller,
    place: &Place,
    drivers: &Drivers,
    order: watch::Receiver<Order>,
) {
    let options = place.common.options;
    let activity = Activity::default();
    let service = service_fn(|mut request: Request<Incoming>| {
        place.common.proxies.tell(&mut request, caller);
        let (alive, activity) = (activity.begin(), activity.clone());
        async move {
            let reply = reply(request, place, drivers).await;
            Ok::<_, Infallible>(reply.map(|page| Page::new(page, activity, alive)))
        }
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
    let served = async {
        tokio::select! {
            served = &mut connection => served,
            () = &mut told => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    };
    let served = tokio::select! {
        served = served => served,
        // An idle connection is cut by hyper before that.
        () = activity.idle(options.handshake_time.saturating_mul(2)) => {
            tracing::debug!(peer = %caller.addr, "a client does not take what it asked for");
            Ok(())
        }
    };
    if let Err(error) = served {
        tracing::debug!(peer = %caller.addr, %error, "a connection ended before its request was answered");
    }
}

/// Answers one request, whatever it came in.
pub(crate) async fn reply(
    mut request: Request<Incoming>,
    place: &Place,
    drivers: &Drivers,
) -> Reply {
    let common = &place.common;
    if place.room == Room::No {
        drivers.tally().handshake(Verdict::TooManyConnections);
        let mut reply = text(StatusCode::SERVICE_UNAVAILABLE, "too many connections\n");
        let headers = reply.headers_mut();
        headers.insert(
            http::header::RETRY_AFTER,
            http::HeaderValue::from_static("10"),
        );
        if request.version() < Version::HTTP_2 {
            headers.insert(
                http::header::CONNECTION,
                http::HeaderValue::from_static("close"),
            );
        }
        return reply;
    }
    if let Some(pages) = &common.pages
        && !is_handshake(&request)
        && !sockjs::is_resource(&common.routes, request.uri().path())
    {
        let (head, body) = request.into_parts();
        match catch_unwind(AssertUnwindSafe(|| pages(&head))) {
            Ok(Some(page)) => {
                drivers.tally().page(page.status());
                return page.map(Answer::from);
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
