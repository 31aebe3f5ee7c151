//! Whatever one says, all hear: `cargo run -p sockeye --example say`, then open some connections to
//! `ws://127.0.0.1:8080/say`.

use sockeye::{Endpoints, Group, Handler, HandlerResult, Message, ServeError, Session};

#[derive(Default)]
struct Say {
    everyone: Group,
}

impl Handler for Say {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.everyone.join(session);
        Ok(())
    }

    async fn on_message(&self, _: &Session, message: Message) -> HandlerResult {
        self.everyone.send(message);
        Ok(())
    }
}

pub(crate) fn endpoints() -> Endpoints {
    Endpoints::new().at("/say", Say::default())
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    sockeye::serve("127.0.0.1:8080", endpoints()).await
}
