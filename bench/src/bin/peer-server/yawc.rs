//! The server on `yawc`: hyper for the handshake, then the bare TCP stream. Text is validated, which it leaves to choose;
//! the batched kind has the buffers of its own benchmark.

use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::Empty;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use yawc::{Frame, OpCode, Options, Role, WebSocket, WebSocketError};

use crate::{
    bare::bare,
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
            let service = service_fn(|request| {
                let response = accept(request, room.clone(), pace);
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
    pace: Pace,
) -> anyhow::Result<Response<Empty<Bytes>>> {
    let upgrading = hyper::upgrade::on(&mut request);
    let (response, _) = WebSocket::upgrade_with_options(&mut request, options(pace))?;
    let is_broadcast = request.uri().path() == "/broadcast";
    tokio::spawn(async move {
        let stream = bare(upgrading.await.ok()?).ok()?;
        let socket = WebSocket::from_stream(stream, Role::Server, options(pace)).ok()?;
        let socket = socket.map(Ok::<_, WebSocketError>);
        if is_broadcast {
            pace::fan_out(socket, room, pace, is_data).await
        } else {
            pace::echo(socket, pace, is_data).await
        }
    });
    Ok(response)
}

fn options(pace: Pace) -> Options {
    let options = Options::default().with_utf8();
    match pace {
        Pace::SendEach => options,
        Pace::FlushBatch => options
            .with_read_buffer_capacity(128 << 10)
            .with_backpressure_boundary(64 << 10),
    }
}

fn is_data(frame: &Frame) -> bool {
    matches!(frame.opcode(), OpCode::Text | OpCode::Binary)
}
