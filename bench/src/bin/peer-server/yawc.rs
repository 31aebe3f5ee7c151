//! The server on `yawc`: hyper for the handshake, then the bare TCP stream. Text is validated, which it leaves to choose;
//! the batched kind has the buffers of its own benchmark.

use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::Empty;
use hyper::{
    Request, Response, body::Incoming, header::SEC_WEBSOCKET_EXTENSIONS, server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use sockeye_bench::load::Security;
use tokio::io::{AsyncRead, AsyncWrite};
use yawc::{
    CompressionLevel, DeflatePool, Frame, OpCode, Options, Role, WebSocket, WebSocketError,
};

use crate::{
    bare::bare,
    listen::{self, Place},
    pace::{self, Pace},
    room::Room,
};

/// Serves for ever.
pub(crate) async fn serve(place: Place, pace: Pace) -> anyhow::Result<()> {
    let house = House {
        room: Room::new(),
        pool: DeflatePool::new(4),
        pace,
    };
    match place.security {
        Security::Plain => {
            listen::each_connection(place.listen, |stream| serve_one(stream, house.clone())).await
        }
        Security::Tls => {
            listen::each_secure_connection(place.listen, move |stream| {
                serve_one(stream, house.clone())
            })
            .await
        }
    }
}

/// What all connections share.
#[derive(Clone)]
struct House {
    room: Room<Frame>,
    pool: DeflatePool,
    pace: Pace,
}

async fn serve_one<S>(stream: S, house: House)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| {
        let response = accept::<S>(request, &house);
        async { response }
    });
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}

fn accept<S>(
    mut request: Request<Incoming>,
    house: &House,
) -> anyhow::Result<Response<Empty<Bytes>>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (room, pace) = (house.room.clone(), house.pace);
    let options = options(&request, pace, &house.pool);
    let upgrading = hyper::upgrade::on(&mut request);
    let (response, _) = WebSocket::upgrade_with_options(&mut request, options.clone())?;
    let is_broadcast = request.uri().path() == "/broadcast";
    let extensions = response.headers().get(SEC_WEBSOCKET_EXTENSIONS).cloned();
    tokio::spawn(async move {
        let extensions = extensions.as_ref().and_then(|agreed| agreed.to_str().ok());
        let stream = bare::<S>(upgrading.await.ok()?).ok()?;
        let socket =
            WebSocket::from_stream_with_extensions(stream, Role::Server, extensions, options);
        let socket = socket.ok()?;
        let socket = socket.map(Ok::<_, WebSocketError>);
        if is_broadcast {
            pace::fan_out(socket, room, pace, is_data).await
        } else {
            pace::echo(socket, pace, is_data).await
        }
    });
    Ok(response)
}

fn options(request: &Request<Incoming>, pace: Pace, pool: &DeflatePool) -> Options {
    let options = Options::default().with_utf8();
    let options = match pace {
        Pace::SendEach => options,
        Pace::FlushBatch => options
            .with_read_buffer_capacity(128 << 10)
            .with_backpressure_boundary(64 << 10),
    };
    // At the level of the other servers.
    let level = CompressionLevel::fast();
    match request.uri().path() {
        "/deflate" => options
            .with_compression_level(level)
            .server_no_context_takeover()
            .client_no_context_takeover()
            .with_deflate_pool(pool.clone()),
        "/deflate-context" => options.with_compression_level(level),
        _ => options,
    }
}

fn is_data(frame: &Frame) -> bool {
    matches!(frame.opcode(), OpCode::Text | OpCode::Binary)
}
