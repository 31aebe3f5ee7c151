//! Plain requests that a function answers: what each must keep to, before the function sees it and while it works.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Version, header, request::Parts};
use http_body::Body;
use sockeye_endpoint::{Requests, Routes, Site};
use tokio::time::timeout;

use crate::{
    answer::{Answer, Reply},
    body::{self, BodyCost, BodyError},
    cors,
    tally::Tally,
    upgrade::{is_handshake, text},
};

/// Answers a request on whose path a function is, and gives back any other.
///
/// Cancel safety: dropped before it is done, the request is given up, and its function is dropped where it waits.
pub(crate) async fn answer<B: Body>(
    request: Request<B>,
    routes: &Routes,
    tally: &Tally,
) -> Result<Reply, Request<B>> {
    if is_handshake(&request) {
        return Err(request);
    }
    let Some(requests) = routes.find_requests(request.uri().path()) else {
        return Err(request);
    };
    let (head, body) = request.into_parts();
    let mut reply = decide(&head, body, requests)
        .await
        .unwrap_or_else(|refusal| refusal);
    if let Some(origins) = requests.origins()
        && origins.allow(&head.headers, &Site::of(&head))
        && head.method != Method::OPTIONS
    {
        cors::permit(&head.headers, reply.headers_mut());
    }
    tally.page(reply.status());
    Ok(reply)
}

/// What each check refuses has its status and words; the function comes last.
async fn decide<B: Body>(head: &Parts, body: B, requests: &Requests) -> Result<Reply, Reply> {
    if let Some(origins) = requests.origins() {
        if !origins.allow(&head.headers, &Site::of(head)) {
            let words = "this origin is not allowed here\n";
            return Err(text(StatusCode::FORBIDDEN, words));
        }
        if head.method == Method::OPTIONS {
            return Ok(cors::preflight(&head.headers, requests.methods()));
        }
    }
    if !requests.takes(&head.method) {
        return Err(not_allowed(requests.methods()));
    }
    if is_without_end(head) {
        let words = "a body must say how long it is\n";
        return Err(text(StatusCode::LENGTH_REQUIRED, words));
    }
    let Some(_under_way) = requests.begin() else {
        let words = "too many requests are under way\n";
        return Err(text(StatusCode::SERVICE_UNAVAILABLE, words));
    };
    let cost = BodyCost {
        bytes: requests.body_bytes(),
        time: requests.body_time(),
    };
    let body = body::read(&head.headers, body, cost)
        .await
        .map_err(unread)?;
    let answering = requests.answer(Request::from_parts(head.clone(), body));
    let response = timeout(requests.answer_time(), answering).await;
    let response: Response<Bytes> = response.map_err(|_| {
        let words = "the answer took too long\n";
        text(StatusCode::SERVICE_UNAVAILABLE, words)
    })?;
    Ok(response.map(Answer::from))
}

/// Refuses a method, and says which would do (RFC 9110 §15.5.6).
pub(crate) fn not_allowed(methods: &[Method]) -> Reply {
    let words = "this method is not allowed here\n";
    let mut reply = text(StatusCode::METHOD_NOT_ALLOWED, words);
    reply
        .headers_mut()
        .insert(header::ALLOW, cors::list(methods));
    reply
}

/// Says whether a request may have a body of which nobody knows where it ends: HTTP/1.0 has no chunks, and without a
/// length it would be taken for one without a body.
pub(crate) fn is_without_end(head: &Parts) -> bool {
    head.version == Version::HTTP_10
        && [Method::POST, Method::PUT, Method::PATCH].contains(&head.method)
        && !head.headers.contains_key(header::CONTENT_LENGTH)
}

/// The answer to whom sends a body that is not read.
pub(crate) fn unread(error: BodyError) -> Reply {
    match error {
        BodyError::TooLarge => text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n"),
        BodyError::TooSlow => text(StatusCode::REQUEST_TIMEOUT, "the body took too long\n"),
        BodyError::BrokenOff => text(StatusCode::BAD_REQUEST, "the body was broken off\n"),
    }
}
