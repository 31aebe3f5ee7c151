//! Our side of the comparison: echo on `/`, fan-out of every message to all on `/broadcast`, and just the library.

use std::{net::SocketAddr, num::NonZeroUsize};

use clap::Parser;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Serves echo on `/` and fan-out to all on `/broadcast` with Sockeye.
#[derive(Debug, Parser)]
struct Args {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// How many worker threads serve.
    #[arg(long, default_value = "1")]
    workers: NonZeroUsize,
}

fn main() -> anyhow::Result<()> {
    let Args { listen, workers } = Args::parse();
    serve(listen, workers)
}

/// Serves until it is killed.
fn serve(_listen: SocketAddr, _workers: NonZeroUsize) -> anyhow::Result<()> {
    anyhow::bail!("the library is not wired yet")
}
