//! The server on `tokio-tungstenite`, with its default configuration.

use sockeye_bench::load::Security;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
    },
};

use crate::{
    listen::{self, Place},
    pace::{self, Pace},
    room::Room,
};

/// Serves for ever.
pub(crate) async fn serve(place: Place, pace: Pace) -> anyhow::Result<()> {
    let room = Room::new();
    match place.security {
        Security::Plain => {
            listen::each_connection(place.listen, |stream| serve_one(stream, room.clone(), pace))
                .await
        }
        Security::Tls => {
            listen::each_secure_connection(place.listen, move |stream| {
                serve_one(stream, room.clone(), pace)
            })
            .await
        }
    }
}

async fn serve_one<S>(stream: S, room: Room<Message>, pace: Pace)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let _ = connection(stream, room, pace).await;
}

async fn connection<S>(stream: S, room: Room<Message>, pace: Pace) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
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
