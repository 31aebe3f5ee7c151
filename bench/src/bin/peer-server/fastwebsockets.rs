//! The server on `fastwebsockets`: hyper for the handshake, then the bare TCP stream, which costs less than hyper's
//! boxed one that its examples keep. It writes every frame at once, so there is no batched kind.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use fastwebsockets::{
    FragmentCollector, FragmentCollectorRead, Frame, OpCode, Payload, Role, WebSocket,
    WebSocketWrite, upgrade::upgrade,
};
use http_body_util::Empty;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use sockeye_bench::load::Security;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, tcp::OwnedWriteHalf},
    sync::mpsc::UnboundedReceiver,
    task::unconstrained,
};

use crate::{
    bare::bare,
    listen::{self, Place},
    room::Room,
};

/// A message that many may be sent: its kind and its bytes.
type Shared = Arc<(OpCode, Vec<u8>)>;

/// Serves for ever; over TLS, only the echo.
pub(crate) async fn serve(place: Place) -> anyhow::Result<()> {
    let room = Room::new();
    match place.security {
        Security::Plain => {
            listen::each_connection(place.listen, |stream| {
                let room = room.clone();
                serve_one(stream, move |path, socket| async move {
                    if path == "/broadcast" {
                        fan_out(socket, room).await
                    } else {
                        echo(socket).await
                    }
                })
            })
            .await
        }
        Security::Tls => {
            listen::each_secure_connection(place.listen, |stream| {
                serve_one(stream, |_, socket| echo(socket))
            })
            .await
        }
    }
}

async fn serve_one<S, F>(
    stream: S,
    run: impl FnOnce(String, WebSocket<S>) -> F + Clone + Send + 'static,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let service = service_fn(|request| {
        let response = accept(request, run.clone());
        async { response }
    });
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}

fn accept<S, F>(
    mut request: Request<Incoming>,
    run: impl FnOnce(String, WebSocket<S>) -> F + Send + 'static,
) -> anyhow::Result<Response<Empty<Bytes>>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let (response, upgrading) = upgrade(&mut request)?;
    let path = request.uri().path().to_owned();
    tokio::spawn(unconstrained(async move {
        let upgraded = upgrading.await?.into_inner().into_inner();
        let socket = WebSocket::after_handshake(bare(upgraded)?, Role::Server);
        run(path, socket).await
    }));
    Ok(response)
}

async fn echo<S>(socket: WebSocket<S>) -> anyhow::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut socket = FragmentCollector::new(socket);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            OpCode::Continuation | OpCode::Ping | OpCode::Pong => {}
        }
    }
}

async fn fan_out(socket: WebSocket<TcpStream>, room: Room<Shared>) -> anyhow::Result<()> {
    let (reader, writer) = socket.split(TcpStream::into_split);
    let mut reader = FragmentCollectorRead::new(reader);
    let (member, heard) = room.join();
    tokio::spawn(unconstrained(write_all(writer, heard)));
    loop {
        // Answers to pings and closes are left out: this row's clients send neither.
        let frame = reader
            .read_frame(&mut |_| async { Ok::<_, Infallible>(()) })
            .await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => {
                member.say(&Arc::new((frame.opcode, frame.payload.to_vec())));
            }
            OpCode::Continuation | OpCode::Ping | OpCode::Pong => {}
        }
    }
}

async fn write_all(
    mut writer: WebSocketWrite<OwnedWriteHalf>,
    mut heard: UnboundedReceiver<Shared>,
) -> anyhow::Result<()> {
    while let Some(message) = heard.recv().await {
        let (opcode, bytes) = &*message;
        let frame = Frame::new(true, *opcode, None, Payload::Borrowed(bytes));
        writer.write_frame(frame).await?;
    }
    Ok(())
}
