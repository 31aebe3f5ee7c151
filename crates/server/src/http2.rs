//! One connection in HTTP/2 (RFC 9113): pages and sessions (RFC 8441) are streams of it.

mod head;
mod preface;
mod session_stream;

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use http::{Request, StatusCode};
use hyper::{body::Incoming, server::conn::http2::Builder, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::watch;
use tracing::Instrument;

pub(crate) use self::{head::put_as_in_http1, preface::is_ahead, session_stream::SessionStream};
use crate::{
    activity::{Activity, Alive},
    answer::{Reply, whole},
    connection::{Place, reply},
    driver::Stream,
    drivers::Drivers,
    options::Options,
    page::Page,
    proxies::Caller,
    upgrade::text,
    worker::{Common, Order, shut_down},
};

/// How much a peer may send on one stream before it is read.
const STREAM_WINDOW: u32 = 64 << 10;

/// What a connection may hold unread, at least: hyper's default. The allowance for small frames grows with it.
const LEAST_CONNECTION_WINDOW: u32 = 1 << 20;

/// How much of one stream waits to be sent.
const SEND_BYTES: usize = 64 << 10;

/// After so much silence the peer is asked whether it is there, and so long it has to answer.
const PING_PERIOD: Duration = Duration::from_secs(25);
const PING_DEADLINE: Duration = Duration::from_secs(20);

/// Serves a connection that speaks HTTP/2, until it is idle or done. Its sessions end with it.
///
/// Idle is a connection without sessions and requests for `handshake_time`, from its first moment on. It is told to go
/// away, and cut if it stays idle for as long again.
pub(crate) async fn serve<S: Stream>(
    stream: S,
    caller: Caller,
    place: Place,
    drivers: Drivers,
    order: watch::Receiver<Order>,
) {
    let options = place.common().options;
    let activity = Activity::default();
    let streams = activity.clone();
    let common = Arc::clone(place.common());
    let service = service_fn(move |request| {
        let (alive, streams) = (streams.begin(), streams.clone());
        let under_way = alive.clone();
        let (common, drivers) = (Arc::clone(&common), drivers.clone());
        async move {
            let reply = answer(request, caller, &common, &drivers, alive).await;
            Ok::<_, Infallible>(reply.map(|page| Page::new(page, streams, under_way)))
        }
        // Each request is a task of its own, which would forget whose it is.
        .in_current_span()
    });
    let connection = builder(&options).serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let served = tokio::select! {
        served = &mut connection => Some(served),
        () = shut_down(order) => None,
        () = activity.idle(options.handshake_time) => None,
    };
    let served = match served {
        Some(served) => served,
        None => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                served = &mut connection => served,
                () = activity.idle(options.handshake_time) => Ok(()),
            }
        }
    };
    if let Err(error) = served {
        tracing::debug!(peer = %caller.addr, %error, "a connection in HTTP/2 ended with an error");
    }
}

/// What a peer may cost. How often it may reset streams, and how many frames without content it may send, is bounded by
/// hyper's and h2's defaults, which were made for those attacks.
fn builder(options: &Options) -> Builder<TokioExecutor> {
    // A session that does not read stalls its own stream: there must be a window left for all others.
    let streams = u32::from(options.http2_streams);
    let window = (streams * STREAM_WINDOW).max(LEAST_CONNECTION_WINDOW);
    let head_bytes = u32::try_from(options.head_bytes).unwrap_or(u32::MAX);
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(window)
        .max_concurrent_streams(streams)
        .max_header_list_size(head_bytes)
        .max_send_buf_size(SEND_BYTES)
        .keep_alive_interval(PING_PERIOD)
        .keep_alive_timeout(PING_DEADLINE);
    builder
}

/// Answers one request; `alive` goes with the session, if it opens one.
async fn answer(
    mut request: Request<Incoming>,
    caller: Caller,
    common: &Arc<Common>,
    drivers: &Drivers,
    alive: Alive,
) -> Reply {
    put_as_in_http1(&mut request);
    if request.headers().len() > common.options.head_count {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return text(status, "too many header fields\n");
    }
    common.proxies.tell(&mut request, caller);
    request.extensions_mut().insert(alive);
    // The connection has its place already; what it asks for takes another.
    let place = Place::take(common);
    whole(reply(request, &place, drivers).await).await
}
