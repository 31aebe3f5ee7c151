//! Endpoints as a tower service, for those who have an HTTP server already.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response, StatusCode};
use http_body::Body;
use sockeye_endpoint::{Endpoints, InvalidEndpoints, Routes};
use sockeye_types::Close;
use tower_service::Service;

use crate::{
    answer::{Answer, whole},
    driver::{after, clock},
    drivers::Drivers,
    http2::put_as_in_http1,
    metrics::Metrics,
    options::HANDSHAKE_TIME,
    requests,
    upgrade::{answer, text},
};

/// Mounts endpoints in an HTTP server that somebody else runs.
pub trait IntoService {
    /// Makes a tower service of endpoints, for axum, hyper and others on tokio. Paths are matched whole.
    ///
    /// The HTTP server must allow upgrades (axum does). After one, the driver takes the TCP stream out of the HTTP
    /// server's hands, if it is tokio's; any other stream is driven where it is. In HTTP/2, which must have the extended
    /// CONNECT enabled (RFC 8441; hyper's `enable_connect_protocol`), a session is a stream of the connection.
    ///
    /// Nothing that proxies write is read. What the HTTP server knows of a client it may put among the extensions of a
    /// request: [`PeerAddr`](crate::PeerAddr), and the [`Site`](sockeye_endpoint::Site) that origins are compared with.
    /// [`Forwarded::client`](crate::Forwarded::client) finds both for it.
    ///
    /// # Errors
    /// [`InvalidEndpoints`] if they contradict themselves.
    fn into_service(self) -> Result<EndpointService, InvalidEndpoints>;
}

impl IntoService for Endpoints {
    fn into_service(self) -> Result<EndpointService, InvalidEndpoints> {
        Ok(EndpointService(Arc::new(Mounted {
            routes: self.into_routes()?,
            drivers: OnceLock::new(),
            metrics: Metrics::new(0, Arc::default()),
        })))
    }
}

/// Endpoints as a tower service: see [`IntoService`]. Cloning it gives another handle to the same sessions.
///
/// Requests for other paths are answered with 404.
#[derive(Clone)]
pub struct EndpointService(Arc<Mounted>);

struct Mounted {
    routes: Routes,
    /// Made at the first request: only then there is a runtime for certain.
    drivers: OnceLock<Drivers>,
    metrics: Metrics,
}

impl Mounted {
    fn drivers(&self) -> &Drivers {
        self.drivers
            .get_or_init(|| Drivers::new(Arc::default(), self.metrics.tally()))
    }
}

impl EndpointService {
    /// Closes all sessions, also those whose handshake is under way, and waits until their handlers are done. HTTP
    /// servers that shut down gracefully know nothing of connections that were upgraded.
    ///
    /// Call it once the HTTP server has shut down. Without that, requests that it still answers open sessions that are
    /// closed at once.
    ///
    /// Cancel safety: dropped before it is done, the sessions close all the same.
    pub async fn shut_down(&self, close: Close, deadline: Duration) {
        // Handlers that do not even return then are the runtime's to drop.
        let deadline = after(clock(), deadline).into();
        self.0.drivers().shut_down(close, deadline).await;
    }

    /// Returns what these endpoints count: a handle to keep. What the HTTP server does is not counted.
    pub fn metrics(&self) -> Metrics {
        self.0.metrics.clone()
    }

    /// Returns how many sessions there are, those that are about to open included.
    pub fn sessions(&self) -> usize {
        self.0.drivers.get().map_or(0, |drivers| drivers.sessions())
    }
}

impl<B> Service<Request<B>> for EndpointService
where
    B: Body<Data: Send> + Send + 'static,
{
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        put_as_in_http1(&mut request);
        let mounted = Arc::clone(&self.0);
        Box::pin(async move {
            let drivers = mounted.drivers();
            let answered = requests::answer(request, &mounted.routes, drivers.tally()).await;
            let request = match answered {
                Ok(reply) => return Ok(reply),
                Err(request) => request,
            };
            match answer(request, &mounted.routes, drivers, HANDSHAKE_TIME).await {
                Some(reply) => Ok(whole(reply).await),
                None => Ok(text(StatusCode::NOT_FOUND, "nothing is here\n")),
            }
        })
    }
}

impl fmt::Debug for EndpointService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointService")
            .field("sessions", &self.sessions())
            .finish_non_exhaustive()
    }
}
