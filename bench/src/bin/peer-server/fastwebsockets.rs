//! The server on `fastwebsockets`: hyper for the handshake, then the bare TCP stream, which costs less than hyper's
//! boxed one that its examples keep. It writes every frame at once, so there is no batched kind.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use fastwebsockets::{
    FragmentCollector, FragmentCollectorRead, Frame, OpCode, Payload, Role, WebSocket,
    WebSocketWrite,
    upgrade::{UpgradeFut, upgrade},
};
use http_body_util::Empty;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpStream, tcp::OwnedWriteHalf},
    sync::mpsc::UnboundedReceiver,
    task::unconstrained,
};

use crate::{bare::bare, listen, room::Room};

/// A message that many may be sent: its kind and its bytes.
type Shared = Arc<(OpCode, Vec<u8>)>;

/// Serves for ever.
pub(crate) async fn serve(listen: SocketAddr) -> anyhow::Result<()> {
    let room = Room::new();
    listen::each_connection(listen, |stream| {
        let room = room.clone();
        async move {
            let service = service_fn(|request| accept(request, room.clone()));
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
                .await;
        }
    })
    .await
}

async fn accept(
    mut request: Request<Incoming>,
    room: Room<Shared>,
) -> anyhow::Result<Response<Empty<Bytes>>> {
    let (response, upgrading) = upgrade(&mut request)?;
    let path = request.uri().path().to_owned();
    tokio::spawn(unconstrained(async move {
        let Ok(socket) = upgraded(upgrading).await else {
            return;
        };
        let _ = if path == "/broadcast" {
            fan_out(socket, room).await
        } else {
            echo(socket).await
        };
    }));
    Ok(response)
}

async fn upgraded(upgraded: UpgradeFut) -> anyhow::Result<WebSocket<TcpStream>> {
    let stream = bare(upgraded.await?.into_inner().into_inner())?;
    Ok(WebSocket::after_handshake(stream, Role::Server))
}

async fn echo(socket: WebSocket<TcpStream>) -> anyhow::Result<()> {
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
