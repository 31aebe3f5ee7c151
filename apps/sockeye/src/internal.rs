//! The internal port: `/metrics`, `/health` and `/ready`, for those who watch the server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header, request::Parts};
use sockeye::Metrics;

use crate::{channels::Watched, exposition, process::Process};

/// A worker that has not come round for so long is stuck.
const STUCK: Duration = Duration::from_secs(5);

/// Whether new clients should be sent here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ready(Arc<AtomicBool>);

impl Ready {
    /// The server serves from now on.
    pub(crate) fn begin(&self) {
        self.0.store(true, Relaxed);
    }

    /// The server shuts down.
    pub(crate) fn end(&self) {
        self.0.store(false, Relaxed);
    }
}

/// Answers a request on the internal port; `None` where nothing is.
pub(crate) fn respond(
    request: &Parts,
    metrics: &Metrics,
    channels: Option<&Watched>,
    ready: &Ready,
) -> Option<Response<Bytes>> {
    let response = match request.uri.path() {
        "/metrics" => of_metrics(metrics, channels),
        "/health" => health(metrics.stuck_for()),
        "/ready" if channels.is_some_and(|channels| !channels.is_open()) => {
            plain(StatusCode::SERVICE_UNAVAILABLE, "the broker is closed\n")
        }
        "/ready" if ready.0.load(Relaxed) && metrics.is_turning() => {
            plain(StatusCode::OK, "ready\n")
        }
        "/ready" => plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "starting or shutting down\n",
        ),
        _ => return None,
    };
    if request.method != Method::GET && request.method != Method::HEAD {
        let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD here\n");
        let allow = HeaderValue::from_static("GET, HEAD");
        refused.headers_mut().insert(header::ALLOW, allow);
        return Some(refused);
    }
    Some(response)
}

fn of_metrics(metrics: &Metrics, channels: Option<&Watched>) -> Response<Bytes> {
    let channels = channels.map(|watched| (&watched.channels, watched.stats()));
    let text = exposition::text(&metrics.snapshot(), channels, &Process::read());
    let mut response = Response::new(text.into());
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn health(stuck_for: Duration) -> Response<Bytes> {
    if stuck_for < STUCK {
        plain(StatusCode::OK, "healthy\n")
    } else {
        plain(StatusCode::SERVICE_UNAVAILABLE, "a worker is stuck\n")
    }
}

fn plain(status: StatusCode, body: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    use sockeye_broker_sqlite::{Options, SqliteBroker};
    use sockeye_channels::{Channels, MemoryBroker, Settings};

    #[test]
    fn a_server_whose_workers_do_not_run_yet_is_not_ready() {
        let server = sockeye::Server::new(sockeye::Endpoints::new());
        let metrics = server.bind("127.0.0.1:0").unwrap().metrics();
        let (request, ()) = http::Request::get("/ready").body(()).unwrap().into_parts();
        let ready = Ready::default();
        ready.begin();
        let response = respond(&request, &metrics, None, &ready).unwrap();
        assert_eq!(response.status(), 503);
    }

    #[tokio::test]
    async fn a_server_whose_file_of_publications_is_closed_is_not_ready() {
        let path = std::env::temp_dir().join(format!("sockeye-ready-{}", std::process::id()));
        let file = SqliteBroker::open(path.join("p.db"), Options::default()).unwrap();
        let settings = Settings::default().validate().unwrap();
        let channels = Channels::new(settings, Arc::new(MemoryBroker::new())).unwrap();
        let file = Some(Arc::new(file));
        let watched = Watched { channels, file };
        let metrics = sockeye::Server::new(sockeye::Endpoints::new());
        let metrics = metrics.bind("127.0.0.1:0").unwrap().metrics();
        let (request, ()) = http::Request::get("/ready").body(()).unwrap().into_parts();
        let said = || {
            let ready = Ready::default();
            let response = respond(&request, &metrics, Some(&watched), &ready);
            response.unwrap().into_body()
        };
        assert_eq!(said(), "starting or shutting down\n");
        watched.file.as_ref().unwrap().close().await;
        assert_eq!(said(), "the broker is closed\n");
        let _ = std::fs::remove_dir_all(path);
    }

    #[test]
    fn a_worker_that_is_stuck_for_five_seconds_is_no_health() {
        assert_eq!(health(STUCK - Duration::from_millis(1)).status(), 200);
        assert_eq!(health(STUCK).status(), 503);
    }
}
