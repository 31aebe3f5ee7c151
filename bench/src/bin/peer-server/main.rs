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
use sockeye_bench::{Peer, load::Security};

use crate::{listen::Place, pace::Pace};

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
    /// Speaks TLS on tokio-rustls, with a certificate made for the occasion.
    #[arg(long)]
    tls: bool,
}

fn main() -> anyhow::Result<()> {
    let Args { kind, listen, tls } = Args::parse();
    let security = if tls { Security::Tls } else { Security::Plain };
    let place = Place { listen, security };
    sockeye_bench::measure::use_ordinary_pages();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let has_no_tls = matches!(kind, Peer::WsTool | Peer::Axum | Peer::AxumBatched);
        anyhow::ensure!(!(tls && has_no_tls), "it has no TLS here");
        match kind {
            Peer::Tungstenite => tungstenite::serve(place, Pace::SendEach).await,
            Peer::TungsteniteBatched => tungstenite::serve(place, Pace::FlushBatch).await,
            Peer::TokioWebsockets => tokio_websockets::serve(place, Pace::SendEach).await,
            Peer::TokioWebsocketsBatched => tokio_websockets::serve(place, Pace::FlushBatch).await,
            Peer::Fastwebsockets => fastwebsockets::serve(place).await,
            Peer::Sockudo => sockudo::serve(place, Pace::SendEach).await,
            Peer::SockudoBatched => sockudo::serve(place, Pace::FlushBatch).await,
            Peer::Yawc => yawc::serve(place, Pace::SendEach).await,
            Peer::YawcBatched => yawc::serve(place, Pace::FlushBatch).await,
            Peer::WsTool => ws_tool::serve(listen).await,
            Peer::Axum => axum::serve(listen, Pace::SendEach).await,
            Peer::AxumBatched => axum::serve(listen, Pace::FlushBatch).await,
        }
    })
}
