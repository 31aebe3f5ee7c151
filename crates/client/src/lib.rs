//! The client's side: from an address to a WebSocket connection.

#![cfg_attr(not(test), expect(dead_code, reason = "nothing connects yet"))]

mod address;
mod dial;
mod stream;

pub use address::InvalidAddress;
pub use dial::{
    CertificateFault, DialError, FailedAttempts, InvalidProxy, PemFault, PemItem, Proxy,
    ProxyError, Secured, SocksFailure, Tls, TlsError, Unreachable,
};
