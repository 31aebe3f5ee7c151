//! What an endpoint calls: a session becomes a connection of the protocol.

use std::sync::Arc;

use sockeye_channel_proto::Disconnect;
use sockeye_endpoint::{Closed, Handler, HandlerError, HandlerResult, Session, UplinkKey};
use sockeye_types::{Close, Message};

use crate::{channels::Core, client::Client, client_id::ClientId, hub::Shape, random};

/// The handler of an endpoint that speaks the Centrifuge protocol in both directions.
///
/// The endpoint should know the subprotocols [`PROTOCOLS`](Self::PROTOCOLS), and take messages of 64 KiB.
#[derive(Clone, Debug)]
pub struct ClientHandler {
    core: Arc<Core>,
    shape: Shape,
}

impl ClientHandler {
    /// The subprotocols that are spoken.
    pub const PROTOCOLS: [&str; 2] = ["centrifuge-json", "centrifuge-protobuf"];

    pub(crate) const fn new(core: Arc<Core>) -> Self {
        Self {
            core,
            shape: Shape::Reply,
        }
    }

    /// Makes it one for clients that only listen: their first message is a connect request as it is, and they are sent
    /// pushes as they are, in JSON, one a message. What they say later is not looked at.
    #[must_use]
    pub const fn one_way(mut self) -> Self {
        self.shape = Shape::Bare;
        self
    }
}

impl ClientHandler {
    /// Says what a session is told at its end where its transport has no close of its own: for
    /// [`HttpStream::farewell`](sockeye_endpoint::HttpStream::farewell).
    pub fn farewell(session: &Session, close: &Close) -> Option<Message> {
        session.attribute::<Arc<Client>>()?.farewell(close)
    }
}

impl Handler for ClientHandler {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        let none = || HandlerError::new("the operating system has no randomness");
        let id = ClientId::random().ok_or_else(none)?;
        if self.shape == Shape::Bare {
            // What only listens has no way in: its secret is a name for the application.
            let random = random::secret().map_err(|_| none())?;
            session.insert_attribute(UplinkKey::from_random(random));
        }
        let client = Client::new(&self.core, session, id, self.shape);
        self.core.registry.add(&client);
        session.insert_attribute(client);
        Ok(())
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        if let Some(client) = session.attribute::<Arc<Client>>() {
            client.handle(message).await;
        }
        Ok(())
    }

    async fn on_close(&self, session: &Session, closed: Closed) {
        // The session and its client hold each other.
        if let Some(client) = session.remove_attribute::<Arc<Client>>() {
            client.ended(&closed).await;
        }
    }
}

impl Core {
    /// Ends all connections: the server stops.
    pub(crate) fn shut_down(&self) {
        for client in self.registry.all() {
            client.disconnect(&Disconnect::Shutdown.into());
        }
    }
}
