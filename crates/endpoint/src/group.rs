//! Broadcast groups: many sessions that hear the same messages.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use slab::Slab;
use sockeye_types::{Close, Message};

use crate::{Batch, Sender, Session, SessionId, Shared, outbox::Room};

/// Sessions that hear the same messages. Cloning it gives another handle to the same group.
///
/// Everybody in a group hears its messages in the same order. A message is encoded once, whatever the number of
/// members; a member that reads slowly delays nobody: its endpoint's [`Overflow`](crate::Overflow) policy applies to
/// it alone. A session that ends leaves by itself.
#[derive(Clone, Default)]
pub struct Group(Arc<Members>);

#[derive(Default)]
struct Members(Mutex<Roll>);

#[derive(Default)]
struct Roll {
    senders: Slab<Sender>,
    /// The last broadcasts, while they may become more.
    open: Option<Open>,
}

/// A batch that all members hold but for a few; who comes or goes ends it.
struct Open {
    /// Gone once everybody has sent it.
    batch: Weak<Batch>,
    /// What the member with the least room has room for.
    room: Room,
    /// Who hears each broadcast by itself.
    others: Vec<usize>,
}

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
        let mut roll = self.roll();
        session.join(
            |membership| membership.is_of(self),
            || Membership {
                members: Arc::downgrade(&self.0),
                key: roll.insert(session.sender()),
            },
        );
    }

    /// Lets a session hear no more. Returns whether it was a member.
    pub fn leave(&self, session: &Session) -> bool {
        let membership = session.forget(|membership| membership.is_of(self));
        membership.is_some_and(|membership| self.roll().remove(membership.key))
    }

    /// Sends a message to all members.
    pub fn send(&self, message: impl Into<Message>) {
        self.broadcast(message.into(), None);
    }

    /// Sends a message to all members but one: mostly the one who said it.
    pub fn send_except(&self, except: SessionId, message: impl Into<Message>) {
        self.broadcast(message.into(), Some(except));
    }

    /// Sends a message to all members that have room for it. Returns the others, about whom no policy is asked: they miss
    /// it, unless the caller does something about that before it sends the next.
    pub fn offer(&self, shared: &Arc<Shared>) -> Vec<Session> {
        self.roll().offer(shared)
    }

    /// Closes every member: see [`Session::close`].
    pub fn close(&self, close: &Close) {
        for sender in self.senders() {
            sender.close(close.clone());
        }
    }

    /// Returns how many members there are.
    pub fn len(&self) -> usize {
        self.roll().senders.len()
    }

    /// Says whether nobody is there.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns handles to all who are members now.
    pub fn senders(&self) -> Vec<Sender> {
        self.roll()
            .senders
            .iter()
            .map(|(_, sender)| sender.clone())
            .collect()
    }

    /// The lock is held until every outbox has the message, so that all hear everything in the same order. No outbox
    /// ever waits, so it is held for a short time.
    fn broadcast(&self, message: Message, except: Option<SessionId>) {
        let mut roll = self.roll();
        if roll.senders.is_empty() {
            return;
        }
        let shared = Arc::new(Shared::new(message));
        match except {
            Some(except) => roll.tell_each_but(except, &shared),
            None if roll.add(&shared) => {}
            None => roll.tell_all(&shared),
        }
    }

    fn roll(&self) -> MutexGuard<'_, Roll> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Roll {
    fn insert(&mut self, sender: Sender) -> usize {
        self.open = None;
        self.senders.insert(sender)
    }

    fn remove(&mut self, key: usize) -> bool {
        self.open = None;
        self.senders.try_remove(key).is_some()
    }

    /// Adds a broadcast to what everybody holds, if it may still grow.
    fn add(&mut self, shared: &Arc<Shared>) -> bool {
        let Some(open) = &self.open else {
            return false;
        };
        let batch = open.batch.upgrade();
        if !batch.is_some_and(|batch| batch.push(shared, open.room)) {
            self.open = None;
            return false;
        }
        for key in &open.others {
            if let Some(sender) = self.senders.get(*key) {
                sender.session().hear(shared);
            }
        }
        true
    }

    fn tell_all(&mut self, shared: &Arc<Shared>) {
        let batch = Arc::new(Batch::new(Arc::clone(shared)));
        let (mut room, mut others) = (Room::UNLIMITED, Vec::new());
        for (key, sender) in &self.senders {
            match sender.session().join_batch(&batch, shared) {
                Some(left) => room = room.min(left),
                None => others.push(key),
            }
        }
        let batch = Arc::downgrade(&batch);
        self.open = Some(Open {
            batch,
            room,
            others,
        });
    }

    fn offer(&mut self, shared: &Arc<Shared>) -> Vec<Session> {
        let grows = |open: &Open| {
            let batch = open.batch.upgrade().filter(|_| open.others.is_empty());
            batch.is_some_and(|batch| batch.push(shared, open.room))
        };
        if self.open.as_ref().is_some_and(grows) {
            return Vec::new();
        }
        self.open = None;
        let batch = Arc::new(Batch::new(Arc::clone(shared)));
        let (mut room, mut full) = (Room::UNLIMITED, Vec::new());
        for (_, sender) in &self.senders {
            match sender.session().take_batch(&batch) {
                Some(left) => room = room.min(left),
                None if sender.is_open() => full.push(sender.session().clone()),
                None => {}
            }
        }
        if full.is_empty() {
            self.open = Some(Open {
                batch: Arc::downgrade(&batch),
                room,
                others: Vec::new(),
            });
        }
        full
    }

    fn tell_each_but(&self, except: SessionId, shared: &Arc<Shared>) {
        let others = self.senders.iter().map(|(_, sender)| sender);
        for sender in others.filter(|sender| sender.id() != except) {
            sender.session().hear(shared);
        }
    }
}

impl Membership {
    pub(crate) fn is_of(&self, group: &Group) -> bool {
        std::ptr::eq(self.members.as_ptr(), Arc::as_ptr(&group.0))
    }

    /// Leaves a group that may be gone.
    pub(crate) fn leave(self) {
        if let Some(members) = self.members.upgrade() {
            Group(members).roll().remove(self.key);
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
