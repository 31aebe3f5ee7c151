//! The server on `ws-tool`, as its asynchronous benchmark does it. Its receiver can't be asked whether more is ready, so
//! there is no batched kind.

use std::{net::SocketAddr, sync::Arc};

use tokio::{net::TcpStream, sync::mpsc::UnboundedReceiver};
use ws_tool::{
    ServerBuilder,
    codec::{AsyncBytesCodec, AsyncBytesRecv, AsyncBytesSend, default_handshake_handler},
    frame::OpCode,
};

use crate::{listen, room::Room};

/// A message that many may be sent: its kind and its bytes.
type Shared = Arc<(OpCode, Vec<u8>)>;

/// Serves for ever.
pub(crate) async fn serve(listen: SocketAddr) -> anyhow::Result<()> {
    let room = Room::new();
    listen::each_connection(listen, |stream| {
        let room = room.clone();
        async move {
            let _ = connection(stream, room).await;
        }
    })
    .await
}

async fn connection(stream: TcpStream, room: Room<Shared>) -> anyhow::Result<()> {
    let mut path = String::new();
    let codec =
        ServerBuilder::async_accept(stream, default_handshake_handler, |request, stream| {
            request.uri().path().clone_into(&mut path);
            AsyncBytesCodec::factory(request, stream)
        })
        .await?;
    let (receiver, sender) = codec.split();
    if path == "/broadcast" {
        fan_out(receiver, sender, room).await
    } else {
        echo(receiver, sender).await
    }
}

async fn echo<R, W>(
    mut receiver: AsyncBytesRecv<R>,
    mut sender: AsyncBytesSend<W>,
) -> anyhow::Result<()>
where
    R: tokio::io::AsyncRead + Unpin,
    W: tokio::io::AsyncWrite + Unpin,
{
    loop {
        let message = receiver.receive().await?;
        let is_over = message.code.is_close();
        sender.send(message).await?;
        if is_over {
            return Ok(());
        }
    }
}

async fn fan_out<R, W>(
    mut receiver: AsyncBytesRecv<R>,
    sender: AsyncBytesSend<W>,
    room: Room<Shared>,
) -> anyhow::Result<()>
where
    R: tokio::io::AsyncRead + Unpin,
    W: tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (member, heard) = room.join();
    tokio::spawn(write_all(sender, heard));
    loop {
        let message = receiver.receive().await?;
        if message.code.is_close() {
            return Ok(());
        }
        member.say(&Arc::new((message.code, message.data.to_vec())));
    }
}

async fn write_all<W>(
    mut sender: AsyncBytesSend<W>,
    mut heard: UnboundedReceiver<Shared>,
) -> anyhow::Result<()>
where
    W: tokio::io::AsyncWrite + Unpin,
{
    while let Some(message) = heard.recv().await {
        let (code, bytes) = &*message;
        sender.send((*code, bytes.as_slice())).await?;
    }
    Ok(())
}
