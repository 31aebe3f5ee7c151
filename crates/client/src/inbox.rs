//! What was received and nobody has asked for yet: a bounded queue between the driver and the receiver.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use sockeye_types::Message;

/// How many messages wait at most. As many bytes as one message may have are the other bound.
pub(crate) const MAX_MESSAGES: usize = 64;

/// Messages on their way from the driver to the receiver. While it is full the driver reads nothing.
pub(crate) struct Inbox {
    state: Mutex<State>,
    /// From this many bytes on it is full.
    limit: usize,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Message>,
    bytes: usize,
    stage: Stage,
    /// Whether the peer's end has come and waits for what came before it to be received.
    end_waits: bool,
    receiver: Option<Waker>,
    driver: Option<Waker>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    /// Nobody will receive any more.
    Abandoned,
    /// Nothing more will come.
    Over,
}

impl Inbox {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            state: Mutex::default(),
            limit,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next message; none once nothing more will come.
    pub(crate) fn poll_take(&self, cx: &Context<'_>) -> Poll<Option<Message>> {
        let mut state = self.lock();
        let taken = state.queue.pop_front();
        if let Some(message) = &taken {
            state.bytes -= message.len();
        } else if state.stage == Stage::Open {
            state.receiver = Some(cx.waker().clone());
        }
        let waits = taken.is_none() && state.stage == Stage::Open;
        let driver = state.driver.take();
        drop(state);
        driver.into_iter().for_each(Waker::wake);
        if waits {
            Poll::Pending
        } else {
            Poll::Ready(taken)
        }
    }

    /// Adds a message; the driver asked for room before.
    pub(crate) fn put(&self, message: Message) {
        let mut state = self.lock();
        if state.stage != Stage::Open {
            return;
        }
        state.bytes += message.len();
        state.queue.push_back(message);
        let receiver = state.receiver.take();
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
    }

    /// Ready when there is room for one more message, however large.
    pub(crate) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.queue.len() < MAX_MESSAGES && state.bytes < self.limit {
            return Poll::Ready(());
        }
        state.driver = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Ready when nothing more is read before somebody receives: there is no room, or the peer's end has come. For who
    /// holds a connection that has no receiver yet.
    pub(crate) fn poll_rests(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        let is_full = state.queue.len() >= MAX_MESSAGES || state.bytes >= self.limit;
        if is_full || state.end_waits {
            return Poll::Ready(());
        }
        state.receiver = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Ready when everything was received and more is asked for, or nobody will ever ask.
    pub(crate) fn poll_waited_for(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        let waited_for = state.queue.is_empty() && state.receiver.is_some();
        if waited_for || state.stage != Stage::Open {
            return Poll::Ready(());
        }
        state.driver = Some(cx.waker().clone());
        state.end_waits = true;
        let receiver = state.receiver.take();
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
        Poll::Pending
    }

    /// Nobody will receive any more: what still comes is dropped, so that the peer's control frames are still read.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.queue = VecDeque::new();
        state.bytes = 0;
        if state.stage == Stage::Open {
            state.stage = Stage::Abandoned;
        }
        let driver = state.driver.take();
        drop(state);
        driver.into_iter().for_each(Waker::wake);
    }

    /// Nothing more will come; what waits is still received.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.stage = Stage::Over;
        let receiver = state.receiver.take();
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inbox")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idle() -> Context<'static> {
        Context::from_waker(Waker::noop())
    }

    #[test]
    fn it_is_full_at_either_bound_and_a_message_taken_makes_room() {
        let inbox = Inbox::new(10);
        inbox.put(Message::from("nine byte"));
        assert!(inbox.poll_room(&idle()).is_ready());
        inbox.put(Message::from("x"));
        assert!(inbox.poll_room(&idle()).is_pending());
        assert!(inbox.poll_take(&idle()).is_ready());
        assert!(inbox.poll_room(&idle()).is_ready());
        for _ in 1..MAX_MESSAGES {
            assert!(inbox.poll_room(&idle()).is_ready());
            inbox.put(Message::from(""));
        }
        assert!(inbox.poll_room(&idle()).is_pending());
    }

    #[test]
    fn what_waits_at_the_end_is_still_received() {
        let inbox = Inbox::new(10);
        inbox.put(Message::from("last"));
        inbox.end();
        inbox.put(Message::from("too late"));
        assert_eq!(
            inbox.poll_take(&idle()),
            Poll::Ready(Some(Message::from("last")))
        );
        assert_eq!(inbox.poll_take(&idle()), Poll::Ready(None));
    }

    #[test]
    fn it_is_waited_for_when_it_is_empty_and_asked_or_abandoned() {
        let inbox = Inbox::new(10);
        assert!(inbox.poll_waited_for(&idle()).is_pending());
        assert!(inbox.poll_take(&idle()).is_pending());
        assert!(inbox.poll_waited_for(&idle()).is_ready());
        inbox.put(Message::from("one"));
        assert!(inbox.poll_waited_for(&idle()).is_pending());
        inbox.abandon();
        assert!(inbox.poll_waited_for(&idle()).is_ready());
    }
}
