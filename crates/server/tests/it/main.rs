//! Servers and hostile clients on real sockets, and the same driver over a stream in memory: what each client gets, and
//! that nobody else pays for it.
//!
//! Nothing here waits by sleeping. Deadlines of the server are short where a test waits for them to pass, and an
//! overall patience ends a test that hangs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod abandoned;
mod at_once;
mod behind_proxy;
mod client;
mod closing;
mod emulated;
mod fairness;
mod floods;
mod frames;
mod heads;
mod heartbeats;
mod http2;
mod http2_client;
mod http2_hostile;
mod large;
mod metrics;
mod mounted;
mod order;
mod panics;
mod quiet;
mod reactor;
mod refusals;
mod requests;
mod resets;
mod served;
mod shutdown;
mod slow_readers;
mod sockjs;
mod spans;
mod tls;
