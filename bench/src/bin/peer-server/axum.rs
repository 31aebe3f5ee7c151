//! The server on `axum`, with its router and its default configuration, and a page besides.

use std::net::SocketAddr;

use axum::{
    Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
    routing::get,
    serve::ListenerExt,
};

use crate::{
    listen,
    pace::{self, Pace},
    room::Room,
};

/// Serves for ever.
pub(crate) async fn serve(listen: SocketAddr, pace: Pace) -> anyhow::Result<()> {
    let echo = move |upgrade: WebSocketUpgrade| async move {
        upgrade.on_upgrade(move |socket: WebSocket| async move {
            let _ = pace::echo(socket, pace, is_data).await;
        })
    };
    let broadcast = move |State(room): State<Room<Message>>, upgrade: WebSocketUpgrade| async move {
        let response: Response = upgrade.on_upgrade(move |socket: WebSocket| async move {
            let _ = pace::fan_out(socket, room, pace, is_data).await;
        });
        response
    };
    let router = Router::new()
        .route("/", get(echo))
        .route("/broadcast", get(broadcast))
        .route("/page", get(async || "ok"))
        .with_state(Room::new());
    let listener = listen::bind(listen)?.tap_io(|stream| {
        // Without it the row is dear for everyone to see.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}

fn is_data(message: &Message) -> bool {
    matches!(message, Message::Text(_) | Message::Binary(_))
}
