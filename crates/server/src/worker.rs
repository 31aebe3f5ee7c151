//! A worker: a thread with its own runtime, listener, timers and sessions. Sessions never migrate.

use std::{
    convert::Infallible,
    pin::pin,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use bytes::Bytes;
use http::{Response, request::Parts};
use sockeye_endpoint::Routes;
use sockeye_types::Close;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, timeout_at},
};
use tracing::debug_span;

use crate::{
    connection::{Place, serve},
    driver::{after, clock},
    drivers::{Drivers, spawn},
    listener::Acceptor,
    metrics::Metrics,
    options::{Options, PlainSockets},
    proxies::Proxies,
    reactor::Listening,
    tls::Tls,
};

/// How often a worker says that its thread turns.
const ROUND: Duration = Duration::from_millis(500);

/// Answers requests that ask for no upgrade: pages, health checks.
pub(crate) type Pages = dyn Fn(&Parts) -> Option<Response<Bytes>> + Send + Sync;

/// What all workers of a server share.
pub(crate) struct Common {
    pub(crate) routes: Routes,
    pub(crate) pages: Option<Box<Pages>>,
    /// What connections are wrapped in; `None` for plain HTTP.
    pub(crate) tls: Option<Tls>,
    pub(crate) options: Options,
    pub(crate) proxies: Proxies,
    /// How many connections ask, or may ask again, over HTTP.
    pub(crate) asking: Arc<AtomicUsize>,
    /// How many sessions are open.
    pub(crate) sessions: Arc<AtomicUsize>,
    pub(crate) metrics: Metrics,
}

/// What a server is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Serve,
    ShutDown,
}

/// Serves until it is told to shut down, then closes what is open and waits for it, up to the deadline.
pub(crate) async fn work(common: Arc<Common>, listener: Listening, order: watch::Receiver<Order>) {
    let tally = common.metrics.tally();
    let (sessions, counted) = (Arc::clone(&common.sessions), Arc::clone(&tally));
    let drivers = match common.options.plain_sockets {
        PlainSockets::Reactor => Drivers::with_reactor(sessions, counted, common.options.spin),
        PlainSockets::Tasks => Drivers::new(sessions, counted),
    };
    // Before anything else: a worker that blocks before its first round is stuck all the same.
    common.metrics.turn(&tally);
    let mut round = interval(ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut acceptor = Acceptor::new(listener);
    // Nothing is ever sent: each connection holds a sender until it has been answered.
    let (answering, mut answered) = mpsc::channel::<Infallible>(1);
    let mut told = pin!(shut_down(order.clone()));
    loop {
        tokio::select! {
            () = &mut told => break,
            _ = round.tick() => common.metrics.turn(&tally),
            (stream, peer) = acceptor.accept(&tally) => {
                let place = Place::take(&common);
                let span = debug_span!("connection", %peer, tls = common.tls.is_some());
                let (drivers, order) = (drivers.clone(), order.clone());
                let answering = answering.clone();
                let served = async move {
                    serve(stream, peer, place, drivers, order).await;
                    drop(answering);
                };
                spawn(served, span);
            }
        }
    }
    // It waits for handlers now, who may take the time they are given.
    tally.rest();
    drop(acceptor);
    drop(answering);
    let deadline = Instant::from_std(after(clock(), common.options.shutdown_time));
    let answered = timeout_at(deadline, answered.recv());
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
pub(crate) async fn shut_down(mut order: watch::Receiver<Order>) {
    let _ = order.wait_for(|order| *order == Order::ShutDown).await;
}
