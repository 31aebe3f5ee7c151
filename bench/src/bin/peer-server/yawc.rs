//! The server on `yawc`: hyper for the handshake, then the bare TCP stream. Text is validated, which it leaves to choose;
//! the batched kind has the buffers of its own benchmark.

use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::Empty;
use hyper::{
    Request, Response, body::Incoming, header::SEC_WEBSOCKET_EXTENSIONS, server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use yawc::{
    CompressionLevel, DeflatePool, Frame, OpCode, Options, Role, WebSocket, WebSocketError,
};

use crate::{
    bare::bare,
    listen,
    pace::{self, Pace},
    room::Room,
};

/// Serves for ever.
pub(crate) async fn serve(listen: SocketAddr, pace: Pace) -> anyhow::Result<()> {
    let room = Room::new();
    let pool = DeflatePool::new(4);
    listen::each_connection(listen, |stream| {
        let (room, pool) = (room.clone(), pool.clone());
        async move {
            let service = service_fn(|request| {
                let options = options(&request, pace, &pool);
                let response = accept(request, room.clone(), (pace, options));
                async { response }
            });
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
                .await;
        }
    })
    .await
}

fn accept(
    mut request: Request<Incoming>,
    room: Room<Frame>,
    (pace, options): (Pace, Options),
) -> anyhow::Result<Response<Empty<Bytes>>> {
    let upgrading = hyper::upgrade::on(&mut request);
    let (response, _) = WebSocket::upgrade_with_options(&mut request, options.clone())?;
    let is_broadcast = request.uri().path() == "/broadcast";
    let extensions = response.headers().get(SEC_WEBSOCKET_EXTENSIONS).cloned();
    tokio::spawn(async move {
        let extensions = extensions.as_ref().and_then(|agreed| agreed.to_str().ok());
        let stream = bare(upgrading.await.ok()?).ok()?;
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
