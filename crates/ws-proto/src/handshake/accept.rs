//! The server's half: from a request to the 101 that answers it, in HTTP/2 to the 200.

use http::{
    Response, StatusCode,
    header::{
        CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL, UPGRADE,
    },
    request::Parts,
};
use sockeye_types::Deflate;

use super::{
    HandshakeError, UPGRADE as UPGRADE_TOKEN, WEBSOCKET, header_value,
    key::accept_of,
    request::{check, check_extended},
};
use crate::{
    deflate::{self, Agreed},
    header::{distinct_tokens, extensions},
};

/// What a server can speak on a path. The default is neither subprotocols nor compression.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "RFC 6455 negotiates subprotocols and extensions, and this is the one extension there is"
)]
pub struct ServerOffer<'a> {
    /// Subprotocols, the one liked most first; each a token, else no client can ask for it. Case matters.
    pub protocols: &'a [String],
    /// Compression, if clients may have it.
    pub deflate: Option<&'a Deflate>,
}

/// A request that is an opening handshake, and what was agreed on in it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// 101 with all its headers (RFC 6455 §4.2.2), 200 for an extended CONNECT (RFC 8441 §5). More may be added, such
    /// as cookies.
    pub response: Response<()>,
    /// The subprotocol. None if the client asked for none, and also if it asked for none that the server has: RFC
    /// 6455 §4.2.2 leaves it to the client to give up then. Whoever will not talk without one refuses instead of
    /// sending the response.
    pub protocol: Option<String>,
    /// Compression, if both want it.
    pub deflate: Option<Agreed>,
}

/// Answers an opening handshake in HTTP/1.1.
///
/// # Errors
/// [`HandshakeError`] if the request is none.
pub fn accept(head: &Parts, offer: &ServerOffer<'_>) -> Result<Accepted, HandshakeError> {
    let key = check(head)?;
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, WEBSOCKET);
    headers.insert(CONNECTION, UPGRADE_TOKEN);
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept_of(key));
    negotiate(head, offer, response)
}

/// Answers an opening handshake in HTTP/2, an extended CONNECT (RFC 8441): `protocol` is what `:protocol` says, which
/// heads of the `http` crate have no place for.
///
/// # Errors
/// [`HandshakeError`] if the request is none.
pub fn accept_extended(
    head: &Parts,
    protocol: Option<&str>,
    offer: &ServerOffer<'_>,
) -> Result<Accepted, HandshakeError> {
    check_extended(head, protocol)?;
    // RFC 8441 §5: 200, and neither key nor accept, which HTTP/2 has no need of.
    negotiate(head, offer, Response::new(()))
}

/// Chooses subprotocol and compression, and says so in the response.
fn negotiate(
    head: &Parts,
    offer: &ServerOffer<'_>,
    mut response: Response<()>,
) -> Result<Accepted, HandshakeError> {
    let asked = distinct_tokens(&head.headers, &SEC_WEBSOCKET_PROTOCOL)
        .map_err(|_| HandshakeError::Protocols)?;
    // RFC 6455 §9.1: what breaks the grammar is refused, also by a server without extensions.
    let offers = extensions(&head.headers).map_err(|_| HandshakeError::Extensions)?;
    let headers = response.headers_mut();
    let mut ours = offer.protocols.iter();
    let protocol = ours.find(|protocol| asked.contains(protocol.as_str()));
    if let Some(protocol) = protocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, header_value(protocol));
    }
    let deflate = offer
        .deflate
        .and_then(|wish| deflate::accept(&offers, wish))
        .map(|(agreed, answer)| {
            headers.insert(SEC_WEBSOCKET_EXTENSIONS, header_value(&answer));
            agreed
        });
    Ok(Accepted {
        response,
        protocol: protocol.cloned(),
        deflate,
    })
}

#[cfg(test)]
mod tests;
