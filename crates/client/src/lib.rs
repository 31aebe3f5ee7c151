//! The client's side: from an address to a WebSocket connection.

#![expect(dead_code, reason = "nothing connects yet")]

mod address;
mod dial;
mod stream;

pub use address::InvalidAddress;
pub use dial::{
    CertificateFault, DialError, FailedAttempts, PemFault, PemItem, Secured, Tls, TlsError,
    Unreachable,
};
