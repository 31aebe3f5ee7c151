//! From a request to a session: the checks before 101, or 200 in HTTP/2, in order, and the answer.

use std::{
    future::{Future, poll_fn},
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header, request::Parts,
};
use http_body::Body;
use hyper::{ext::Protocol, upgrade::OnUpgrade};
use sockeye_endpoint::{Endpoint, Opening, PathParams, RequestHead, Routes, Site, UpgradeRequest};
use sockeye_sockjs_proto::Resource;
use sockeye_types::Transport;
use sockeye_ws_proto::handshake::{self, Accepted, HandshakeError, ServerOffer};
use tokio::time::{error::Elapsed, timeout};
use tracing::{Instrument, Span, debug_span, field};

use crate::{
    activity::Alive,
    answer::{Answer, Reply},
    drivers::{Derived, Drivers, Newcomer},
    http2::SessionStream,
    sockjs, streams,
    tally::Verdict,
};

/// The address of the client, among the extensions of a request. A server that mounts endpoints puts it there if its
/// sessions should know; [`Server`](crate::Server) does so by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it is an address and nothing else"
)]
pub struct PeerAddr(pub SocketAddr);

/// Says whether a request asks for WebSocket, rightly or wrongly. Others on the same path may get a page.
pub(crate) fn is_handshake<B>(request: &Request<B>) -> bool {
    if request.version() == Version::HTTP_2 {
        return request.method() == Method::CONNECT;
    }
    let headers = request.headers();
    headers.contains_key(header::UPGRADE) || headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

/// What carries a session.
enum Carrier {
    /// The connection itself.
    Connection,
    /// A stream of a connection in HTTP/2.
    Stream(Option<Alive>),
}

/// What a request comes to.
pub(crate) enum Outcome {
    /// A session. Its answer is still to be sent.
    Opens(Box<Opens>),
    /// Any other answer.
    Answered(Reply),
}

/// A session that is about to open.
pub(crate) struct Opens {
    pub(crate) newcomer: Newcomer,
    /// 101, or 200 in HTTP/2.
    pub(crate) response: Response<()>,
    upgrade: OnUpgrade,
    carrier: Carrier,
}

/// Answers a request for a path on which an endpoint is: with 101, or 200 in HTTP/2, and a session once that is sent;
/// with what SockJS has below that path; or with a refusal.
pub(crate) async fn answer<B: Body>(
    request: Request<B>,
    routes: &Routes,
    drivers: &Drivers,
    handshake_time: Duration,
) -> Option<Reply> {
    let opens = match consider(request, routes, drivers, handshake_time).await? {
        Outcome::Opens(opens) => *opens,
        Outcome::Answered(reply) => return Some(reply),
    };
    let Opens {
        newcomer,
        response,
        upgrade,
        carrier,
    } = opens;
    let handshake = newcomer.handshake.clone();
    let opening = open(upgrade, carrier, newcomer, drivers.clone(), handshake_time);
    tokio::spawn(opening.instrument(handshake));
    Some(response.map(|()| Answer::from(Bytes::new())))
}

/// Decides what a request for a path on which an endpoint is comes to. Refusals are counted.
///
/// Cancel safety: dropped before it is done, the request is given up, and nothing is counted.
pub(crate) async fn consider<B: Body>(
    mut request: Request<B>,
    routes: &Routes,
    drivers: &Drivers,
    handshake_time: Duration,
) -> Option<Outcome> {
    let uri = request.uri().clone();
    let path = uri.path();
    let Some(found) = routes.find(path) else {
        if is_tunnel(&request) {
            let (verdict, refusal) = malformed(&HandshakeError::MissingConnectProtocol);
            drivers.tally().handshake(verdict);
            return Some(Outcome::Answered(refusal));
        }
        if is_handshake(&request) {
            drivers.tally().handshake(Verdict::NotFound);
            tracing::debug!(path, status = 404, "handshake refused");
        }
        return None;
    };
    let derived = found.endpoint.derived(Derived::of);
    // What follows may be secret: logs, interceptors and handlers know the endpoint's path only.
    let own = path.strip_suffix(found.below).unwrap_or(path);
    let own = if own.is_empty() { "/" } else { own };
    if !found.below.is_empty() {
        *request.uri_mut() = at(own, uri.query(), &uri);
    }
    // Sessions outlive their handshake: they belong to the connection, as it does.
    let connection = Span::current();
    let span = debug_span!("handshake", path = ?own, result = field::Empty);
    let to = To {
        endpoint: Arc::clone(found.endpoint),
        path: own,
        params: found.params,
        drivers,
        handshake_time,
        connection,
        handshake: span.clone(),
    };
    if let Some(service) = &derived.stream {
        // It is large, as what follows for SockJS is, and no opening handshake should hold room for it.
        let answered = Box::pin(streams::answer(request, service, &to).instrument(span));
        return Some(Outcome::Answered(answered.await));
    }
    let Some(service) = &derived.sockjs else {
        return Some(if span.is_disabled() {
            shake_hands(request, to, Transport::WebSocket).await
        } else {
            Box::pin(shake_hands(request, to, Transport::WebSocket).instrument(span)).await
        });
    };
    let resource = Resource::of(found.below);
    let answered = async {
        match service.handshake(resource, &request) {
            Some(transport) => shake_hands(request, to, transport).await,
            None => Outcome::Answered(sockjs::answer(request, resource, service, &to).await),
        }
    };
    Some(Box::pin(answered.instrument(span)).await)
}

/// Returns a target with another path and query.
pub(crate) fn at(path: &str, query: Option<&str>, uri: &Uri) -> Uri {
    let target = match query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = target.parse().ok();
    Uri::from_parts(parts).unwrap_or_default()
}

/// Where a handshake leads.
pub(crate) struct To<'a> {
    pub(crate) endpoint: Arc<Endpoint>,
    /// The endpoint's own path, as it was asked for.
    pub(crate) path: &'a str,
    pub(crate) params: PathParams,
    pub(crate) drivers: &'a Drivers,
    pub(crate) handshake_time: Duration,
    /// The span of the connection.
    pub(crate) connection: Span,
    /// The span of the handshake itself.
    pub(crate) handshake: Span,
}

impl To<'_> {
    pub(crate) fn count(&self, verdict: Verdict) {
        count(self.drivers, &self.handshake, verdict);
    }
}

/// Books what came of a handshake, and says so in its span.
fn count(drivers: &Drivers, handshake: &Span, verdict: Verdict) {
    drivers.tally().handshake(verdict);
    handshake.record("result", verdict.label());
}

async fn shake_hands<B>(mut request: Request<B>, to: To<'_>, transport: Transport) -> Outcome {
    let carrier = match request.version() {
        Version::HTTP_2 => Carrier::Stream(request.extensions_mut().remove()),
        _ => Carrier::Connection,
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let (head, _) = request.into_parts();
    let deciding = pin!(decide(&head, &to, transport));
    let decided = in_time(to.handshake_time, deciding).await;
    let (newcomer, response) = match decided {
        Ok(Ok(accepted)) => accepted,
        Ok(Err((verdict, refusal))) => {
            to.count(verdict);
            tracing::debug!(
                path = to.path,
                status = refusal.status().as_u16(),
                "handshake refused"
            );
            return Outcome::Answered(refusal);
        }
        Err(_) => {
            to.count(Verdict::Timeout);
            return Outcome::Answered(text(
                StatusCode::SERVICE_UNAVAILABLE,
                "the handshake took too long\n",
            ));
        }
    };
    Outcome::Opens(Box::new(Opens {
        newcomer,
        response,
        upgrade,
        carrier,
    }))
}

/// Waits for something, so long at most. What is ready at once costs no timer.
async fn in_time<T>(
    time: Duration,
    mut event: Pin<&mut impl Future<Output = T>>,
) -> Result<T, Elapsed> {
    if let Poll::Ready(ready) = poll_fn(|cx| Poll::Ready(event.as_mut().poll(cx))).await {
        return Ok(ready);
    }
    timeout(time, event).await
}

/// Says whether a request asks for a tunnel to somewhere else. It has no path on which anything could be.
fn is_tunnel<B>(request: &Request<B>) -> bool {
    request.version() == Version::HTTP_2
        && request.method() == Method::CONNECT
        && request.extensions().get::<Protocol>().is_none()
}

/// What each check refuses has its status and words; 101 or 200 comes last.
async fn decide(
    head: &Parts,
    to: &To<'_>,
    transport: Transport,
) -> Result<(Newcomer, Response<()>), (Verdict, Reply)> {
    let endpoint = &to.endpoint;
    let options = endpoint.options();
    let offer = ServerOffer {
        protocols: &options.protocols,
        deflate: options.deflate.as_ref(),
    };
    let accepted = match head.version {
        Version::HTTP_2 => {
            let protocol = head.extensions.get().map(Protocol::as_str);
            handshake::accept_extended(head, protocol, &offer)
        }
        _ => handshake::accept(head, &offer),
    };
    let accepted = accepted.map_err(|error| malformed(&error))?;
    endpoint
        .check_origin(&head.headers, &Site::of(head))
        .map_err(|refusal| (Verdict::Origin, refused(refusal.into_response())))?;
    let peer_addr = head.extensions.get::<PeerAddr>().map(|peer| peer.0);
    let mut upgrade = UpgradeRequest::new(head, &to.params, peer_addr);
    endpoint
        .intercept(&mut upgrade)
        .await
        .map_err(|refusal| (Verdict::Interceptor, refused(refusal.into_response())))?;
    let attributes = upgrade.attributes;
    let Accepted {
        response,
        protocol,
        deflate,
        ..
    } = accepted;
    let mut opening = Opening::default();
    opening.peer_addr = peer_addr;
    opening.request = RequestHead::new(head);
    opening.transport = transport;
    opening.params = to.params.clone();
    opening.protocol = protocol;
    opening.attributes = attributes;
    Ok((
        Newcomer {
            endpoint: Arc::clone(endpoint),
            opening,
            deflate,
            greeting: Vec::new(),
            place: to.drivers.expect(),
            connection: to.connection.clone(),
            handshake: to.handshake.clone(),
        },
        response,
    ))
}

/// Opens the session once the answer is on its way. A client that is gone by then never had one.
async fn open(
    upgrade: OnUpgrade,
    carrier: Carrier,
    newcomer: Newcomer,
    drivers: Drivers,
    handshake_time: Duration,
) {
    match (timeout(handshake_time, upgrade).await, carrier) {
        (Ok(Ok(upgraded)), Carrier::Connection) => drivers.upgrade(upgraded, newcomer),
        (Ok(Ok(upgraded)), Carrier::Stream(alive)) => {
            drivers.drive(SessionStream::new(upgraded, alive), &[], newcomer);
        }
        (Ok(Err(error)), _) => {
            count(&drivers, &newcomer.handshake, Verdict::Abandoned);
            tracing::debug!(%error, "the client left during the handshake");
        }
        (Err(_), _) => {
            count(&drivers, &newcomer.handshake, Verdict::Abandoned);
            tracing::debug!("the client did not take the answer to its handshake");
        }
    }
}

fn malformed(error: &HandshakeError) -> (Verdict, Reply) {
    let verdict = match error {
        HandshakeError::Version
        | HandshakeError::MissingVersion
        | HandshakeError::DoubledVersion => Verdict::Version,
        _ => Verdict::Malformed,
    };
    let reply = refused(error.response().map(|()| format!("{error}\n")));
    (verdict, reply)
}

pub(crate) fn refused(response: Response<String>) -> Reply {
    let mut reply = response.map(|body| Answer::from(Bytes::from(body)));
    let headers = reply.headers_mut();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.entry(header::CONTENT_TYPE).or_insert(plain);
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    reply
}

/// A response in plain text.
pub(crate) fn text(status: StatusCode, body: &'static str) -> Reply {
    let mut response = Response::new(body.to_owned());
    *response.status_mut() = status;
    refused(response)
}
