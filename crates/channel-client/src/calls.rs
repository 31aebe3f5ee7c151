//! Commands that wait for their replies.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sockeye_channel_proto::Reply;
use sockeye_client::Closed;
use tokio::sync::{oneshot, watch};

use crate::CallError;

/// Who waits for which reply. Each is a caller's own; there are as many as callers.
#[derive(Debug)]
pub(crate) struct Calls(Mutex<State>, watch::Sender<bool>);

#[derive(Debug)]
enum State {
    Open {
        last_id: u32,
        waiting: HashMap<u32, oneshot::Sender<Reply>>,
    },
    Ended(Option<Closed>),
}

impl Calls {
    pub(crate) fn new() -> Self {
        let state = State::Open {
            last_id: 0,
            waiting: HashMap::new(),
        };
        Self(Mutex::new(state), watch::Sender::new(false))
    }

    /// Takes the next number, and a place where its reply will be.
    pub(crate) fn begin(&self) -> Result<(u32, oneshot::Receiver<Reply>), CallError> {
        match &mut *self.state() {
            State::Open { last_id, waiting } => {
                *last_id = last_id.wrapping_add(1).max(1);
                let (reply, receiver) = oneshot::channel();
                waiting.insert(*last_id, reply);
                Ok((*last_id, receiver))
            }
            State::Ended(closed) => Err(CallError::Ended(closed.clone())),
        }
    }

    /// Gives a reply to whoever waits for it; a caller that no longer does is forgotten.
    pub(crate) fn answer(&self, reply: Reply) {
        if let State::Open { waiting, .. } = &mut *self.state()
            && let Some(caller) = waiting.remove(&reply.id)
        {
            let _ = caller.send(reply);
        }
    }

    /// Nobody waits for this one any more.
    pub(crate) fn forget(&self, id: u32) {
        if let State::Open { waiting, .. } = &mut *self.state() {
            waiting.remove(&id);
        }
    }

    /// Tells all who wait, and all who will ask, that there is no connection.
    pub(crate) fn end(&self, closed: Option<Closed>) {
        *self.state() = State::Ended(closed);
        self.1.send_replace(true);
    }

    /// Waits until there is no connection any more.
    pub(crate) async fn wait_ended(&self) {
        // Its sender lives as long as this.
        let _ = self.1.subscribe().wait_for(|is_over| *is_over).await;
    }

    /// Why there is no connection any more.
    pub(crate) fn ended(&self) -> CallError {
        match &*self.state() {
            State::Ended(closed) => CallError::Ended(closed.clone()),
            State::Open { .. } => CallError::Ended(None),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
