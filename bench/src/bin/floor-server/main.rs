//! The floor: an epoll loop with nothing but framing, which is as little as a WebSocket server can cost. It has no
//! limits, checks no UTF-8, keeps no time, and trusts whoever connects: a measure, not a server.

mod conn;
mod frame;
mod handshake;
mod reactor;
mod wire;

use std::net::SocketAddr;

use clap::Parser;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Serves echo on `/` and fan-out to all on `/broadcast` without a library.
#[derive(Debug, Parser)]
struct Args {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:9003")]
    listen: SocketAddr,
}

fn main() -> anyhow::Result<()> {
    let Args { listen } = Args::parse();
    sockeye_bench::measure::use_ordinary_pages();
    reactor::Reactor::new(sockeye_bench::host::listener(listen)?)?.run()
}
