//! The server on `tokio-tungstenite`, with its default configuration.

use std::net::SocketAddr;

use tokio::net::TcpStream;
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
    },
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

async fn connection(stream: TcpStream, room: Room<Message>, pace: Pace) -> Option<()> {
    let mut path = String::new();
    #[expect(clippy::result_large_err, reason = "the library's own signature")]
    let read_path = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        request.uri().path().clone_into(&mut path);
        Ok(response)
    };
    let socket = accept_hdr_async(stream, read_path).await.ok()?;
    if path == "/broadcast" {
        pace::fan_out(socket, room, pace, is_data).await
    } else {
        pace::echo(socket, pace, is_data).await
    }
}

fn is_data(message: &Message) -> bool {
    message.is_text() || message.is_binary()
}
