//! The requests of SockJS, each answered by what its path names.

use http::{Method, Request, header, request::Parts};
use http_body::Body;
use sockeye_endpoint::{Endpoint, Opening, RequestHead, Routes, Site, UpgradeRequest};
use sockeye_sockjs_proto::{
    Callback, Framing, Receive, RequestError, Resource, SendBy, SessionMachine, read_send,
};
use std::sync::Arc;
use tokio::time::timeout;

use super::{frames::message, service::Service};
use crate::{
    answer::{Answer, Reply},
    body::{self, BodyCost, BodyError},
    carried::{Asks, Bound, Driver, Joined, Line, Receiver, Taken, Wire},
    driver::clock,
    held::Frames,
    tally::Verdict,
    upgrade::{PeerAddr, To, refused},
};

/// Says whether a path names one of SockJS's resources, other than the endpoint itself.
pub(crate) fn is_resource(routes: &Routes, path: &str) -> bool {
    routes
        .find(path)
        .is_some_and(|found| !found.below.is_empty() && Resource::of(found.below).is_some())
}

/// Answers a request for one of SockJS's resources, but for those that open a WebSocket.
pub(crate) async fn answer<B: Body>(
    request: Request<B>,
    resource: Option<Resource<'_>>,
    service: &Arc<Service>,
    to: &To<'_>,
) -> Reply {
    let (head, body) = request.into_parts();
    let whole = |response: http::Response<bytes::Bytes>| response.map(Answer::from);
    let rules = &service.rules;
    let refuse = |error| whole(rules.error(&head.headers, resource, error));
    let Some(resource) = resource else {
        return refuse(RequestError::NotFound);
    };
    if !service.offers(resource) {
        return refuse(RequestError::NotOffered);
    }
    if !resource.allows(&head.method) {
        return whole(rules.method_not_allowed(resource));
    }
    let is_page = matches!(resource, Resource::Greeting | Resource::Iframe);
    if !is_page && !is_allowed(&to.endpoint, &head, service) {
        to.count(Verdict::Origin);
        return refuse(RequestError::ForeignOrigin);
    }
    if head.method == Method::OPTIONS {
        return whole(rules.preflight(&head.headers, resource));
    }
    let answered = match resource {
        Resource::Greeting => Ok(whole(rules.greeting())),
        Resource::Iframe => Ok(whole(rules.iframe(&head.headers, &service.iframe))),
        Resource::Info => Ok(whole(rules.info(
            &head.headers,
            &service.capabilities,
            entropy(),
        ))),
        Resource::RawWebSocket | Resource::WebSocket => {
            to.count(Verdict::Malformed);
            Err(RequestError::NotAWebSocketRequest)
        }
        Resource::Receive { session, by } => match receive(&head, session, by, service, to).await {
            Ok(receiver) => {
                let frames = if by.is_streaming() {
                    Frames::Many
                } else {
                    Frames::One
                };
                let answer = Answer::held(receiver, frames);
                Ok(rules.receive(&head.headers, by).map(|()| answer))
            }
            Err(Refused::Request(error)) => Err(error),
            Err(Refused::Reply(reply)) => return reply,
        },
        Resource::Send { session, by } => send(&head, body, session, by, service)
            .await
            .map(|()| whole(rules.sent(&head.headers, by))),
    };
    answered.unwrap_or_else(refuse)
}

/// Says whether a request comes from a page that may come in. Where no `Origin` tells, as with scripts and frames, the
/// browser may say that it comes from another site.
fn is_allowed(endpoint: &Endpoint, head: &Parts, service: &Service) -> bool {
    let headers = &head.headers;
    let is_from_elsewhere = || {
        headers
            .get("sec-fetch-site")
            .is_some_and(|site| site == "cross-site")
    };
    endpoint.check_origin(headers, &Site::of(head)).is_ok()
        && (service.is_open_to_all()
            || headers.contains_key(header::ORIGIN)
            || !is_from_elsewhere())
}

/// A number that nobody guesses, for clients that have none of their own.
fn entropy() -> u32 {
    getrandom::u32().unwrap_or_else(|_| {
        // Whoever has no randomness has no TLS either; the client has its own since long.
        clock().elapsed().subsec_nanos()
    })
}

/// Why a request to receive is not let in.
enum Refused {
    Request(RequestError),
    /// By an interceptor, in its own words.
    Reply(Reply),
}

impl From<RequestError> for Refused {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

/// Lets a request receive from its session, which begins with it if there is none.
async fn receive(
    head: &Parts,
    id: &str,
    by: Receive,
    service: &Arc<Service>,
    to: &To<'_>,
) -> Result<Receiver, Refused> {
    let callback = by
        .has_callback()
        .then(|| Callback::from_query(head.uri.query(), service.options().callback_bytes))
        .transpose()
        .inspect_err(|_| to.count(Verdict::Malformed))?;
    let framing = Framing::of(by, callback.as_ref())?;
    let bound = service.bound(head);
    let asks = || Asks {
        wire: Wire::SockJs {
            by,
            framing: framing.clone(),
            binary: service.binary,
        },
        length: service.length(by),
    };
    if let Some(line) = service.table.find(id) {
        if !is_of(&line, by, &bound) {
            return Err(RequestError::UnknownSession.into());
        }
        if let Joined::Receives(receiver) = line.attach(asks(), clock()) {
            return Ok(receiver);
        }
    }
    let opening = open(head, by, to).await?;
    let line = Line::new(
        by.transport(),
        bound.clone(),
        service.options().body_bytes,
        SessionMachine::new(service.times, clock()),
    );
    let address = opening.peer_addr.map(|peer| peer.ip());
    let seat = match service.table.take(id, address, line) {
        Ok(Taken::New(seat)) => seat,
        Ok(Taken::Known(line)) if is_of(&line, by, &bound) => {
            return match line.attach(asks(), clock()) {
                Joined::Receives(receiver) => Ok(receiver),
                Joined::Gone => Err(RequestError::Busy.into()),
            };
        }
        Ok(Taken::Known(_)) => return Err(RequestError::UnknownSession.into()),
        Err(error) => {
            to.count(Verdict::TooManySessions);
            return Err(error.into());
        }
    };
    let Joined::Receives(receiver) = seat.line().attach(asks(), clock()) else {
        return Err(RequestError::Busy.into());
    };
    let place = to.drivers.expect();
    let conversation = to.endpoint.open(opening);
    let span = to
        .drivers
        .open(&conversation, &to.connection, &to.handshake, "requests");
    let driver = Driver::new(conversation, None, seat, place);
    crate::drivers::spawn(driver, span);
    Ok(receiver)
}

/// Says whether a session is the one that a request may have: on the same transport, and of the same client.
fn is_of(line: &Line, by: Receive, bound: &Bound) -> bool {
    line.transport == by.transport() && line.bound == *bound
}

/// Asks the interceptors whether a session may open.
async fn open(head: &Parts, by: Receive, to: &To<'_>) -> Result<Opening, Refused> {
    let peer_addr = head.extensions.get::<PeerAddr>().map(|peer| peer.0);
    let mut upgrade = UpgradeRequest::new(head, &to.params, peer_addr);
    match timeout(to.handshake_time, to.endpoint.intercept(&mut upgrade)).await {
        Ok(Ok(())) => {}
        Ok(Err(refusal)) => {
            to.count(Verdict::Interceptor);
            return Err(Refused::Reply(refused(refusal.into_response())));
        }
        Err(_) => {
            to.count(Verdict::Timeout);
            return Err(RequestError::Busy.into());
        }
    }
    let mut opening = Opening::default();
    opening.attributes = upgrade.attributes;
    opening.peer_addr = peer_addr;
    opening.request = RequestHead::new(head);
    opening.params = to.params.clone();
    opening.transport = by.transport();
    Ok(opening)
}

/// Takes what a client sends.
async fn send<B: Body>(
    head: &Parts,
    body: B,
    id: &str,
    by: SendBy,
    service: &Service,
) -> Result<(), RequestError> {
    let bound = service.bound(head);
    let line = service
        .table
        .find(id)
        .filter(|line| line.bound == bound)
        .ok_or(RequestError::UnknownSession)?;
    let cost = BodyCost {
        bytes: service.options().body_bytes,
        time: service.limits.message_time,
    };
    let body = body::read(&head.headers, body, cost)
        .await
        .map_err(unread)?;
    let content_type = head.headers.get(header::CONTENT_TYPE);
    let texts = read_send(by, content_type, &body, service.body_limits())?;
    let messages = texts
        .into_iter()
        .map(|text| message(text, service.binary))
        .collect();
    match timeout(service.limits.message_time, line.put(messages)).await {
        Ok(put) => put,
        Err(_) => Err(RequestError::Busy),
    }
}

fn unread(error: BodyError) -> RequestError {
    match error {
        BodyError::TooLarge => RequestError::BodyTooLarge,
        BodyError::TooSlow => RequestError::BodyTooSlow,
        BodyError::BrokenOff => RequestError::PayloadExpected,
    }
}
