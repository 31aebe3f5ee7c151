//! Conns in conversation: with each other and with hand-made frames, on a fake clock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod closing;
mod deflate;
mod heartbeat;
mod limits;
mod messages;
mod operations;
mod rules;
mod splits;
mod support;
mod text;
