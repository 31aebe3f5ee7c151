//! Sending to one session, from anywhere.

use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use sockeye_types::{Close, Message};
use thiserror::Error;

use crate::{
    Session, SessionId,
    outbox::{Offered, Ticket},
};

/// Sends to one session: cheap to clone, at home in any task or thread, sharing no lock with the receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Session);

/// The session is closing or closed; the message comes back.
#[derive(Debug, Error)]
#[error("the session is closed")]
pub struct SendError(
    /// What was not sent.
    pub Message,
);

/// The message was not sent and comes back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrySendError {
    /// The outbox has no room for it.
    #[error("the outbox is full")]
    Full(Message),
    /// The session is closing or closed.
    #[error("the session is closed")]
    Closed(Message),
}

impl TrySendError {
    /// Gives the message back.
    pub fn into_message(self) -> Message {
        match self {
            Self::Full(message) | Self::Closed(message) => message,
        }
    }
}

impl Sender {
    pub(crate) fn new(session: Session) -> Self {
        Self(session)
    }

    /// Returns the number of the session.
    pub fn id(&self) -> SessionId {
        self.0.id()
    }

    /// Sends a message; waits while the outbox has no room for it. Messages of one task leave in its order.
    ///
    /// Returning `Ok` means queued, not delivered. A peer that takes nothing for the endpoint's `stall_time` is cut,
    /// so that the wait ends.
    ///
    /// Cancel safety: dropped before it is done, nothing was sent, and the message is dropped with it.
    ///
    /// # Errors
    /// [`SendError`] hands the message back if the session is closing or closed.
    pub fn send(&self, message: impl Into<Message>) -> Sending<'_> {
        send(&self.0, message.into())
    }

    /// Sends a message if there is room for it now.
    ///
    /// # Errors
    /// [`TrySendError`] hands the message back.
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), TrySendError> {
        try_send(&self.0, message.into())
    }

    /// Starts to close: see [`Session::close`].
    pub fn close(&self, close: Close) {
        self.0.close(close);
    }

    /// Says whether the session still takes messages.
    pub fn is_open(&self) -> bool {
        self.0.is_open()
    }

    /// Returns how many bytes wait to be sent, bookkeeping included.
    pub fn buffered_bytes(&self) -> usize {
        self.0.buffered_bytes()
    }

    /// Returns how many messages an overflow policy or a close dropped before they were sent.
    pub fn dropped(&self) -> u64 {
        self.0.dropped()
    }

    pub(crate) fn session(&self) -> &Session {
        &self.0
    }
}

pub(crate) fn try_send(session: &Session, mut message: Message) -> Result<(), TrySendError> {
    let offered = session.state().outbox.offer(&mut message, session.room());
    match offered {
        Offered::Taken(driver) => {
            driver.into_iter().for_each(Waker::wake);
            Ok(())
        }
        Offered::Full => Err(TrySendError::Full(message)),
        Offered::Closed => Err(TrySendError::Closed(message)),
    }
}

pub(crate) fn send(session: &Session, message: Message) -> Sending<'_> {
    Sending {
        session,
        message,
        ticket: None,
        is_done: false,
    }
}

/// A send that may have to wait: see [`Sender::send`]. Dropped, it waits no more, and the outbox keeps nothing of it.
///
/// It is small, and so are handlers' futures with it: each is moved once.
#[derive(Debug)]
#[must_use = "nothing is sent before it is awaited"]
pub struct Sending<'a> {
    session: &'a Session,
    /// As it was given, until it is sent: it is moved as a whole, and never looked at in between.
    message: Message,
    ticket: Option<Ticket>,
    is_done: bool,
}

impl Future for Sending<'_> {
    type Output = Result<(), SendError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.is_done {
            return Poll::Ready(Ok(()));
        }
        let session = self.session;
        let mut state = session.state();
        match state.outbox.offer(&mut self.message, session.room()) {
            Offered::Taken(driver) => {
                drop(state);
                self.is_done = true;
                driver.into_iter().for_each(Waker::wake);
                Poll::Ready(Ok(()))
            }
            Offered::Full => {
                let ticket = state.outbox.wait_for_room(self.ticket, cx.waker());
                drop(state);
                self.ticket = Some(ticket);
                Poll::Pending
            }
            Offered::Closed => {
                self.is_done = true;
                Poll::Ready(Err(SendError(mem::take(&mut self.message))))
            }
        }
    }
}

impl Drop for Sending<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            return_ticket(self.session, ticket);
        }
    }
}

#[cold]
fn return_ticket(session: &Session, ticket: Ticket) {
    session.state().outbox.return_ticket(ticket);
}
