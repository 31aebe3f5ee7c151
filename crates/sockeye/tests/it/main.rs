//! Handlers over the wire: the examples, endpoints in other people's HTTP servers, and what dropped futures leave.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod cancel;
mod client;
mod examples;
mod handshake;
mod mount;
mod opened;
mod scribe;
mod tls;
