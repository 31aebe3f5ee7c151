//! Work of the whole server but for its sockets: a session over a stream in memory.

use anyhow::{Context, ensure};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use sockeye_endpoint::{Endpoints, Handler, HandlerResult, Session};
use sockeye_server::IntoService;
use sockeye_types::Message;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    runtime::Builder,
};
use tower_service::Service;

use crate::{row::BATCH, traffic};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// A message of 32 bytes on the wire from a server.
const ANSWER_BYTES: usize = 2 + 32;

struct Echo;

impl Handler for Echo {
    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        session.send(message).await?;
        Ok(())
    }
}

/// A client says a batch, and waits until it has heard all of it.
pub(crate) fn echo(rounds: u32) -> anyhow::Result<()> {
    let wire = traffic::said(&traffic::text(32), BATCH, traffic::client(None))?;
    let mut answers = vec![0; ANSWER_BYTES * usize::try_from(BATCH)?];
    let runtime = Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        let mut stream = connect().await?;
        for _ in 0..rounds {
            stream.write_all(&wire).await?;
            stream.read_exact(&mut answers).await?;
            let last = answers.last_chunk::<ANSWER_BYTES>();
            ensure!(last.is_some_and(|last| last.starts_with(&[0x81, 32])));
        }
        Ok(())
    })
}

async fn connect() -> anyhow::Result<DuplexStream> {
    let service = Endpoints::new().at("/", Echo).into_service()?;
    let (mut ours, theirs) = duplex(64 << 10);
    let answer = service_fn(move |request| service.clone().call(request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(theirs), answer);
    tokio::spawn(connection.with_upgrades());
    ours.write_all(REQUEST).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(ours.read_u8().await?);
    }
    let upgraded = head.strip_prefix(b"HTTP/1.1 101 ");
    upgraded.context("the server does not upgrade")?;
    Ok(ours)
}
