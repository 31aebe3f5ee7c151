//! `sockeye bench`: what servers cost, measured from outside.

mod args;
mod client;
mod error;
mod fleet;
mod idle;
mod limits;
mod proc;
mod report;
mod servers;
mod talk;

use std::process::ExitCode;

use clap::Subcommand;

use crate::cli::ServeArgs;

pub(crate) use servers::die_with_parent;

/// What is measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Open many connections that do nothing, and tell what each of them costs the server
    Idle(Box<args::IdleArgs>),
    /// One of the processes that hold the connections
    #[command(hide = true)]
    IdleClient(client::ClientArgs),
    /// One of the servers: `sockeye serve` that ends with who started it
    #[command(hide = true)]
    IdleServer(Box<ServeArgs>),
}

/// Measures, and returns the status to end with.
pub(crate) fn idle(args: &args::IdleArgs) -> miette::Result<()> {
    idle::run(args)
}

/// Holds connections, as the process that started this one says.
pub(crate) fn idle_client(args: &client::ClientArgs) -> ExitCode {
    client::run(args)
}
