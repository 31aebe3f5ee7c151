//! The endpoints that come with the program: `/say` and `/echo`.

use sockeye::{Group, Handler, HandlerResult, Message, Session};

/// `/say`: whatever one says, text or binary, all hear, also the speaker.
#[derive(Debug, Default)]
pub(crate) struct Say {
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

/// `/echo`: whatever one says comes back to the one who said it.
#[derive(Debug, Default)]
pub(crate) struct Echo;

impl Handler for Echo {
    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        session.send(message).await?;
        Ok(())
    }
}
