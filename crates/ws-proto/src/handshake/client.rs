//! The client's half: what it asks for, as a request.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version,
    header::{
        CONNECTION, CONTENT_LENGTH, HOST, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
        SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING,
        UPGRADE,
    },
    uri::PathAndQuery,
};
use sockeye_types::Deflate;
use thiserror::Error;

use super::{UPGRADE as UPGRADE_TOKEN, VERSION, WEBSOCKET, header_value, key::key_of};
use crate::{deflate, header::is_token};

/// An opening handshake as a client asks for it (RFC 6455 §4.1). It is kept until the response is there, because
/// [`verify`](Self::verify) compares the two.
#[derive(Clone, Debug)]
pub struct ClientRequest {
    uri: Uri,
    pub(super) key: HeaderValue,
    pub(super) protocols: Vec<String>,
    pub(super) deflate: Option<Deflate>,
    headers: HeaderMap,
}

/// What was asked for can't be put into a request.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidRequest {
    /// The address is not `ws://` or `wss://` (RFC 6455 §3).
    #[error("the address does not begin with ws:// or wss://")]
    Scheme,
    /// The address has no host.
    #[error("the address has no host")]
    Host,
    /// A subprotocol is not a token, or given twice (RFC 6455 §4.1).
    #[error("subprotocol {0:?} is not a token, or given twice")]
    Protocol(String),
    /// A header that the handshake sets itself, or one that announces a body.
    #[error("header {0} belongs to the handshake itself")]
    Header(HeaderName),
}

impl ClientRequest {
    /// Asks for a `ws://` or `wss://` address. The 16 bytes must be random, and others for each connection (RFC 6455
    /// §4.1).
    pub fn new(uri: Uri, nonce: [u8; 16]) -> Self {
        Self {
            uri,
            key: key_of(nonce),
            protocols: Vec::new(),
            deflate: None,
            headers: HeaderMap::new(),
        }
    }

    /// Asks for one of these subprotocols, the one liked most first.
    #[must_use]
    pub fn protocols(mut self, protocols: impl IntoIterator<Item: Into<String>>) -> Self {
        self.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Offers compression.
    #[must_use]
    pub fn deflate(mut self, deflate: impl Into<Option<Deflate>>) -> Self {
        self.deflate = deflate.into();
        self
    }

    /// Adds headers, such as `Origin`, `Authorization` or `Cookie`.
    #[must_use]
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Makes the request: its target is the path and query, as it goes to a server and not to a proxy.
    ///
    /// # Errors
    /// [`InvalidRequest`] if it can't be made of what was asked for.
    pub fn to_request(&self) -> Result<Request<()>, InvalidRequest> {
        let host = self.host()?;
        self.check_protocols()?;
        let mut request = Request::new(());
        *request.method_mut() = Method::GET;
        *request.version_mut() = Version::HTTP_11;
        *request.uri_mut() = self.target();

        let headers = request.headers_mut();
        headers.insert(HOST, host);
        headers.insert(UPGRADE, WEBSOCKET);
        headers.insert(CONNECTION, UPGRADE_TOKEN);
        headers.insert(SEC_WEBSOCKET_KEY, self.key.clone());
        headers.insert(SEC_WEBSOCKET_VERSION, VERSION);
        if !self.protocols.is_empty() {
            let protocols = self.protocols.join(", ");
            headers.insert(SEC_WEBSOCKET_PROTOCOL, header_value(&protocols));
        }
        if let Some(wish) = &self.deflate {
            headers.insert(
                SEC_WEBSOCKET_EXTENSIONS,
                header_value(&deflate::offer(wish)),
            );
        }
        for name in self.headers.keys() {
            let body = [CONTENT_LENGTH, TRANSFER_ENCODING];
            let ours = [
                SEC_WEBSOCKET_ACCEPT,
                SEC_WEBSOCKET_PROTOCOL,
                SEC_WEBSOCKET_EXTENSIONS,
            ];
            if headers.contains_key(name) || body.contains(name) || ours.contains(name) {
                return Err(InvalidRequest::Header(name.clone()));
            }
        }
        headers.extend(self.headers.clone());
        Ok(request)
    }

    /// The host, and the port if it is not the scheme's own (RFC 6455 §4.1).
    fn host(&self) -> Result<HeaderValue, InvalidRequest> {
        let default_port = match self.uri.scheme_str() {
            Some("ws") => 80,
            Some("wss") => 443,
            _ => return Err(InvalidRequest::Scheme),
        };
        let host = self.uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or(InvalidRequest::Host)?;
        Ok(match self.uri.port_u16() {
            Some(port) if port != default_port => header_value(&format!("{host}:{port}")),
            _ => header_value(host),
        })
    }

    fn check_protocols(&self) -> Result<(), InvalidRequest> {
        let mut rest = self.protocols.as_slice();
        while let Some((protocol, others)) = rest.split_first() {
            if !is_token(protocol) || others.contains(protocol) {
                return Err(InvalidRequest::Protocol(protocol.clone()));
            }
            rest = others;
        }
        Ok(())
    }

    fn target(&self) -> Uri {
        let root = || PathAndQuery::from_static("/");
        let path = self.uri.path_and_query().cloned();
        path.unwrap_or_else(root).into()
    }
}

#[cfg(test)]
mod tests {
    use http::header::ORIGIN;

    use super::*;
    use crate::handshake::tests::{NONCE, client, value};

    #[test]
    fn a_request_has_what_was_asked_for() {
        let origin = HeaderMap::from_iter([(ORIGIN, value("https://example.com"))]);
        let request = client()
            .protocols(["v2", "v1"])
            .deflate(Deflate::default())
            .headers(origin)
            .to_request()
            .unwrap();
        assert_eq!(request.uri(), "/chat?room=1");
        let headers = request.headers();
        assert_eq!(headers[SEC_WEBSOCKET_PROTOCOL], "v2, v1");
        assert_eq!(headers[ORIGIN], "https://example.com");
        assert_eq!(
            headers[SEC_WEBSOCKET_EXTENSIONS],
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"
        );
        for (uri, host, target) in [
            ("ws://example.com", "example.com", "/"),
            ("ws://example.com:80/a", "example.com", "/a"),
            ("wss://example.com:80/", "example.com:80", "/"),
            (
                "wss://me:secret@example.com:443?a=1",
                "example.com",
                "/?a=1",
            ),
            ("ws://[::1]:8080/", "[::1]:8080", "/"),
        ] {
            let request = ClientRequest::new(Uri::from_static(uri), NONCE);
            let request = request.to_request().unwrap();
            assert_eq!(request.headers()[HOST], host);
            assert_eq!(request.uri(), target);
        }
    }

    #[test]
    fn what_can_not_be_asked_for_is_refused() {
        for uri in ["http://example.com/", "/chat", "example.com:80"] {
            let request = ClientRequest::new(Uri::from_static(uri), NONCE);
            assert_eq!(request.to_request().unwrap_err(), InvalidRequest::Scheme);
        }
        for (protocols, wrong) in [
            (["a", "b", "a"], "a"),
            (["a", "b c", "d"], "b c"),
            (["a", "b", ""], ""),
        ] {
            let error = client().protocols(protocols).to_request().unwrap_err();
            assert_eq!(error, InvalidRequest::Protocol(wrong.to_owned()));
        }
        for name in [HOST, SEC_WEBSOCKET_PROTOCOL, CONTENT_LENGTH, CONNECTION] {
            let headers = HeaderMap::from_iter([(name.clone(), value("x"))]);
            let error = client().headers(headers).to_request();
            assert_eq!(error.unwrap_err(), InvalidRequest::Header(name));
        }
    }
}
