//! Handlers over the in-memory session: what is promised to those who write them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod calls;
mod cancel;
mod groups;
mod sending;
mod sockets;
mod waiting;
