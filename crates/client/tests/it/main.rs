//! The client against our own server, and against scripted peers that do what they should not.
//!
//! Nothing here waits by sleeping: a test waits for the event, or moves the clock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod cancel;
mod closing;
mod flow;
mod handshake;
mod reconnect;
mod served;
mod sockjs;
mod sockjs_served;
mod support;
