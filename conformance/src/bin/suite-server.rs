//! `suite-server --listen ADDR`: what outside suites run against.

use std::{num::NonZeroUsize, process::ExitCode};

use clap::Parser;
use sockeye::{ContextTakeover, Deflate, Endpoints, Limits, ServeError, Server};
use sockeye_conformance::services;

/// Serves echo on `/`, with compression and room for Autobahn's largest messages, and SockJS's services below `/echo`,
/// `/close` and so on.
#[derive(Debug, Parser)]
struct Args {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:9001")]
    listen: String,
    /// The SockJS client that the iframe page loads.
    #[arg(long)]
    client_url: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
            eprintln!("suite-server: {error}{}", source.unwrap_or_default());
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::print_stdout,
    reason = "judges wait for it, and read the port that was free"
)]
async fn serve(args: &Args) -> Result<(), ServeError> {
    // Autobahn's 9.* send 16 MiB, in fragments of 64 bytes too; its 12.* and 13.* want contexts taken over.
    let limits = Limits::default()
        .message_bytes(64 << 20)
        .frame_bytes(64 << 20)
        .outbox_bytes(64 << 20)
        .fragments(1 << 20);
    let deflate = Deflate::default()
        .min_bytes(0)
        .contexts(ContextTakeover::Kept, ContextTakeover::Kept);
    let endpoints = Endpoints::new()
        .at("/", services::echo)
        .allowed_origins(["*"])
        .limits(limits)
        .deflate(deflate);
    let bound = Server::new(services::add_to(endpoints, args.client_url.as_deref()))
        .workers(NonZeroUsize::MIN)
        .bind(&args.listen)?;
    println!("suite-server listens on {}", bound.local_addr());
    bound.run().await
}
