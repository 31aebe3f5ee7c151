//! The server on `sockudo-ws`, as its echo example does it, with its default configuration.

use std::net::SocketAddr;

use bytes::BytesMut;
use sockudo_ws::{
    Config, Message, WebSocketStream,
    handshake::{build_response, generate_accept_key, parse_request},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    listen,
    pace::{self, Pace},
    room::Room,
};

/// Serves for ever.
pub(crate) async fn serve(listen: SocketAddr, pace: Pace) -> anyhow::Result<()> {
    let room = Room::new();
    listen::each_connection(listen, |stream| {
        let room = room.clone();
        async move {
            let _ = connection(stream, room, pace).await;
        }
    })
    .await
}

async fn connection(mut stream: TcpStream, room: Room<Message>, pace: Pace) -> Option<()> {
    let is_broadcast = shake_hands(&mut stream).await?;
    let socket = WebSocketStream::server(stream, Config::default());
    if is_broadcast {
        pace::fan_out(socket, room, pace, is_data).await
    } else {
        pace::echo(socket, pace, is_data).await
    }
}

/// Answers the request, and says whether it is for the broadcast.
async fn shake_hands(stream: &mut TcpStream) -> Option<bool> {
    let mut head = BytesMut::with_capacity(4096);
    loop {
        if stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
        if let Some((request, _)) = parse_request(&head).ok()? {
            let response = build_response(&generate_accept_key(request.key), None, None);
            stream.write_all(&response).await.ok()?;
            return Some(request.path == "/broadcast");
        }
    }
}

fn is_data(message: &Message) -> bool {
    message.is_text() || message.is_binary()
}
