//! The server's API over HTTP: what an application asks of channels, by POST to `/api/METHOD`.

mod answer;
mod ask;
mod call;
mod key;

use std::{future::Future, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use sockeye::{Endpoints, Requests};
use sockeye_channels::Channels;

use self::{
    answer::{Failure, Mode},
    call::Call,
};
use crate::config::Api;
pub(crate) use key::Keys;

/// What the API is, for programs that read such.
const OPENAPI: &str = include_str!("api/openapi.json");

/// Puts the API on its paths.
pub(crate) fn serve(
    endpoints: Endpoints,
    channels: &Channels,
    keys: &Arc<Keys>,
    api: &Api,
) -> Endpoints {
    let call = Call::new(channels.clone(), api.batch_commands);
    let by_path = Requests::new(
        [Method::POST],
        answering(keys, &call, |request, call| async move {
            let method = request.uri().path().rsplit('/').next().unwrap_or_default();
            call.method(method, request.body(), Mode::of(request.headers()))
                .await
        }),
    );
    let by_lines = Requests::new(
        [Method::POST],
        answering(keys, &call, |request, call| async move {
            call.lines(request.body()).await
        }),
    );
    let described = Requests::new([Method::GET], |_| async {
        json(StatusCode::OK, Bytes::from_static(OPENAPI.as_bytes()))
    });
    endpoints
        .requests("/api", by_lines.with_body_bytes(api.body_bytes))
        .requests("/api/openapi.json", described)
        .requests("/api/{method}", by_path.with_body_bytes(api.body_bytes))
}

/// Lets a function answer those who have a key. What is under way goes on when its caller leaves: an acknowledgement
/// that is lost must not undo half of what was asked.
fn answering<A>(
    keys: &Arc<Keys>,
    call: &Call,
    answer: fn(Request<Bytes>, Call) -> A,
) -> impl Fn(Request<Bytes>) -> std::pin::Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>
+ Send
+ Sync
+ 'static
where
    A: Future<Output = Response<Bytes>> + Send + 'static,
{
    let (keys, call) = (Arc::clone(keys), call.clone());
    move |request| {
        if !keys.let_in(request.headers(), request.uri().query()) {
            return Box::pin(async { refused() });
        }
        let answering = tokio::spawn(answer(request, call.clone()));
        Box::pin(async {
            answering
                .await
                .unwrap_or_else(|_| Failure::INTERNAL.response())
        })
    }
}

fn refused() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response
}

fn json(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests;
