//! One connection, from the moment it is accepted until it is upgraded or done.

use std::{
    io,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
};

use http::{Request, StatusCode, Version};
use hyper::body::Incoming;
use sockeye_endpoint::Scheme;
use tokio::{net::TcpStream, sync::watch, time::timeout};

use crate::{
    answer::{Answer, Reply},
    at_once::{self, Asked},
    drivers::Drivers,
    http1, http2,
    options::Http2,
    proxies::Caller,
    reactor::Fresh,
    requests, sockjs, streams,
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

    /// Says whether it is a place at all: what asks without one is refused.
    pub(crate) fn is_taken(&self) -> bool {
        self.room == Room::Yes
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
///
/// It is small, since a task is moved several times before it runs: whatever takes room has memory of its own.
pub(crate) async fn serve(
    stream: Fresh,
    peer: SocketAddr,
    place: Place,
    drivers: Drivers,
    order: watch::Receiver<Order>,
) {
    if let Some(caller) = place.common.proxies.known(peer)
        && place.common.tls.is_none()
        && place.common.options.http2 != Http2::PriorKnowledge
    {
        first_request(stream, caller, place, drivers, order).await;
    } else {
        Box::pin(wrapped(stream, peer, place, drivers, order)).await;
    }
}

/// Serves a connection on which something else comes before the first request, or may.
async fn wrapped(
    stream: Fresh,
    peer: SocketAddr,
    place: Place,
    drivers: Drivers,
    order: watch::Receiver<Order>,
) {
    let Some(mut stream) = watched(stream) else {
        return;
    };
    let (proxies, options) = (&place.common.proxies, &place.common.options);
    let caller = match proxies.known(peer) {
        Some(caller) => Some(caller),
        None => tokio::select! {
            biased;
            caller = proxies.introduce(&mut stream, peer, options) => caller,
            () = shut_down(order.clone()) => None,
        },
    };
    let Some(caller) = caller else { return };
    if place.common.tls.is_some() {
        // What it takes is large, and nothing that connections without it should hold room for.
        Box::pin(secure(stream, caller, place, drivers, order)).await;
    } else {
        plain(stream, caller, place, drivers, order).await;
    }
}

/// Serves a connection in TLS.
async fn secure(
    stream: TcpStream,
    mut caller: Caller,
    place: Place,
    drivers: Drivers,
    order: watch::Receiver<Order>,
) {
    let Some(tls) = &place.common.tls else {
        return;
    };
    let accepting = Box::pin(accept_tls(tls, stream, caller.addr, &place, order.clone()));
    let Some(stream) = accepting.await else {
        return;
    };
    caller.scheme = Some(Scheme::Https);
    match Protocol::of(&stream) {
        Protocol::Http1 => {
            let asked = at_once::open(stream, caller, &place, &drivers, Drivers::drive);
            // It is large, and given back before a response is held open.
            if let Some(asked) = Box::pin(asked).await {
                Box::pin(http1::serve(*asked, &place, &drivers, order)).await;
            }
        }
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
    first_request(stream.into(), caller, place, drivers, order).await;
}

/// Serves a connection that begins with a request in HTTP/1.1.
async fn first_request(
    stream: Fresh,
    caller: Caller,
    place: Place,
    drivers: Drivers,
    order: watch::Receiver<Order>,
) {
    // It is large, and given back before a response is held open.
    let asked = Box::pin(at_once::open(
        stream,
        caller,
        &place,
        &drivers,
        Drivers::drive_plain,
    ))
    .await;
    if let Some(asked) = asked {
        Box::pin(further_requests(asked, place, drivers, order)).await;
    }
}

/// Serves a connection without TLS whose first request was no opening handshake, or refused.
async fn further_requests(
    asked: Box<Asked<Fresh>>,
    place: Place,
    drivers: Drivers,
    order: watch::Receiver<Order>,
) {
    let Some(asked) = asked.try_map(watched) else {
        return;
    };
    // What the runtime has only begun to watch seems full until it has looked. The HTTP server gives up an answer that
    // does not leave at once if it goes before the request's body.
    if asked.stream.get_ref().writable().await.is_ok() {
        http1::serve(asked, &place, &drivers, order).await;
    }
}

/// Has the runtime watch a socket; `None`, and the connection is closed, if it can't.
fn watched(stream: Fresh) -> Option<TcpStream> {
    let warn = |error: &io::Error| tracing::warn!(%error, "a connection is cut: its socket can't be watched");
    stream.into_watched().inspect_err(warn).ok()
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

/// Answers one request, whatever it came in.
pub(crate) async fn reply(request: Request<Incoming>, place: &Place, drivers: &Drivers) -> Reply {
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
    let mut request = match requests::answer(request, &common.routes, drivers.tally()).await {
        Ok(reply) => return reply,
        Err(request) => request,
    };
    if let Some(pages) = &common.pages
        && !is_handshake(&request)
        && !sockjs::is_resource(&common.routes, request.uri().path())
        && !streams::is_at(&common.routes, request.uri().path())
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
    reply.unwrap_or_else(nothing_is_here)
}

/// The answer where no endpoint is.
pub(crate) fn nothing_is_here() -> Reply {
    text(StatusCode::NOT_FOUND, "nothing is here\n")
}
