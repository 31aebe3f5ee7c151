//! The server on `tokio-websockets`, with its default configuration.

use std::net::SocketAddr;

use tokio::net::TcpStream;
use tokio_websockets::{Message, ServerBuilder};

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

async fn connection(stream: TcpStream, room: Room<Message>, pace: Pace) -> Option<()> {
    let (request, socket) = ServerBuilder::new().accept(stream).await.ok()?;
    if request.uri().path() == "/broadcast" {
        pace::fan_out(socket, room, pace, is_data).await
    } else {
        pace::echo(socket, pace, is_data).await
    }
}

fn is_data(message: &Message) -> bool {
    message.is_text() || message.is_binary()
}
