//! Broadcast groups: many sessions that hear the same messages.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use slab::Slab;
use sockeye_types::{Close, Message};

use crate::{Sender, Session, SessionId, Shared};

/// Sessions that hear the same messages. Cloning it gives another handle to the same group.
///
/// Everybody in a group hears its messages in the same order. A message is encoded once, whatever the number of
/// members; a member that reads slowly delays nobody: its endpoint's [`Overflow`](crate::Overflow) policy applies to
/// it alone. A session that ends leaves by itself.
#[derive(Clone, Default)]
pub struct Group(Arc<Members>);

#[derive(Default)]
struct Members(Mutex<Slab<Sender>>);

/// A session's place in a group.
#[derive(Debug)]
pub(crate) struct Membership {
    members: Weak<Members>,
    key: usize,
}

impl Group {
    /// Makes an empty group.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a session hear what is sent from now on. Joining twice is joining once; a session that
    /// has ended does not join.
    pub fn join(&self, session: &Session) {
        let mut members = self.members();
        session.join(
            |membership| membership.is_of(self),
            || Membership {
                members: Arc::downgrade(&self.0),
                key: members.insert(session.sender()),
            },
        );
    }

    /// Lets a session hear no more. Returns whether it was a member.
    pub fn leave(&self, session: &Session) -> bool {
        let membership = session.forget(|membership| membership.is_of(self));
        membership.is_some_and(|membership| self.members().try_remove(membership.key).is_some())
    }

    /// Sends a message to all members.
    pub fn send(&self, message: impl Into<Message>) {
        self.broadcast(message.into(), None);
    }

    /// Sends a message to all members but one: mostly the one who said it.
    pub fn send_except(&self, except: SessionId, message: impl Into<Message>) {
        self.broadcast(message.into(), Some(except));
    }

    /// Closes every member: see [`Session::close`].
    pub fn close(&self, close: &Close) {
        for sender in self.senders() {
            sender.close(close.clone());
        }
    }

    /// Returns how many members there are.
    pub fn len(&self) -> usize {
        self.members().len()
    }

    /// Says whether nobody is there.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns handles to all who are members now.
    pub fn senders(&self) -> Vec<Sender> {
        self.members()
            .iter()
            .map(|(_, sender)| sender.clone())
            .collect()
    }

    /// The lock is held until every outbox has the message, so that all hear everything in the same order. No outbox
    /// ever waits, so it is held for a short time.
    fn broadcast(&self, message: Message, except: Option<SessionId>) {
        let members = self.members();
        if members.is_empty() {
            return;
        }
        let shared = Arc::new(Shared::new(message));
        for (_, sender) in members
            .iter()
            .filter(|(_, sender)| Some(sender.id()) != except)
        {
            let session = sender.session();
            let overflow = session.options().overflow;
            let wake = session
                .state()
                .outbox
                .broadcast(&shared, session.room(), overflow);
            wake.wake();
        }
    }

    fn members(&self) -> MutexGuard<'_, Slab<Sender>> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Membership {
    pub(crate) fn is_of(&self, group: &Group) -> bool {
        std::ptr::eq(self.members.as_ptr(), Arc::as_ptr(&group.0))
    }

    /// Leaves a group that may be gone.
    pub(crate) fn leave(self) {
        if let Some(members) = self.members.upgrade() {
            Group(members).members().try_remove(self.key);
        }
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Members").finish_non_exhaustive()
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("len", &self.len()).finish()
    }
}
