//! Servers whose endpoints are open to SockJS, and to any origin.

use sockeye_endpoint::{
    Closed, Endpoints, Handler, HandlerResult, IntoEndpointHandler, Session, SockJs,
};
use sockeye_types::{Close, Message};
use tokio::sync::mpsc;

use crate::{
    client::patiently,
    served::{Echo, Served, Watch},
};

/// Adds an endpoint that is open to all.
pub(crate) fn at<K>(
    endpoints: Endpoints,
    path: &str,
    handler: impl IntoEndpointHandler<K>,
    sockjs: SockJs,
) -> Endpoints {
    endpoints
        .at(path, handler)
        .allowed_origins(["*"])
        .sockjs(sockjs)
}

/// Serves an echo on `/echo`.
pub(crate) async fn echo(sockjs: SockJs) -> Served {
    Served::endpoints(|watch| at(Endpoints::new(), "/echo", Echo(watch), sockjs)).await
}

/// Serves an echo on `/echo`, with the defaults.
pub(crate) async fn default_echo() -> Served {
    echo(SockJs::default()).await
}

/// Serves a handler on `/close` that closes as soon as a session is open.
pub(crate) async fn closing(sockjs: SockJs) -> Served {
    Served::endpoints(|watch| at(Endpoints::new(), "/close", GoAway(watch), sockjs)).await
}

/// Closes every session with 3000 as soon as it is open.
pub(crate) struct GoAway(pub(crate) Watch);

impl Handler for GoAway {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.0.opened();
        session.close(Close::new(3000.into(), "Go away!")?);
        Ok(())
    }

    async fn on_message(&self, _: &Session, _: Message) -> HandlerResult {
        Ok(())
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        self.0.ended(closed);
    }
}

/// Echoes, and tells the test of each session and each message, once the echo is on its way.
pub(crate) struct Tells {
    watch: Watch,
    sessions: mpsc::UnboundedSender<Session>,
    messages: mpsc::UnboundedSender<Message>,
}

/// What [`Tells`] told.
pub(crate) struct Told {
    sessions: mpsc::UnboundedReceiver<Session>,
    messages: mpsc::UnboundedReceiver<Message>,
}

impl Tells {
    pub(crate) fn new(watch: Watch) -> (Self, Told) {
        let (to_sessions, sessions) = mpsc::unbounded_channel();
        let (to_messages, messages) = mpsc::unbounded_channel();
        let tells = Self {
            watch,
            sessions: to_sessions,
            messages: to_messages,
        };
        (tells, Told { sessions, messages })
    }
}

impl Told {
    /// Waits for the next session to be open.
    pub(crate) async fn session(&mut self) -> Session {
        patiently(self.sessions.recv()).await.unwrap()
    }

    /// Waits for the next message to be echoed.
    pub(crate) async fn message(&mut self) -> Message {
        patiently(self.messages.recv()).await.unwrap()
    }
}

impl Handler for Tells {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.watch.opened();
        let _ = self.sessions.send(session.clone());
        Ok(())
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        session.send(message.clone()).await?;
        let _ = self.messages.send(message);
        Ok(())
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        self.watch.ended(closed);
    }
}

/// Serves [`Tells`] on `/echo`, on endpoints that the test goes on to set up.
pub(crate) async fn telling(
    sockjs: SockJs,
    set_up: impl FnOnce(Endpoints) -> Endpoints,
) -> (Served, Told) {
    let mut told = None;
    let served = Served::endpoints(|watch| {
        let (tells, what) = Tells::new(watch);
        told = Some(what);
        set_up(at(Endpoints::new(), "/echo", tells, sockjs))
    })
    .await;
    (served, told.unwrap())
}
