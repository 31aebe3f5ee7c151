//! A handler that echoes and writes down what it is told.

use std::sync::{Arc, Mutex};

use sockeye::{Closed, Handler, HandlerResult, Message, Session};

#[derive(Clone, Default)]
pub(crate) struct Scribe(Arc<Mutex<Vec<String>>>);

impl Scribe {
    pub(crate) fn notes(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Says whether no server has it any more.
    pub(crate) fn is_free(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }
}

impl Handler for Scribe {
    async fn on_open(&self, _: &Session) -> HandlerResult {
        self.note("open");
        Ok(())
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        self.note(message.as_text().unwrap_or("binary"));
        session.send(message).await?;
        Ok(())
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        // Whoever waits for the end must also wait for a handler that takes its time.
        tokio::task::yield_now().await;
        self.note(format!("close {}", closed.code.as_u16()));
    }
}
