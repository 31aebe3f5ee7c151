//! A server with endpoints over streaming responses, and an uplink to them.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use sockeye_endpoint::{
    Closed, Endpoints, Handler, HandlerResult, HttpStream, Requests, Session, Uplink, UplinkError,
    UplinkKey,
};
use sockeye_types::{Close, Message};
use tokio::sync::mpsc;

use crate::{
    client::patiently,
    served::{Served, Watch},
    sockjs::wire::{Ask, Http},
};

/// Echoes, tells the test of each session, and closes with 3000 at the word `close`.
#[derive(Clone)]
pub(crate) struct Tells {
    watch: Watch,
    sessions: mpsc::UnboundedSender<Session>,
}

impl Handler for Tells {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.watch.opened();
        let _ = self.sessions.send(session.clone());
        Ok(())
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        if message == Message::from("close") {
            session.close(Close::new(3000.into(), "as you wish")?);
            return Ok(());
        }
        Ok(session.send(message).await?)
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        self.watch.ended(closed);
    }
}

/// What [`Tells`] told, and the uplink to its sessions.
pub(crate) struct Told {
    sessions: mpsc::UnboundedReceiver<Session>,
    pub(crate) uplink: Uplink,
}

impl Told {
    pub(crate) async fn session(&mut self) -> Session {
        patiently(self.sessions.recv()).await.unwrap()
    }

    /// The secret of the session that opened last.
    pub(crate) async fn secret(&mut self) -> String {
        let session = self.session().await;
        session.attribute::<UplinkKey>().unwrap().to_string()
    }
}

/// Says why a session closes.
fn farewell(_: &Session, close: &Close) -> Option<Message> {
    Some(format!("closed {} {}", close.code().as_u16(), close.reason()).into())
}

/// Endpoints at `/lines`, `/events`, and one-way ones at `/uni_lines` and `/uni_events`; messages come in at `/emulation`,
/// behind their secret and a space.
pub(crate) fn endpoints(
    watch: Watch,
    change: impl Fn(HttpStream) -> HttpStream,
) -> (Endpoints, Told) {
    let (sessions, told) = mpsc::unbounded_channel();
    let tells = Tells { watch, sessions };
    let uplink = Uplink::new();
    let change = |stream: HttpStream| change(stream.farewell(farewell));
    let (lines, events) = (HttpStream::lines(), HttpStream::events("cf_connect"));
    let endpoints = Endpoints::new()
        .at("/lines", tells.clone())
        .over(change(lines.clone()).uplink(&uplink))
        .at("/events", tells.clone())
        .over(change(events.clone()).uplink(&uplink))
        .at("/uni_lines", tells.clone())
        .over(change(lines))
        .at("/uni_events", tells)
        .over(change(events));
    let sender = uplink.clone();
    let emulation = Requests::new([Method::POST], move |request| send(sender.clone(), request));
    let endpoints = endpoints.requests("/emulation", emulation);
    let told = Told {
        sessions: told,
        uplink,
    };
    (endpoints, told)
}

async fn send(uplink: Uplink, request: Request<Bytes>) -> Response<Bytes> {
    let body = String::from_utf8(request.into_body().to_vec()).unwrap();
    let (secret, message) = body.split_once(' ').unwrap();
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = match uplink.deliver(secret, message).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(UplinkError::UnknownSession) => StatusCode::NOT_FOUND,
        Err(UplinkError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    response
}

/// Serves them, with changed options.
pub(crate) async fn changed(change: impl Fn(HttpStream) -> HttpStream) -> (Served, Told) {
    let mut told = None;
    let served = Served::endpoints(|watch| {
        let (endpoints, tells) = endpoints(watch, change);
        told = Some(tells);
        endpoints
    })
    .await;
    (served, told.unwrap())
}

/// Serves them.
pub(crate) async fn served() -> (Served, Told) {
    changed(|stream| stream).await
}

/// Asks for a session whose first message is this.
pub(crate) fn lines(first: &str) -> Ask {
    Ask::new("POST", "/lines").body(first)
}

/// Opens a session of lines, and reads the echo of its first message.
pub(crate) async fn opened(served: &Served) -> Http {
    let mut http = lines("hello").begin(served.addr).await;
    assert_eq!(http.head.status, 200);
    assert_eq!(http.part().await.as_deref(), Some("hello\n"));
    http
}

/// Sends through the uplink by a request; says what it was answered with.
pub(crate) async fn emulate(served: &Served, secret: &str, message: &str) -> u16 {
    let ask = Ask::post("/emulation").body(format!("{secret} {message}"));
    ask.answer(served.addr).await.status()
}
