//! Conversations: what SDKs send, and what they are answered, over a session in memory and a clock that stands still.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod application;
mod closing;
mod connecting;
mod expiring;
mod losing;
mod one_way;
mod patching;
mod present;
mod protobuf;
mod recovering;
mod server_api;
mod simulated;
mod slow;
mod subscribing;
mod talk;
mod traced;
