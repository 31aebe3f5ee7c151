//! What people build who know neither WebSocket nor SockJS: `POST /chat/say` keeps messages, and `GET /chat/poll?after=n`
//! answers at once with all but the first `n`.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
};

use bytes::Bytes;
use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CACHE_CONTROL, CONTENT_TYPE},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use mimalloc::MiMalloc;
use tokio::net::{TcpListener, TcpStream};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Serves a chat that clients ask again and again.
#[derive(Debug, Parser)]
struct Args {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:9002")]
    listen: SocketAddr,
}

/// Everything that was said.
#[derive(Clone, Debug, Default)]
struct Log(Arc<RwLock<Vec<String>>>);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Args { listen } = Args::parse();
    sockeye_bench::measure::use_ordinary_pages();
    let listener = TcpListener::bind(listen).await?;
    let log = Log::default();
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream, log.clone()));
    }
}

async fn serve(stream: TcpStream, log: Log) {
    let answer = service_fn(move |request| {
        let log = log.clone();
        async move { Ok::<_, Infallible>(log.answer(request).await) }
    });
    if stream.set_nodelay(true).is_ok() {
        // A client that is gone asks no more.
        let _ = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), answer)
            .await;
    }
}

impl Log {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let is_poll = request.uri().path() == "/chat/poll";
        let answer = match *request.method() {
            Method::GET if is_poll => self.after(request.uri().query()),
            Method::POST => self.say(request.into_body()).await,
            _ => None,
        };
        answer.unwrap_or_else(|| {
            let mut refusal = Response::default();
            *refusal.status_mut() = StatusCode::BAD_REQUEST;
            refusal
        })
    }

    fn after(&self, query: Option<&str>) -> Option<Response<Full<Bytes>>> {
        let after: usize = query?.strip_prefix("after=")?.parse().ok()?;
        let messages = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let body = serde_json::to_vec(messages.get(after..)?).ok()?;
        Response::builder()
            .header(CONTENT_TYPE, "application/json")
            .header(CACHE_CONTROL, "no-store")
            .body(body.into())
            .ok()
    }

    async fn say(&self, body: Incoming) -> Option<Response<Full<Bytes>>> {
        let body = body.collect().await.ok()?.to_bytes();
        let said: Vec<String> = serde_json::from_slice(&body).ok()?;
        let mut messages = self.0.write().unwrap_or_else(PoisonError::into_inner);
        messages.extend(said);
        let mut heard = Response::default();
        *heard.status_mut() = StatusCode::NO_CONTENT;
        Some(heard)
    }
}
