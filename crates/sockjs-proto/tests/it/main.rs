//! What holds for any message, any bytes and any split of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod bytes_in;
mod escaping;
mod frames;
mod support;
