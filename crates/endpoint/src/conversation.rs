//! One session as its driver sees it: messages in, messages out, one end.

use std::{
    collections::VecDeque,
    fmt,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use sockeye_types::{Close, Limits, Message};

use crate::{
    Batch, CallSpace, CanWrite, Closed, Initiator, Outgoing, Overflow, Queue, Rested, Session,
    outbox::Queued,
    program::{Failure, Program, log_failure},
    queue::flat,
};

/// One session as its driver sees it. The driver moves bytes; this runs the handler and holds what waits to be sent.
///
/// A driver works in turns:
/// 1. [`attend`](Self::attend): from here on, nobody wakes it in vain;
/// 2. [`poll_ready`](Self::poll_ready); while it and [`deliver`](Self::deliver) are ready and messages are there, deliver;
/// 3. [`take`](Self::take): what must leave; when all of it is with the kernel, [`written`](Self::written);
/// 4. [`rest`](Self::rest), unless it says that work waits.
///
/// At the end, whatever ended it: [`end`](Self::end) once, then [`poll_closed`](Self::poll_closed) until ready.
#[must_use = "a conversation that is not driven leaves its handler waiting"]
pub struct Conversation {
    session: Session,
    program: Program,
}

impl Conversation {
    pub(crate) fn new(session: Session, program: Program) -> Self {
        Self { session, program }
    }

    /// Returns the session that the handler sees.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns what this session may cost.
    pub fn limits(&self) -> &Limits {
        &self.session.options().limits
    }

    /// Returns what happens to broadcasts that the peer has no room for.
    pub fn overflow(&self) -> Overflow {
        self.session.options().overflow
    }

    /// Starts to close in the server's name, as for a shutdown: what was sent before still leaves.
    pub fn close(&self, close: Close) {
        self.session
            .order_close(close, Initiator::Server, Queued::Delivered);
    }

    /// Says that the driver is at work. It lends a queue for what the handler will send, so that an idle session needs
    /// none of its own.
    pub fn attend(&self, lent: &mut Queue) {
        self.session.state().outbox.attend(lent);
    }

    /// Goes on with what the handler waits for. Ready when the next message may be delivered. The call space is lent.
    ///
    /// A handler that fails closes the session with 1011: what it sent before still leaves.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>, lent: &mut CallSpace) -> Poll<()> {
        let polled = self.program.poll_ready(cx, lent);
        self.close_if_failed(polled)
    }

    /// Delivers a message, after [`poll_ready`](Self::poll_ready) was ready. Ready when the next one may be delivered;
    /// if it is not, `poll_ready` will be. Once the session is closing, messages are dropped, as in browsers.
    #[inline]
    pub fn deliver(
        &mut self,
        mut message: Message,
        cx: &mut Context<'_>,
        lent: &mut CallSpace,
    ) -> Poll<()> {
        self.deliver_from(&mut message, cx, lent)
    }

    /// Delivers a message as [`deliver`](Self::deliver) does, but takes it from where it is, and leaves an empty one: it
    /// is several words, and each time they change hands costs as much as all that is done with them.
    #[inline]
    pub fn deliver_from(
        &mut self,
        message: &mut Message,
        cx: &mut Context<'_>,
        lent: &mut CallSpace,
    ) -> Poll<()> {
        if !self.session.is_open() {
            return Poll::Ready(());
        }
        let polled = self.program.deliver(message, cx, lent);
        self.close_if_failed(polled)
    }

    #[inline]
    fn close_if_failed(&self, polled: Poll<Result<(), Box<Failure>>>) -> Poll<()> {
        polled.map(|called| {
            if let Err(failure) = called {
                self.close_failed(&failure);
            }
        })
    }

    #[cold]
    fn close_failed(&self, failure: &Failure) {
        log_failure(&self.session, failure);
        self.session.order_close(
            Close::internal_error(),
            Initiator::Handler,
            Queued::Delivered,
        );
    }

    /// Moves the messages that wait into `into`, about `budget` bytes at most (but at least one message), and returns
    /// what else is due. Take more only when all of it is [`written`](Self::written): what was taken can't be dropped
    /// any more.
    pub fn take(&self, budget: usize, into: &mut VecDeque<Outgoing>) -> Due {
        let mut due = self.take_batched(budget, into);
        if let Some(batch) = due.batch.take() {
            into.extend(flat(&batch));
        }
        due
    }

    /// Takes as [`take`](Self::take) does, but leaves broadcasts together that came together: see [`Due::batch`].
    pub fn take_batched(&self, budget: usize, into: &mut VecDeque<Outgoing>) -> Due {
        if !self.session.has_work() {
            return Due::default();
        }
        let outbox = &mut self.session.state().outbox;
        Due {
            batch: outbox.take_batched(budget, into),
            pings: outbox.take_pings(),
            close: outbox.take_close(),
        }
    }

    /// Moves messages as [`take`](Self::take) does, and leaves whatever else is due for it.
    pub fn take_messages(&self, budget: usize, into: &mut VecDeque<Outgoing>) {
        self.session.state().outbox.take(budget, into);
    }

    /// Says that everything that was taken is with the kernel: there is room again.
    pub fn written(&self) {
        let wake = self.session.state().outbox.written();
        wake.wake();
    }

    /// Returns who ordered the close that was taken; the server, if nobody did.
    pub fn initiator(&self) -> Initiator {
        self.session
            .state()
            .outbox
            .initiator()
            .unwrap_or(Initiator::Server)
    }

    /// Lets the driver rest until `waker` is woken, unless something waits that it could do now. The queue that was
    /// lent comes back. If it can write, all that was taken is [`written`](Self::written).
    pub fn rest(&self, waker: &Waker, can_write: CanWrite, lent: &mut Queue) -> Rested {
        let (rested, wake) = self.session.state().outbox.rest(waker, can_write, lent);
        wake.wake();
        rested
    }

    /// Ends the session: it leaves its groups, what waits to be sent is dropped, senders learn that it is closed.
    pub fn end(&mut self, closed: Closed) {
        self.session.end();
        self.program.close(closed);
    }

    /// Goes on with what the handler does after [`end`](Self::end); ready when it is done with the session.
    pub fn poll_closed(&mut self, cx: &mut Context<'_>, lent: &mut CallSpace) -> Poll<()> {
        self.program.poll_closed(cx, lent)
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// What is due beside messages.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Due {
    /// Broadcasts that follow the messages that were taken with them.
    pub batch: Option<Arc<Batch>>,
    /// Pings; they pass the messages.
    pub pings: Option<VecDeque<Bytes>>,
    /// The close; it follows the messages that were taken with it, and comes once.
    pub close: Option<Close>,
}
