//! A worker: a thread with its own runtime, listener, timers and sessions. Sessions never migrate.

use std::{
    pin::pin,
    sync::{Arc, atomic::AtomicUsize},
};

use bytes::Bytes;
use http::{Response, request::Parts};
use sockeye_endpoint::Routes;
use sockeye_types::Close;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout_at},
};

use crate::{
    connection::{Place, serve},
    drivers::Drivers,
    listener::accept,
    options::Options,
    tls::Tls,
};

/// Answers requests that ask for no upgrade: pages, health checks.
pub(crate) type Pages = dyn Fn(&Parts) -> Option<Response<Bytes>> + Send + Sync;

/// What all workers of a server share.
pub(crate) struct Common {
    pub(crate) routes: Routes,
    pub(crate) pages: Option<Box<Pages>>,
    /// What connections are wrapped in; `None` for plain HTTP.
    pub(crate) tls: Option<Tls>,
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
pub(crate) async fn shut_down(mut order: watch::Receiver<Order>) {
    let _ = order.wait_for(|order| *order == Order::ShutDown).await;
}
