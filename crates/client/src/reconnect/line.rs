//! Where messages go: to the connection while there is one, into a bounded queue while there is none.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sockeye_types::Message;

use crate::{SendError, Sender, TrySendError};

/// How much may wait while there is no connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueLimits {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// What is shared between those who send and the one who connects.
#[derive(Debug)]
pub(crate) struct Line {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limits: QueueLimits,
    queue: VecDeque<Message>,
    bytes: usize,
    stage: Stage,
}

/// ```text
///             open                      the queue is empty
///   Offline ────────────> (Offline) ──────────────────────> Online
///      ^                                                      │
///      └──────────── the connection takes nothing ────────────┘
///   any ── over ──> Over
/// ```
#[derive(Debug)]
enum Stage {
    Offline,
    Online(Sender),
    Over,
}

impl Line {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Self {
            state: Mutex::new(State {
                limits,
                queue: VecDeque::new(),
                bytes: 0,
                stage: Stage::Offline,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_limits(&self, set: impl FnOnce(&mut QueueLimits)) {
        set(&mut self.lock().limits);
    }

    /// There is no connection any more.
    pub(crate) fn go_offline(&self) {
        let mut state = self.lock();
        if let Stage::Online(_) = state.stage {
            state.stage = Stage::Offline;
        }
    }

    /// Nothing is sent any more; what waits is dropped.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.stage = Stage::Over;
        state.queue = VecDeque::new();
        state.bytes = 0;
    }

    /// Takes what waits longest. If nothing does, what is sent from now on goes straight to `sender`.
    pub(crate) fn take_or_go_online(&self, sender: &Sender) -> Option<Message> {
        let mut state = self.lock();
        let taken = state.queue.pop_front();
        match &taken {
            Some(message) => state.bytes -= message.len(),
            None if matches!(state.stage, Stage::Offline) => {
                state.queue = VecDeque::new();
                state.stage = Stage::Online(sender.clone());
            }
            None => {}
        }
        taken
    }

    /// Puts back what was taken and could not be sent, before everything else.
    pub(crate) fn put_back(&self, message: Message) {
        let mut state = self.lock();
        if !matches!(state.stage, Stage::Over) {
            state.bytes += message.len();
            state.queue.push_front(message);
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.lock().stage, Stage::Over)
    }

    /// Queues a message while there is no connection; hands it back with the connection's sender if there is one. Both
    /// in one step: nobody looks into the queue again once there is a connection.
    fn queue(&self, message: Message) -> Result<Option<(Sender, Message)>, TrySendError> {
        let mut state = self.lock();
        match &state.stage {
            Stage::Over => return Err(TrySendError::Closed(message)),
            Stage::Online(sender) if sender.is_open() => {
                return Ok(Some((sender.clone(), message)));
            }
            // Who found the connection closed is ahead of whoever connects.
            Stage::Online(_) => state.stage = Stage::Offline,
            Stage::Offline => {}
        }
        let QueueLimits { messages, bytes } = state.limits;
        let is_full =
            state.queue.len() >= messages || state.bytes.saturating_add(message.len()) > bytes;
        if is_full {
            return Err(TrySendError::Full(message));
        }
        state.bytes += message.len();
        state.queue.push_back(message);
        Ok(None)
    }
}

/// Sends by way of a [`Reconnecting`](crate::Reconnecting), from other tasks and threads. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ReconnectingSender(pub(crate) Arc<Line>);

impl ReconnectingSender {
    /// Sends a message: to the connection, waiting while its outbox has no room, or into the queue while there is none.
    /// Messages of one task leave in its order.
    ///
    /// Returning `Ok` means queued, not delivered: what was handed to a connection that was then lost may be lost with
    /// it. It is never sent twice.
    ///
    /// Cancel safety: dropped before it is done, nothing was sent, and the message is dropped with it.
    ///
    /// # Errors
    /// [`TrySendError::Full`] hands the message back if there is no connection and the queue is full;
    /// [`TrySendError::Closed`] if there will be no connection any more; [`TrySendError::Binary`] if the connection
    /// carries text only.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), TrySendError> {
        let mut message = message.into();
        while let Some((sender, handed)) = self.0.queue(message)? {
            match sender.send(handed).await {
                Ok(()) => break,
                Err(SendError::Closed(refused)) => message = refused,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Sends a message if there is room for it now.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`TrySendError::Full`] if the connection's outbox is full.
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), TrySendError> {
        let mut message = message.into();
        while let Some((sender, handed)) = self.0.queue(message)? {
            match sender.try_send(handed) {
                Err(TrySendError::Closed(refused)) => message = refused,
                sent => return sent,
            }
        }
        Ok(())
    }

    /// Returns how many messages wait for a connection.
    pub fn queued(&self) -> usize {
        self.0.lock().queue.len()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Waker},
    };

    use super::*;
    use crate::sender::{Carries, Outbox};

    #[test]
    fn who_waited_for_a_connection_that_was_lost_sends_to_the_next_and_is_not_left_behind() {
        let limits = QueueLimits {
            messages: 9,
            bytes: 99,
        };
        let sender = ReconnectingSender(Arc::new(Line::new(limits)));
        let (old, _old_end) = Outbox::new(1, Carries::TextAndBinary);
        let (new, mut new_end) = Outbox::new(1000, Carries::TextAndBinary);
        let go_online = |outbox: &Arc<Outbox>| {
            let taken = sender.0.take_or_go_online(&Sender::new(Arc::clone(outbox)));
            assert_eq!(taken, None);
        };
        go_online(&old);
        sender.try_send("fills the outbox").unwrap();
        let mut waits = pin!(sender.send("waits"));
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(waits.as_mut().poll(cx).is_pending());
        // It is not polled before there is another connection.
        old.shut();
        sender.0.go_offline();
        go_online(&new);
        assert!(waits.as_mut().poll(cx).is_ready());
        assert_eq!(sender.queued(), 0);
        let sent = new_end.messages.try_recv().unwrap();
        assert_eq!(sent.message, Message::from("waits"));
    }
}
