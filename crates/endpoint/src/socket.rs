//! The other form of a handler: an `async fn(Socket)`, which runs for as long as it likes to talk.

use std::{
    fmt,
    future::poll_fn,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use sockeye_types::{Close, Message};

use crate::{
    Closed, HandlerResult, Sender, Sending, Session, TrySendError,
    program::{Failure, HandlerFuture, log_failure, poll_call},
};

/// One session, for an `async fn(Socket)`: receive and send at will.
///
/// When the function returns, the session closes: with 1000, or with 1011 if it returned an error.
#[derive(Debug)]
pub struct Socket {
    session: Session,
    inbox: Arc<Inbox>,
}

impl Socket {
    /// Receives the next message; `None` once the session has ended: see [`closed`](Self::closed).
    ///
    /// Cancel safety: dropped before it is done, it has taken nothing; the next call gets the message.
    pub async fn recv(&mut self) -> Option<Message> {
        poll_fn(|cx| self.inbox.poll_take(cx)).await
    }

    /// Sends a message; waits while the outbox has no room for it. See [`Sender::send`].
    ///
    /// Cancel safety: dropped before it is done, nothing was sent.
    ///
    /// # Errors
    /// [`SendError`](crate::SendError) hands the message back if the session is closing or closed.
    pub fn send(&self, message: impl Into<Message>) -> Sending<'_> {
        self.session.send(message)
    }

    /// Sends a message if there is room for it now.
    ///
    /// # Errors
    /// [`TrySendError`] hands the message back.
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), TrySendError> {
        self.session.try_send(message)
    }

    /// Returns a handle that can only send: for other tasks and threads.
    pub fn sender(&self) -> Sender {
        self.session.sender()
    }

    /// Starts to close: see [`Session::close`].
    pub fn close(&self, close: Close) {
        self.session.close(close);
    }

    /// Returns the session: addresses, parameters, attributes.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns how the session ended, once it has.
    pub fn closed(&self) -> Option<Closed> {
        self.inbox.lock().closed.clone()
    }
}

impl Drop for Socket {
    /// Nobody will receive any more: what still comes is dropped, so that the peer's control frames are still read.
    fn drop(&mut self) {
        let mut state = self.inbox.lock();
        state.abandoned = true;
        state.message = None;
        let driver = state.driver.take();
        drop(state);
        driver.into_iter().for_each(Waker::wake);
    }
}

/// Holds one message between the driver and the function: while it is full, nothing more is read from the peer.
#[derive(Default)]
struct Inbox(Mutex<InboxState>);

#[derive(Default)]
struct InboxState {
    message: Option<Message>,
    closed: Option<Closed>,
    abandoned: bool,
    receiver: Option<Waker>,
    driver: Option<Waker>,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, InboxState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_take(&self, cx: &Context<'_>) -> Poll<Option<Message>> {
        let mut state = self.lock();
        if let Some(message) = state.message.take() {
            let driver = state.driver.take();
            drop(state);
            driver.into_iter().for_each(Waker::wake);
            return Poll::Ready(Some(message));
        }
        if state.closed.is_some() {
            return Poll::Ready(None);
        }
        state.receiver = Some(cx.waker().clone());
        Poll::Pending
    }

    fn put(&self, message: Message) {
        let mut state = self.lock();
        if !state.abandoned {
            state.message = Some(message);
        }
        let receiver = state.receiver.take();
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
    }

    fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.message.is_none() {
            return Poll::Ready(());
        }
        state.driver = Some(cx.waker().clone());
        Poll::Pending
    }

    fn close(&self, closed: Closed) {
        let mut state = self.lock();
        state.closed = Some(closed);
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

/// The handler's side of one session whose handler is an `async fn(Socket)`.
pub(crate) struct SocketTask {
    session: Session,
    inbox: Arc<Inbox>,
    task: Option<HandlerFuture<HandlerResult>>,
}

impl SocketTask {
    pub(crate) fn new(
        session: Session,
        run: impl FnOnce(Socket) -> HandlerFuture<HandlerResult>,
    ) -> Self {
        let inbox = Arc::new(Inbox::default());
        let task = run(Socket {
            session: session.clone(),
            inbox: Arc::clone(&inbox),
        });
        Self {
            session,
            inbox,
            task: Some(task),
        }
    }

    /// Ready when the function has returned.
    fn poll_task(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Box<Failure>>> {
        let Some(task) = &mut self.task else {
            return Poll::Ready(Ok(()));
        };
        let polled = poll_call(task, cx);
        if polled.is_ready() {
            self.task = None;
        }
        polled
    }

    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Box<Failure>>> {
        if self.task.is_some() && self.poll_task(cx)?.is_ready() {
            self.session.close(Close::normal());
        }
        self.inbox.poll_room(cx).map(Ok)
    }

    /// Delivers a message, after `poll_ready` was ready. Ready when the next one may be delivered.
    pub(crate) fn deliver(
        &mut self,
        message: &mut Message,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Box<Failure>>> {
        self.inbox.put(mem::take(message));
        self.poll_ready(cx)
    }

    pub(crate) fn close(&mut self, closed: Closed) {
        self.inbox.close(closed);
    }

    pub(crate) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_task(cx).map(|ended| {
            if let Err(failure) = ended {
                log_failure(&self.session, &failure);
            }
        })
    }
}
