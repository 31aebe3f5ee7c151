//! One connection in HTTP/1.1 (RFC 9112): requests one after the other, by hyper but for responses that are held open.

use std::{
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use http::Request;
use http_body::Body;
use hyper::{body::Incoming, server::conn::http1::Builder, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{sync::watch, task::yield_now, time::timeout};

use crate::{
    activity::{Activity, Alive},
    answer::{Answer, Reply, frame_or_refusal, whole},
    at_once::Asked,
    connection::{Place, reply},
    driver::Stream,
    drivers::Drivers,
    held::{Frames, Held, Manner, Slot, TakenOver},
    page::Page,
    proxies::Caller,
    rewound::Rewound,
    worker::{Order, shut_down},
};

/// A poll that waits for longer is held open without an HTTP server's buffers.
const SHORT_POLL: Duration = Duration::from_secs(3);

/// Serves HTTP/1.1 on a connection of which something was read.
pub(crate) async fn serve<S: Stream>(
    asked: Asked<S>,
    place: &Place,
    drivers: &Drivers,
    order: watch::Receiver<Order>,
) {
    let idle_time = place.common().options.handshake_time.saturating_mul(2);
    let Asked {
        mut stream,
        caller,
        mut decided,
    } = asked;
    loop {
        let activity = Activity::default();
        // It is large, and given back while a response is held open.
        let connection = Connection {
            stream,
            caller,
            place,
            drivers,
            decided: Mutex::new(decided.take()),
        };
        let served = Box::pin(requests(connection, activity.clone(), order.clone()));
        let Some((held, rest)) = served.await else {
            return;
        };
        let written = tokio::select! {
            written = held.write(rest) => written,
            () = activity.idle(idle_time) => None,
        };
        match written {
            Some(rest) => stream = rest,
            None => return,
        }
    }
}

/// A connection, and whose it is.
struct Connection<'a, S> {
    stream: Rewound<S>,
    caller: Caller,
    place: &'a Place,
    drivers: &'a Drivers,
    /// What the next request is answered with, if that is known.
    decided: Mutex<Option<Reply>>,
}

/// Serves requests until the connection is done, or a response is to be held open: then it says which, and where.
///
/// A request has `handshake_time` to arrive, and its answer twice that for each piece to be taken: whoever takes nothing
/// keeps no place.
async fn requests<S: Stream>(
    connection: Connection<'_, S>,
    activity: Activity,
    order: watch::Receiver<Order>,
) -> Option<(Box<Held>, Rewound<S>)> {
    let Connection {
        stream,
        caller,
        place,
        drivers,
        decided,
    } = connection;
    let options = place.common().options;
    let slot = Slot::default();
    let service = service_fn(|mut request: Request<Incoming>| {
        place.common().proxies.tell(&mut request, caller);
        let (alive, activity, slot) = (activity.begin(), activity.clone(), &slot);
        let decided = decided
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        async move {
            let manner = (Manner::of(&request), request.body().is_end_stream());
            let reply = decided_or_asked(decided, request, place, drivers).await;
            let reply = match taken_over(manner, &reply) {
                Some(manner) => hold(reply, manner, &alive, slot).await?,
                None => whole(reply).await,
            };
            Ok::<_, TakenOver>(reply.map(|page| Page::new(page, activity, alive)))
        }
    });
    let mut connection = Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.handshake_time)
        .max_buf_size(options.head_bytes)
        .max_headers(options.head_count)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut told = pin!(shut_down(order));
    let served = async {
        tokio::select! {
            served = &mut connection => served,
            () = &mut told => {
                Pin::new(&mut connection).graceful_shutdown();
                (&mut connection).await
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
    if let Some(held) = slot.take() {
        let parts = connection.into_parts()?;
        return Some((held, parts.io.into_inner().put_back(&parts.read_buf)));
    }
    if let Err(error) = served {
        tracing::debug!(peer = %caller.addr, %error, "a connection ended before its request was answered");
    }
    None
}

async fn decided_or_asked(
    decided: Option<Reply>,
    request: Request<Incoming>,
    place: &Place,
    drivers: &Drivers,
) -> Reply {
    match decided {
        Some(reply) => reply,
        None => reply(request, place, drivers).await,
    }
}

/// Says how a response is written that may be taken out of the HTTP server's hands. Behind a body that nobody read, nobody
/// finds the next request.
fn taken_over((manner, is_bodiless): (Option<Manner>, bool), reply: &Reply) -> Option<Manner> {
    manner.filter(|_| is_bodiless || reply.body().is_behind_body())
}

/// Takes a response out of the HTTP server's hands if it is held open for long.
///
/// # Errors
/// [`TakenOver`] once it is in the slot.
async fn hold(
    reply: Reply,
    manner: Manner,
    alive: &Alive,
    slot: &Slot,
) -> Result<Reply, TakenOver> {
    let (mut head, answer) = reply.into_parts();
    let (receiver, frames) = match answer.into_receiver() {
        Ok(held) => held,
        Err(answer) => return Ok(Reply::from_parts(head, answer)),
    };
    if frames == Frames::One
        && let Ok(frame) = timeout(SHORT_POLL, receiver.next()).await
    {
        let answer = Answer::from(frame_or_refusal(&mut head, frame));
        return Ok(Reply::from_parts(head, answer));
    }
    receiver.keep(alive.clone());
    // The HTTP server writes meanwhile what it has of the response before.
    yield_now().await;
    slot.put(Held::new(manner, head, receiver, frames));
    Err(TakenOver)
}
