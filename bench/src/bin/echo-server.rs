//! Our side of the comparison: echo on `/`, a page on `/page`, fan-out of every message to all on `/broadcast`, the same for SockJS on
//! `/sockjs/echo` and `/sockjs/broadcast`, and just the library.

use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};

use bytes::Bytes;
use clap::Parser;
use hyper::Response;
use mimalloc::MiMalloc;
use sockeye::{
    ContextTakeover, Deflate, Endpoints, Group, Handler, HandlerResult, Message, Server, Session,
    Tls,
};

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
    /// How many microseconds a worker with nothing to do looks for more before it sleeps.
    #[arg(long, default_value = "0")]
    spin: u64,
    /// Speaks TLS, with a certificate made for the occasion.
    #[arg(long)]
    tls: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Args {
        listen,
        workers,
        spin,
        tls,
    } = Args::parse();
    sockeye_bench::measure::use_ordinary_pages();
    let endpoints = Endpoints::new()
        .allowed_origins(["*"])
        .at("/", Echo)
        .at("/broadcast", Broadcast::default())
        .at("/deflate", Echo)
        .deflate(Deflate::default())
        .at("/deflate-context", Echo)
        .deflate(Deflate::default().contexts(ContextTakeover::Kept, ContextTakeover::Kept))
        .at("/sockjs/echo", Echo)
        .with_sockjs()
        .at("/sockjs/broadcast", Broadcast::default())
        .with_sockjs();
    let mut server = Server::new(endpoints);
    if tls {
        server = server.tls(Tls::from_rustls(sockeye_bench::tls::server()?));
    }
    server
        .workers(workers)
        .spin(Duration::from_micros(spin))
        .pages(|request| {
            let is_page = request.uri.path() == "/page";
            is_page.then(|| Response::new(Bytes::from_static(b"ok")))
        })
        .bind(listen)?
        .run()
        .await?;
    Ok(())
}

struct Echo;

impl Handler for Echo {
    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        session.send(message).await?;
        Ok(())
    }
}

#[derive(Default)]
struct Broadcast(Group);

impl Handler for Broadcast {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.0.join(session);
        Ok(())
    }

    async fn on_message(&self, _: &Session, message: Message) -> HandlerResult {
        self.0.send(message);
        Ok(())
    }
}
