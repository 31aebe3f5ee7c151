//! The client's other half: whether the response ends the handshake.

use http::{
    HeaderMap, StatusCode, Version,
    header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE},
    response::Parts,
};

use super::{ClientHandshakeError, ClientRequest, WEBSOCKET, key::accept_of};
use crate::{
    deflate::{self, Agreed},
    header::{Count, count, extensions, has_token},
};

/// What client and server agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Established {
    /// The subprotocol. None if the server has none of those that were asked for; whoever can't talk without gives up
    /// then.
    pub protocol: Option<String>,
    /// Compression, if both want it.
    pub deflate: Option<Agreed>,
}

impl ClientRequest {
    /// Checks the response to this request (RFC 6455 §4.1).
    ///
    /// # Errors
    /// [`ClientHandshakeError`] if the connection can't be used. It must be cut then, without a close frame.
    pub fn verify(&self, head: &Parts) -> Result<Established, ClientHandshakeError> {
        if head.status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(ClientHandshakeError::Status(head.status));
        }
        if head.version != Version::HTTP_11 {
            return Err(ClientHandshakeError::HttpVersion);
        }
        let headers = &head.headers;
        check_upgrade(headers)?;
        match count(headers, &SEC_WEBSOCKET_ACCEPT) {
            Count::One(accept) if *accept == accept_of(&self.key) => {}
            Count::One(_) => return Err(ClientHandshakeError::Accept),
            Count::None => return Err(ClientHandshakeError::MissingAccept),
            Count::More => return Err(ClientHandshakeError::DoubledAccept),
        }
        let protocol = self.read_protocol(headers)?;
        let answers = extensions(headers).map_err(|_| ClientHandshakeError::MalformedExtensions)?;
        let deflate = deflate::take_answer(&answers, self.deflate.as_ref())?;
        Ok(Established { protocol, deflate })
    }

    fn read_protocol(&self, headers: &HeaderMap) -> Result<Option<String>, ClientHandshakeError> {
        match count(headers, &SEC_WEBSOCKET_PROTOCOL) {
            Count::None => Ok(None),
            Count::One(chosen) => {
                let mut asked = self.protocols.iter();
                match asked.find(|protocol| chosen == protocol.as_str()) {
                    Some(protocol) => Ok(Some(protocol.clone())),
                    None => Err(ClientHandshakeError::Protocol),
                }
            }
            Count::More => Err(ClientHandshakeError::DoubledProtocol),
        }
    }
}

/// `Upgrade` has to be one word, `Connection` may be a list (RFC 6455 §4.1).
fn check_upgrade(headers: &HeaderMap) -> Result<(), ClientHandshakeError> {
    match count(headers, &UPGRADE) {
        Count::One(upgrade)
            if upgrade
                .as_bytes()
                .eq_ignore_ascii_case(WEBSOCKET.as_bytes()) => {}
        Count::None | Count::One(_) | Count::More => return Err(ClientHandshakeError::Upgrade),
    }
    if has_token(headers, &CONNECTION, "upgrade") {
        Ok(())
    } else {
        Err(ClientHandshakeError::Connection)
    }
}

#[cfg(test)]
mod tests;
