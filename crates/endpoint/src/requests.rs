//! A function that answers plain requests, and what they may cost.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use crate::{Origins, catch::CatchUnwind};

type Answering = Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;
type Answerer = dyn Fn(Request<Bytes>) -> Answering + Send + Sync;

/// A function that answers plain requests on a path, each with its body whole, and what they may cost.
///
/// Put on a path with [`Endpoints::requests`](crate::Endpoints::requests).
///
/// ```
/// use bytes::Bytes;
/// use http::{Method, Request, Response};
/// use sockeye_endpoint::{Endpoints, Requests};
///
/// async fn shout(request: Request<Bytes>) -> Response<Bytes> {
///     Response::new(request.body().to_ascii_uppercase().into())
/// }
///
/// let endpoints = Endpoints::new().requests("/shout", Requests::new([Method::POST], shout));
/// assert!(endpoints.into_routes().is_ok());
/// ```
#[derive(Clone)]
pub struct Requests {
    methods: Vec<Method>,
    body_bytes: usize,
    body_time: Duration,
    answer_time: Duration,
    concurrent: usize,
    origins: Option<Origins>,
    answer: Arc<Answerer>,
    under_way: Arc<AtomicUsize>,
}

/// A request under way, until it is dropped.
#[derive(Debug)]
#[must_use = "dropped, the request is no longer counted"]
pub struct RequestUnderWay(Arc<AtomicUsize>);

impl Requests {
    /// Makes one of a function, for requests with these methods; `HEAD` goes with `GET`. Any other is answered with 405.
    ///
    /// A function that panics answers with 500. It is dropped where it waits when the client leaves: what must not stop
    /// half-way belongs into a task of its own.
    pub fn new<F, A>(methods: impl IntoIterator<Item = Method>, answer: F) -> Self
    where
        F: Fn(Request<Bytes>) -> A + Send + Sync + 'static,
        A: Future<Output = Response<Bytes>> + Send + 'static,
    {
        Self {
            methods: methods.into_iter().collect(),
            body_bytes: 64 << 10,
            body_time: Duration::from_secs(10),
            answer_time: Duration::from_secs(30),
            concurrent: 1024,
            origins: None,
            answer: Arc::new(move |request| Box::pin(answer(request))),
            under_way: Arc::default(),
        }
    }

    /// Sets how large a body may be, in bytes. Default 64 KiB. A larger one is answered with 413. Each request under way
    /// may make the server hold this much.
    #[must_use]
    pub fn with_body_bytes(mut self, body_bytes: usize) -> Self {
        self.body_bytes = body_bytes;
        self
    }

    /// Sets how long a body may take to arrive. Default 10 s. A slower one is answered with 408.
    #[must_use]
    pub fn with_body_time(mut self, body_time: Duration) -> Self {
        self.body_time = body_time;
        self
    }

    /// Sets how long the function may take. Default 30 s. Then it is dropped where it waits, and 503 answers.
    #[must_use]
    pub fn with_answer_time(mut self, answer_time: Duration) -> Self {
        self.answer_time = answer_time;
        self
    }

    /// Sets how many requests may be under way at a time, in all connections. Default 1,024. One more is answered with
    /// 503. One connection has one in HTTP/1.1, and as many as the server's `http2_streams` in HTTP/2.
    #[must_use]
    pub fn with_concurrent(mut self, concurrent: usize) -> Self {
        self.concurrent = concurrent;
        self
    }

    /// Lets pages of these origins ask and read the answers (CORS), with their credentials; those of others are refused
    /// with 403. `OPTIONS` is answered with 204. Default: nothing is told to pages, and no origin is looked at.
    #[must_use]
    pub fn with_origins(mut self, origins: Origins) -> Self {
        self.origins = Some(origins);
        self
    }

    /// Returns the methods that it takes.
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// Says whether it takes requests with a method.
    pub fn takes(&self, method: &Method) -> bool {
        let named = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        self.methods.contains(method) || self.methods.contains(named)
    }

    /// Returns how large a body may be.
    pub fn body_bytes(&self) -> usize {
        self.body_bytes
    }

    /// Returns how long a body may take.
    pub fn body_time(&self) -> Duration {
        self.body_time
    }

    /// Returns how long the function may take.
    pub fn answer_time(&self) -> Duration {
        self.answer_time
    }

    /// Returns whose pages may ask, if that is restricted.
    pub fn origins(&self) -> Option<&Origins> {
        self.origins.as_ref()
    }

    /// Counts a request, unless there are too many.
    pub fn begin(&self) -> Option<RequestUnderWay> {
        let begun = RequestUnderWay(Arc::clone(&self.under_way));
        let others = self.under_way.fetch_add(1, Relaxed);
        (others < self.concurrent).then_some(begun)
    }

    /// Has the function answer.
    ///
    /// Cancel safety: dropped before it is done, so is the function, where it waits.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let answer = Arc::clone(&self.answer);
        // A function that panics while it is called does so in here.
        let answering: Answering = Box::pin(async move { answer(request).await });
        CatchUnwind(answering).await.unwrap_or_else(|panic| {
            tracing::error!(%panic, "a function that answers requests panicked");
            let mut response = Response::new(Bytes::from_static(b"internal error\n"));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        })
    }
}

impl Drop for RequestUnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests")
            .field("methods", &self.methods)
            .field("body_bytes", &self.body_bytes)
            .field("concurrent", &self.concurrent)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_executor::block_on;

    use super::*;

    #[test]
    fn a_panic_is_answered_with_500_and_one_request_too_many_does_not_begin() {
        let requests = Requests::new([Method::GET], |_| async { panic!("oh") }).with_concurrent(1);
        assert!(requests.takes(&Method::HEAD) && !requests.takes(&Method::POST));
        let begun = requests.begin();
        assert!(begun.is_some() && requests.begin().is_none());
        drop(begun);
        assert!(requests.begin().is_some());
        let response = block_on(requests.answer(Request::new(Bytes::new())));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
