//! Endpoints in an axum app, beside its ordinary routes: who may come in, as whom, and how everything ends.
//!
//! `cargo run -p sockeye --example axum`, then open `ws://127.0.0.1:8080/rooms/lobby` with the cookie `key=ann-s-key`.

use std::{collections::HashMap, error::Error, future::Future, net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    middleware::{Next, from_fn},
    response::Response,
    routing::get,
};
use http::{HeaderMap, StatusCode, header};
use sockeye::{
    Close, Endpoints, Group, Handler, HandlerResult, IntoService, Message, PeerAddr, Refusal,
    Session, UpgradeRequest,
};
use tokio::net::TcpListener;

/// Who a visitor is: the interceptor finds out, the handler reads it.
#[derive(Clone)]
struct User(&'static str);

/// Lets in who has a key. What it leaves in `attributes`, the session keeps.
fn authenticate(request: &mut UpgradeRequest<'_>) -> Result<(), Refusal> {
    let user = match cookie(request.headers(), "key") {
        Some("ann-s-key") => User("Ann"),
        Some("bob-s-key") => User("Bob"),
        _ => return Err(Refusal::new(StatusCode::UNAUTHORIZED, "who are you?\n")),
    };
    request.attributes.insert(user);
    Ok(())
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let mut pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
    pairs.find(|(n, _)| *n == name).map(|(_, value)| value)
}

/// The rooms there are, by name.
struct Rooms(HashMap<&'static str, Group>);

impl Handler for Rooms {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        let Some(room) = session.param("room").and_then(|name| self.0.get(name)) else {
            session.close(Close::new(4004.into(), "no such room")?);
            return Ok(());
        };
        room.join(session);
        let from = session.peer_addr().ok_or("the address got lost")?;
        let User(name) = session.attribute().ok_or("nobody was let in")?;
        session.send(format!("welcome, {name} from {from}")).await?;
        Ok(())
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        let room = session.param("room").and_then(|name| self.0.get(name));
        let User(name) = session.attribute().ok_or("nobody was let in")?;
        let text = message.as_text().unwrap_or("(something binary)");
        room.ok_or("no such room")?.send(format!("{name}: {text}"));
        Ok(())
    }
}

/// axum knows the client's address; this tells the sessions.
async fn tell_address(
    ConnectInfo(addr): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(PeerAddr(addr));
    next.run(request).await
}

pub(crate) async fn run(
    listener: TcpListener,
    signal: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let rooms = ["lobby", "kitchen"].map(|name| (name, Group::new()));
    let sockets = Endpoints::new()
        .at("/rooms/{room}", Rooms(HashMap::from(rooms)))
        // Pages of this server may always connect; cookies make it matter which others may.
        .allowed_origins(["https://jocker.com", "https://*.jocker.com"])
        .interceptor(authenticate)
        .into_service()?;
    let app = Router::new()
        .route("/", get(|| async { "the rooms are at /rooms/{room}\n" }))
        // Endpoints match whole paths themselves, so they take all that axum has no route for.
        .fallback_service(sockets.clone())
        .layer(from_fn(tell_address));
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app)
        .with_graceful_shutdown(signal)
        .await?;
    // axum has answered its requests. It knows nothing of the sockets, which are still open.
    sockets
        .shut_down(Close::going_away(), Duration::from_secs(10))
        .await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    run(listener, async {
        let _ = tokio::signal::ctrl_c().await;
    })
    .await
}
