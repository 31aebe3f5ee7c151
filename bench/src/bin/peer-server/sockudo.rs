//! The server on `sockudo-ws`, as its echo example does it, with its default configuration.

use bytes::BytesMut;
use sockeye_bench::load::Security;
use sockudo_ws::{
    CompressedWebSocketStream, Config, DeflateConfig, Message, WebSocketStream,
    handshake::{build_response, generate_accept_key, parse_request},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

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

async fn connection<S>(mut stream: S, room: Room<Message>, pace: Pace) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let path = shake_hands(&mut stream).await?;
    if let Some(deflate) = deflate(&path) {
        let socket = CompressedWebSocketStream::server(stream, Config::default(), deflate);
        return pace::echo(socket, pace, is_data).await;
    }
    let socket = WebSocketStream::server(stream, Config::default());
    if path == "/broadcast" {
        pace::fan_out(socket, room, pace, is_data).await
    } else {
        pace::echo(socket, pace, is_data).await
    }
}

/// How messages are deflated on a path: at the level of the other servers.
fn deflate(path: &str) -> Option<DeflateConfig> {
    let stands_alone = match path {
        "/deflate" => true,
        "/deflate-context" => false,
        _ => return None,
    };
    Some(DeflateConfig {
        server_no_context_takeover: stands_alone,
        client_no_context_takeover: stands_alone,
        compression_level: 1,
        ..DeflateConfig::default()
    })
}

/// Answers the request, and returns its path.
async fn shake_hands(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Option<String> {
    let mut head = BytesMut::with_capacity(4096);
    loop {
        if stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
        if let Some((request, _)) = parse_request(&head).ok()? {
            let extensions = deflate(&request.path).map(|deflate| deflate.to_response_header());
            let accept = generate_accept_key(request.key);
            let response = build_response(&accept, None, extensions.as_deref());
            stream.write_all(&response).await.ok()?;
            return Some(request.path.into_owned());
        }
    }
}

fn is_data(message: &Message) -> bool {
    message.is_text() || message.is_binary()
}
