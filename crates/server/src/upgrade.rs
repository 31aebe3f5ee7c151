//! From a request to a session: the checks before 101, in order, and the answer.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header, request::Parts};
use http_body_util::Full;
use hyper::upgrade::OnUpgrade;
use sockeye_endpoint::{Endpoint, Opening, PathParams, RequestHead, Routes, UpgradeRequest};
use sockeye_ws_proto::handshake::{self, Accepted, HandshakeError, ServerOffer};
use tokio::time::timeout;

use crate::{
    drivers::{Drivers, Newcomer},
    tally::Verdict,
};

/// A response, complete in memory.
pub(crate) type Reply = Response<Full<Bytes>>;

/// The address of the client, among the extensions of a request. A server that mounts endpoints puts it there if its
/// sessions should know; [`Server`](crate::Server) does so by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it is an address and nothing else"
)]
pub struct PeerAddr(pub SocketAddr);

/// Says whether a request asks for WebSocket, rightly or wrongly. Others on the same path may get a page.
pub(crate) fn is_handshake(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE) || headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

/// Answers a request for a path on which an endpoint is: with 101, and a session once that is sent, or with a refusal.
pub(crate) async fn answer<B>(
    mut request: Request<B>,
    routes: &Routes,
    drivers: &Drivers,
    handshake_time: Duration,
) -> Option<Reply> {
    let Some((endpoint, params)) = routes.find(request.uri().path()) else {
        drivers.tally().handshake(Verdict::NotFound);
        return None;
    };
    let endpoint = Arc::clone(endpoint);
    let upgrade = hyper::upgrade::on(&mut request);
    let (head, _) = request.into_parts();
    let decided = timeout(handshake_time, decide(&head, &endpoint, params, drivers)).await;
    let (newcomer, response) = match decided {
        Ok(Ok(accepted)) => accepted,
        Ok(Err((verdict, refusal))) => {
            drivers.tally().handshake(verdict);
            tracing::debug!(
                path = head.uri.path(),
                status = refusal.status().as_u16(),
                "handshake refused"
            );
            return Some(refusal);
        }
        Err(_) => {
            drivers.tally().handshake(Verdict::Timeout);
            return Some(text(
                StatusCode::SERVICE_UNAVAILABLE,
                "the handshake took too long\n",
            ));
        }
    };
    tokio::spawn(open(upgrade, newcomer, drivers.clone(), handshake_time));
    Some(response.map(|()| Full::default()))
}

/// What each check refuses has its status and words; 101 comes last.
async fn decide(
    head: &Parts,
    endpoint: &Arc<Endpoint>,
    params: PathParams,
    drivers: &Drivers,
) -> Result<(Newcomer, Response<()>), (Verdict, Reply)> {
    let options = endpoint.options();
    let offer = ServerOffer {
        protocols: &options.protocols,
        deflate: options.deflate.as_ref(),
    };
    let accepted = handshake::accept(head, &offer).map_err(|error| malformed(&error))?;
    endpoint
        .check_origin(&head.headers)
        .map_err(|refusal| (Verdict::Origin, refused(refusal.into_response())))?;
    let peer_addr = head.extensions.get::<PeerAddr>().map(|peer| peer.0);
    let mut upgrade = UpgradeRequest::new(head, &params, peer_addr);
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
    opening.params = params;
    opening.protocol = protocol;
    opening.attributes = attributes;
    Ok((
        Newcomer {
            endpoint: Arc::clone(endpoint),
            opening,
            deflate,
            place: drivers.expect(),
        },
        response,
    ))
}

/// Opens the session once the 101 is on its way. A client that is gone by then never had one.
async fn open(upgrade: OnUpgrade, newcomer: Newcomer, drivers: Drivers, handshake_time: Duration) {
    match timeout(handshake_time, upgrade).await {
        Ok(Ok(upgraded)) => drivers.upgrade(upgraded, newcomer),
        Ok(Err(error)) => {
            drivers.tally().handshake(Verdict::Abandoned);
            tracing::debug!(%error, "the client left during the handshake");
        }
        Err(_) => {
            drivers.tally().handshake(Verdict::Abandoned);
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

fn refused(response: Response<String>) -> Reply {
    let mut reply = response.map(|body| Full::new(Bytes::from(body)));
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
