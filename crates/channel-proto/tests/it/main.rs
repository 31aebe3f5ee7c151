//! What holds for any message and any bytes, in both codecs; and what the bytes of each message are.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod any;
mod any_reply;
mod garbage;
mod golden_commands;
mod golden_replies;
mod identity;
mod prepared;
