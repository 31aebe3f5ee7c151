//! Where the requests of one session and its driver meet.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Instant,
};

use bytes::Bytes;
use sockeye_sockjs_proto::{Attached, Leaves, Length, RequestError, SessionMachine, Ticket};
use sockeye_types::{Message, Transport};

use super::{pipe::Pipe, receiver::Receiver, table::Bound, wire::Wire};

/// How many sends may wait for a busy handler. Clients send one after the other.
const MAX_WAITING_SENDS: usize = 8;

/// Where the requests of one session meet its driver, on whatever thread each of them is.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) transport: Transport,
    pub(crate) bound: Bound,
    /// How many bytes of messages may wait for the handler.
    inbox_bytes: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) machine: SessionMachine,
    /// Who receives.
    pub(crate) receiver: Option<Receiving>,
    inbox: Inbox,
    driver: Option<Waker>,
}

/// Who receives, and how.
#[derive(Debug)]
pub(crate) struct Receiving {
    pub(crate) pipe: Arc<Pipe>,
    pub(crate) wire: Wire,
}

/// What was sent and not yet delivered.
#[derive(Debug, Default)]
struct Inbox {
    messages: VecDeque<Message>,
    bytes: usize,
    senders: Vec<(u64, Waker)>,
    next_sender: u64,
}

/// How one request asks to receive.
#[derive(Debug)]
pub(crate) struct Asks {
    pub(crate) wire: Wire,
    pub(crate) length: Length,
}

/// What becomes of a request to receive.
pub(crate) enum Joined {
    /// It gets what this one receives, if only that another receives already.
    Receives(Receiver),
    /// The session is over: another may begin under its name.
    Gone,
}

impl Line {
    pub(crate) fn new(
        transport: Transport,
        bound: Bound,
        inbox_bytes: usize,
        machine: SessionMachine,
    ) -> Arc<Self> {
        Arc::new(Self {
            transport,
            bound,
            inbox_bytes,
            state: Mutex::new(State {
                machine,
                receiver: None,
                inbox: Inbox::default(),
                driver: None,
            }),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a request receive.
    pub(crate) fn attach(self: &Arc<Self>, asks: Asks, now: Instant) -> Joined {
        let Asks { wire, length } = asks;
        let pipe = Arc::new(Pipe::default());
        if let Some(prelude) = wire.prelude() {
            pipe.push(prelude, now);
        }
        let mut state = self.lock();
        match state.machine.attach(length, now) {
            Attached::Gone => Joined::Gone,
            Attached::Refused => {
                let mut frame = bytes::BytesMut::new();
                wire.refuse(&mut frame);
                pipe.push(frame.freeze(), now);
                pipe.end();
                Joined::Receives(Receiver::stranger(pipe))
            }
            Attached::Receives(ticket) => {
                let receiver = Receiver::of(Arc::clone(self), Arc::clone(&pipe), ticket);
                state.receiver = Some(Receiving { pipe, wire });
                wake(state);
                Joined::Receives(receiver)
            }
        }
    }

    /// Notes that a receiver has left.
    pub(crate) fn leave(&self, receiver: Ticket, leaves: Leaves, now: Instant) {
        let mut state = self.lock();
        state.machine.leave(receiver, leaves, now);
        if !state.machine.is_received() {
            state.receiver = None;
        }
        wake(state);
    }

    /// Has the driver look again.
    pub(crate) fn wake_driver(&self) {
        wake(self.lock());
    }

    /// Puts the message where the driver finds it that a session begins with.
    pub(crate) fn put_first(&self, message: Message) {
        let inbox = &mut self.lock().inbox;
        inbox.bytes += cost(&message);
        inbox.messages.push_back(message);
    }

    /// Puts messages where the driver finds them; waits while those before them are many. A session that closes drops
    /// them, as browsers do.
    ///
    /// Cancel safety: dropped before it is done, nothing was put anywhere.
    ///
    /// # Errors
    /// [`RequestError::UnknownSession`] if the session is over, [`RequestError::Busy`] if too many others wait.
    pub(crate) async fn put(&self, messages: Vec<Message>) -> Result<(), RequestError> {
        let bytes: usize = messages.iter().map(cost).sum();
        let mut messages = Some(messages);
        let mut waiting = Waiting {
            line: self,
            number: None,
        };
        poll_fn(|cx| {
            let mut state = self.lock();
            if state.machine.gone().is_some() {
                return Poll::Ready(Err(RequestError::UnknownSession));
            }
            if !state.machine.is_open() {
                return Poll::Ready(Ok(()));
            }
            let inbox = &mut state.inbox;
            if !inbox.messages.is_empty() && inbox.bytes + bytes > self.inbox_bytes {
                return inbox.wait(&mut waiting.number, cx);
            }
            inbox.bytes += bytes;
            inbox.messages.extend(messages.take().unwrap_or_default());
            wake(state);
            Poll::Ready(Ok(()))
        })
        .await
    }
}

/// What a message counts against the inbox: its payload and its place, so that empty ones count too.
fn cost(message: &Message) -> usize {
    message.len() + size_of::<Message>()
}

impl State {
    /// Remembers the driver, so that whatever comes wakes it.
    pub(crate) fn attend(&mut self, waker: &Waker) {
        match &mut self.driver {
            Some(known) => known.clone_from(waker),
            None => self.driver = Some(waker.clone()),
        }
    }

    /// Takes the next message for the handler. Whoever waited for room looks again.
    pub(crate) fn next_message(&mut self) -> Option<Message> {
        let message = self.inbox.messages.pop_front()?;
        self.inbox.bytes -= cost(&message);
        if self.inbox.messages.is_empty() {
            self.inbox.messages = VecDeque::new();
        }
        for (_, sender) in self.inbox.senders.drain(..) {
            sender.wake();
        }
        Some(message)
    }

    /// Drops what nobody will be told any more, and lets those go who wait to say more.
    pub(crate) fn close_inbox(&mut self) {
        let inbox = std::mem::take(&mut self.inbox);
        for (_, sender) in inbox.senders {
            sender.wake();
        }
    }

    /// Sends the receiver a frame, and lets it go if that was its last. One without bytes is none on the wire.
    pub(crate) fn send(&mut self, frame: Bytes, now: Instant) {
        let Some(receiver) = &self.receiver else {
            return;
        };
        if self.machine.sent(frame.len(), now) == sockeye_sockjs_proto::Response::Ends {
            if frame.is_empty() {
                receiver.pipe.end();
            } else {
                receiver.pipe.push_last(frame, now);
            }
            self.receiver = None;
        } else if !frame.is_empty() {
            receiver.pipe.push(frame, now);
        }
    }
}

impl Inbox {
    fn wait(
        &mut self,
        number: &mut Option<u64>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), RequestError>> {
        let known = self
            .senders
            .iter_mut()
            .find(|(sender, _)| Some(*sender) == *number);
        if let Some((_, waker)) = known {
            waker.clone_from(cx.waker());
            return Poll::Pending;
        }
        if number.is_none() && self.senders.len() >= MAX_WAITING_SENDS {
            return Poll::Ready(Err(RequestError::Busy));
        }
        self.senders.push((self.next_sender, cx.waker().clone()));
        *number = Some(self.next_sender);
        self.next_sender += 1;
        Poll::Pending
    }
}

/// A send that may have to wait; dropped, it waits no more.
struct Waiting<'a> {
    line: &'a Line,
    number: Option<u64>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let senders = &mut self.line.lock().inbox.senders;
            senders.retain(|(waiting, _)| *waiting != number);
        }
    }
}

fn wake(mut state: MutexGuard<'_, State>) {
    let driver = state.driver.take();
    drop(state);
    driver.into_iter().for_each(Waker::wake);
}
