//! One binary with all the peers: echo on `/`, fan-out of every message to all on `/broadcast`, one thread.
//!
//! Each peer is used as its own examples use it; the batched kinds add the one thing an application can do by itself,
//! which is to feed every ready message and flush once.

mod axum;
mod bare;
mod fastwebsockets;
mod listen;
mod pace;
mod room;
mod sockudo;
mod tokio_websockets;
mod tungstenite;
mod ws_tool;
mod yawc;

use std::net::SocketAddr;

use clap::Parser;
use mimalloc::MiMalloc;
use sockeye_bench::Peer;

use crate::pace::Pace;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Serves echo on `/` and fan-out to all on `/broadcast` with another library.
#[derive(Debug, Parser)]
struct Args {
    /// Which library serves, and how it writes.
    #[arg(long)]
    kind: Peer,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:9001")]
    listen: SocketAddr,
}

fn main() -> anyhow::Result<()> {
    let Args { kind, listen } = Args::parse();
    sockeye_bench::measure::use_ordinary_pages();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match kind {
            Peer::Tungstenite => tungstenite::serve(listen, Pace::SendEach).await,
            Peer::TungsteniteBatched => tungstenite::serve(listen, Pace::FlushBatch).await,
            Peer::TokioWebsockets => tokio_websockets::serve(listen, Pace::SendEach).await,
            Peer::TokioWebsocketsBatched => tokio_websockets::serve(listen, Pace::FlushBatch).await,
            Peer::Fastwebsockets => fastwebsockets::serve(listen).await,
            Peer::Sockudo => sockudo::serve(listen, Pace::SendEach).await,
            Peer::SockudoBatched => sockudo::serve(listen, Pace::FlushBatch).await,
            Peer::Yawc => yawc::serve(listen, Pace::SendEach).await,
            Peer::YawcBatched => yawc::serve(listen, Pace::FlushBatch).await,
            Peer::WsTool => ws_tool::serve(listen).await,
            Peer::Axum => axum::serve(listen, Pace::SendEach).await,
            Peer::AxumBatched => axum::serve(listen, Pace::FlushBatch).await,
        }
    })
}
