//! Requests for streaming responses: the checks in order, the first message, and the session.

use std::sync::Arc;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header,
    request::Parts,
};
use http_body::Body;
use sockeye_endpoint::{
    Opening, RequestHead, Routes, Site, StreamFraming, UpgradeRequest, UplinkKey,
};
use sockeye_sockjs_proto::{Length, RequestError, SessionMachine, Times};
use sockeye_types::{Message, Text};
use tokio::time::timeout;

use super::{
    frames::StreamWire,
    inlet::StreamInlet,
    query,
    service::{Kind, StreamService},
};
use crate::{
    answer::{Answer, Reply},
    body::{self, BodyCost},
    carried::{Asks, Bound, Driver, Joined, Line, Receiver, Taken, Wire},
    cors,
    driver::clock,
    drivers::Derived,
    held::Frames,
    requests::{is_without_end, not_allowed, unread},
    tally::Verdict,
    upgrade::{PeerAddr, To, at, refused, text},
};

/// There is one receiver, and the session ends with it.
const TIMES: Times = Times {
    heartbeat: std::time::Duration::MAX,
    disconnect_delay: std::time::Duration::ZERO,
};

/// Says whether an endpoint is on a path that is served over streaming responses.
pub(crate) fn is_at(routes: &Routes, path: &str) -> bool {
    routes
        .find(path)
        .is_some_and(|found| found.endpoint.derived(Derived::of).stream.is_some())
}

/// Answers a request for an endpoint that is served over streaming responses.
///
/// Cancel safety: dropped before it is done, the request is given up, and so is the session if it had begun.
pub(crate) async fn answer<B: Body>(
    request: Request<B>,
    service: &Arc<StreamService>,
    to: &To<'_>,
) -> Reply {
    let (head, body) = request.into_parts();
    if !is_allowed(&head, service) {
        to.count(Verdict::Origin);
        let words = "this origin is not allowed here\n";
        return text(StatusCode::FORBIDDEN, words);
    }
    if head.method == Method::OPTIONS {
        return cors::preflight(&head.headers, service.methods());
    }
    // The head is the session's from here on, without what only its first message has.
    let asked = head.headers.clone();
    let mut reply = open(head, body, service, to)
        .await
        .unwrap_or_else(|refusal| refusal);
    cors::permit(&asked, reply.headers_mut());
    reply
}

/// Says whether a request comes from a page that may come in. Where no `Origin` tells, the browser may say that it comes
/// from another site.
fn is_allowed(head: &Parts, service: &StreamService) -> bool {
    let headers = &head.headers;
    let is_from_elsewhere = || {
        headers
            .get("sec-fetch-site")
            .is_some_and(|site| site == "cross-site")
    };
    service.origins.allow(headers, &Site::of(head))
        && (service.origins.is_any()
            || headers.contains_key(header::ORIGIN)
            || !is_from_elsewhere())
}

/// Opens a session, if nothing speaks against it; the answer carries it.
async fn open<B: Body>(
    mut head: Parts,
    body: B,
    service: &Arc<StreamService>,
    to: &To<'_>,
) -> Result<Reply, Reply> {
    let malformed = |reply| {
        to.count(Verdict::Malformed);
        reply
    };
    if !service.methods().contains(&head.method) {
        return Err(malformed(not_allowed(service.methods())));
    }
    let first = first(&mut head, body, service).await.map_err(malformed)?;
    let kind = if first.is_binary() {
        Kind::Binary
    } else {
        Kind::Text
    };
    let opening = ask(&head, service, to).await?;
    let receiver = begin(opening, first, service, to).map_err(|error| {
        to.count(Verdict::TooManySessions);
        no_room(error)
    })?;
    let is_read = head.method != Method::GET;
    let answer = if is_read {
        Answer::held_behind_body(receiver, Frames::Many)
    } else {
        Answer::held(receiver, Frames::Many)
    };
    let mut reply = Response::new(answer);
    put_fields(reply.headers_mut(), service.content_type(kind));
    Ok(reply)
}

/// Finds the first message: in the query, which is the poorer by it from here on, or in the body.
async fn first<B: Body>(
    head: &mut Parts,
    body: B,
    service: &StreamService,
) -> Result<Message, Reply> {
    let missing = || text(StatusCode::BAD_REQUEST, "the first message is missing\n");
    if let (StreamFraming::Events { parameter }, &Method::GET) =
        (&service.options.framing, &head.method)
    {
        let query = head.uri.query().unwrap_or_default();
        let (value, rest) = query::take(query, parameter).ok_or_else(missing)?;
        let rest = Some(&*rest).filter(|rest| !rest.is_empty());
        head.uri = at(head.uri.path(), rest, &head.uri);
        if value.len() > service.options.body_bytes {
            let words = "the first message is too large\n";
            return Err(text(StatusCode::PAYLOAD_TOO_LARGE, words));
        }
        return Some(value)
            .filter(|value| !value.is_empty())
            .map(Message::from)
            .ok_or_else(missing);
    }
    if is_without_end(head) {
        let words = "a body must say how long it is\n";
        return Err(text(StatusCode::LENGTH_REQUIRED, words));
    }
    let cost = BodyCost {
        bytes: service.options.body_bytes,
        time: service.options.body_time,
    };
    let body = body::read(&head.headers, body, cost)
        .await
        .map_err(unread)?;
    if body.is_empty() {
        return Err(missing());
    }
    if service.options.framing == StreamFraming::Lines && is_binary(&head.headers) {
        return Ok(Message::Binary(body));
    }
    Text::try_from(body).map(Message::Text).map_err(|_| {
        let words = "the first message is not UTF-8\n";
        text(StatusCode::BAD_REQUEST, words)
    })
}

fn is_binary(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .and_then(|kind| kind.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/octet-stream"))
}

/// Asks the interceptors whether a session may open.
async fn ask(head: &Parts, service: &StreamService, to: &To<'_>) -> Result<Opening, Reply> {
    let peer_addr = head.extensions.get::<PeerAddr>().map(|peer| peer.0);
    let mut upgrade = UpgradeRequest::new(head, &to.params, peer_addr);
    match timeout(to.handshake_time, to.endpoint.intercept(&mut upgrade)).await {
        Ok(Ok(())) => {}
        Ok(Err(refusal)) => {
            to.count(Verdict::Interceptor);
            return Err(refused(refusal.into_response()));
        }
        Err(_) => {
            to.count(Verdict::Timeout);
            let words = "the handshake took too long\n";
            return Err(text(StatusCode::SERVICE_UNAVAILABLE, words));
        }
    }
    let mut opening = Opening::default();
    opening.attributes = upgrade.attributes;
    opening.peer_addr = peer_addr;
    opening.request = RequestHead::new(head);
    opening.params = to.params.clone();
    opening.transport = service.transport();
    Ok(opening)
}

/// Begins the session, with its first message before it.
fn begin(
    mut opening: Opening,
    first: Message,
    service: &Arc<StreamService>,
    to: &To<'_>,
) -> Result<Receiver, RequestError> {
    let mut random = [0; 16];
    // Whoever has no randomness has no secrets.
    getrandom::fill(&mut random).map_err(|_| RequestError::Busy)?;
    let key = UplinkKey::from_random(random);
    let machine = SessionMachine::new(TIMES, clock());
    let inbox_bytes = service.options.body_bytes;
    let line = Line::new(service.transport(), Bound::default(), inbox_bytes, machine);
    let address = opening.peer_addr.map(|peer| peer.ip());
    let Taken::New(seat) = service.table.take(&key.to_string(), address, line)? else {
        // No two keys are the same.
        return Err(RequestError::Busy);
    };
    let uplink = service.options.find_uplink().map(|uplink| {
        opening.attributes.insert(key);
        let (line, limits) = (Arc::clone(seat.line()), service.limits);
        uplink.enter(key, Arc::new(StreamInlet { line, limits }))
    });
    let place = to.drivers.expect();
    let conversation = to.endpoint.open(opening);
    let session = conversation.session().clone();
    let wire = StreamWire::new(Arc::clone(&service.options), session);
    let asks = Asks {
        wire: Wire::Stream(wire),
        length: Length::Bytes(usize::MAX),
    };
    seat.line().put_first(first);
    let Joined::Receives(receiver) = seat.line().attach(asks, clock()) else {
        return Err(RequestError::Busy);
    };
    let span = to
        .drivers
        .open(&conversation, &to.connection, &to.handshake, "requests");
    crate::drivers::spawn(Driver::new(conversation, uplink, seat, place), span);
    Ok(receiver)
}

fn no_room(error: RequestError) -> Reply {
    let (status, words) = match error {
        RequestError::TooManySessionsForAddress => (
            StatusCode::TOO_MANY_REQUESTS,
            "too many sessions from this address\n",
        ),
        RequestError::TooManySessions => (StatusCode::SERVICE_UNAVAILABLE, "too many sessions\n"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "no session can begin\n"),
    };
    text(status, words)
}

/// Nothing on the way may keep or gather what is sent.
fn put_fields(headers: &mut HeaderMap, content_type: HeaderValue) {
    headers.insert(header::CONTENT_TYPE, content_type);
    let never = "private, no-cache, no-store, no-transform, must-revalidate, max-age=0";
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(never));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::EXPIRES, HeaderValue::from_static("0"));
    let unbuffered = HeaderName::from_static("x-accel-buffering");
    headers.insert(unbuffered, HeaderValue::from_static("no"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
}
