//! Channels as their users meet them: the program, its file, its clients, and what kills it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
#![cfg(unix)]

#[path = "channels/command_line.rs"]
mod command_line;
#[path = "channels/gone.rs"]
mod gone;
#[path = "channels/ledger.rs"]
mod ledger;
#[path = "channels/nothing_lost.rs"]
mod nothing_lost;
#[path = "channels/program.rs"]
mod program;
