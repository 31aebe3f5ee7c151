//! The opening handshake (RFC 6455 §4, RFC 8441 §5) as pure functions over HTTP heads, for both roles.
//!
//! Who may connect is not decided here: origins and paths are the endpoint's matter.

mod accept;
mod client;
mod client_error;
mod error;
mod key;
mod request;
mod verify;

pub use accept::{Accepted, ServerOffer, accept, accept_extended};
pub use client::{ClientRequest, InvalidRequest};
pub use client_error::ClientHandshakeError;
pub use error::HandshakeError;
pub use verify::Established;

use http::HeaderValue;

/// The only version of the protocol there is (RFC 6455 §4.1).
const VERSION: HeaderValue = HeaderValue::from_static("13");

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

const UPGRADE: HeaderValue = HeaderValue::from_static("Upgrade");

/// Makes a header value of tokens, base64 or a checked authority.
fn header_value(visible_ascii: &str) -> HeaderValue {
    HeaderValue::from_str(visible_ascii)
        .unwrap_or_else(|_| unreachable!("visible ASCII is a header value"))
}

#[cfg(test)]
mod tests;
