//! The bounded queue of what waits to be sent to one peer.

use std::{collections::VecDeque, mem, num::NonZeroU64, sync::Arc, task::Waker};

use bytes::Bytes;
use sockeye_types::{Close, Message};

use crate::{Batch, Initiator, Overflow, Queue, Shared, queue::flat};

/// One message on its way to the peer.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver must handle every kind; a new one is a new duty"
)]
pub enum Outgoing {
    /// For this session alone.
    Message(Message),
    /// For many sessions: encoded once for each framing.
    Shared(Arc<Shared>),
}

impl Outgoing {
    /// Returns the message.
    pub fn message(&self) -> &Message {
        match self {
            Self::Message(message) => message,
            Self::Shared(shared) => shared.message(),
        }
    }

    /// What it counts against the limit: its payload and its place in the queue, so that empty messages count too.
    pub(crate) fn cost(&self) -> usize {
        cost_of(self.message().len())
    }
}

pub(crate) fn cost_of(payload: usize) -> usize {
    payload + size_of::<Outgoing>()
}

/// How much may wait to be sent to one peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) bytes: usize,
    pub(crate) messages: usize,
}

impl Room {
    pub(crate) const UNLIMITED: Self = Self {
        bytes: usize::MAX,
        messages: usize::MAX,
    };

    /// Returns what fits both.
    pub(crate) fn min(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.min(other.bytes),
            messages: self.messages.min(other.messages),
        }
    }

    fn fits(self, bytes: usize, messages: usize) -> bool {
        bytes <= self.bytes && messages <= self.messages
    }
}

/// A close that waits to be sent.
#[derive(Clone, Debug)]
pub(crate) struct CloseOrder {
    pub(crate) close: Close,
    pub(crate) initiator: Initiator,
}

/// Whether what is queued leaves before the close.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Queued {
    Delivered,
    Discarded,
}

/// How many pings may wait for the driver.
const MAX_PINGS: usize = 8;

/// ```text
///            close()             take_close()           finish()
///   Open ─────────────► Closing ──────────────► Told ─────────────► Closed
///     └──────────────────────────┴─────────────────────────────────►┘
/// ```
/// While `Open`, messages are taken in; `Closing` lets the queue drain (or has emptied it), and then the driver is
/// `Told` to close; `Closed` refuses everything and holds nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    Closing,
    Told,
    Closed,
}

/// Whether the driver looks at the outbox by itself before it rests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Driver {
    /// It rests: whoever brings something wakes it.
    #[default]
    Rests,
    /// It is at work, or woken: messages need not wake it.
    Attends,
}

/// Who must be told when the queue changes, and what rarely waits: kept apart, so that an idle session pays a pointer.
#[derive(Debug, Default)]
struct Rare {
    /// The close that ended `Open`.
    order: Option<CloseOrder>,
    pings: VecDeque<Bytes>,
    room: Vec<(Ticket, Waker)>,
    tickets: u64,
    dropped: u64,
}

/// The place of one send among those that wait for room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(NonZeroU64);

/// What waits to be sent to one peer. Bounded by bytes; pings and the close are exempt and always leave.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: Queue,
    /// Cost of what the driver took and has not yet reported as written.
    in_flight: usize,
    rare: Option<Box<Rare>>,
    waker: Option<Waker>,
    stage: Stage,
    driver: Driver,
}

/// What an outbox did with a message it was offered.
#[derive(Debug)]
pub(crate) enum Offered {
    Taken(Option<Waker>),
    Full,
    Closed,
}

/// Whom to wake once the lock is released.
#[derive(Debug, Default)]
#[must_use = "a waker that is not woken is a lost message"]
pub(crate) struct Wake(Option<Waker>, Vec<Waker>);

impl Wake {
    #[inline]
    pub(crate) fn wake(self) {
        if let Some(driver) = self.0 {
            driver.wake();
        }
        if !self.1.is_empty() {
            self.1.into_iter().for_each(Waker::wake);
        }
    }
}

impl Outbox {
    /// Takes a message from where it is, if there is room for it. An empty outbox takes any one message.
    #[inline]
    pub(crate) fn offer(&mut self, message: &mut Message, room: Room) -> Offered {
        if !self.is_open() {
            return Offered::Closed;
        }
        let cost = cost_of(message.len());
        if !self.has_room(cost, room) {
            return Offered::Full;
        }
        self.queue.push(Outgoing::Message(mem::take(message)), cost);
        Offered::Taken(self.wake_driver())
    }

    /// Takes a broadcast, or does what the policy says where there is no room for it.
    pub(crate) fn broadcast(
        &mut self,
        shared: &Arc<Shared>,
        room: Room,
        overflow: Overflow,
    ) -> Wake {
        if !self.is_open() {
            return Wake::default();
        }
        let cost = cost_of(shared.message().len());
        if !self.has_room(cost, room) && !self.make_room(cost, room, overflow) {
            let order = CloseOrder {
                close: Close::slow_consumer(),
                initiator: Initiator::Server,
            };
            return self.close(order, Queued::Discarded);
        }
        self.queue.push(Outgoing::Shared(Arc::clone(shared)), cost);
        Wake(self.wake_driver(), Vec::new())
    }

    /// Takes a batch of one message, which may grow until something follows it here or it is taken. It is for those who
    /// keep all broadcasts or close.
    pub(crate) fn join(&mut self, batch: &Arc<Batch>, room: Room) -> Option<(Room, Wake)> {
        if !self.is_open() || !self.has_room(batch.cost(), room) {
            return None;
        }
        let left = Room {
            bytes: room.bytes.saturating_sub(self.buffered()),
            messages: room.messages.saturating_sub(self.queue.len()),
        };
        self.queue.join(batch);
        Some((left, Wake(self.wake_driver(), Vec::new())))
    }

    /// Drops broadcasts that wait, as the policy says; what was sent to this session alone stays.
    fn make_room(&mut self, cost: usize, room: Room, overflow: Overflow) -> bool {
        let keep_latest = match overflow {
            Overflow::Close => return false,
            Overflow::DropOldest => false,
            Overflow::KeepLatest => true,
        };
        let (in_flight, mut queued, mut dropped) = (self.in_flight, self.queue.cost(), 0);
        let mut kept = self.queue.len();
        self.queue.retain(|waiting| {
            let enough = !keep_latest && room.fits(in_flight + queued + cost, kept + 1);
            let stays = enough || matches!(waiting, Outgoing::Message(_));
            if !stays {
                queued -= waiting.cost();
                kept -= 1;
                dropped += 1;
            }
            stays
        });
        self.rare().dropped += dropped;
        // What is in flight can't be dropped any more; beside it one message may wait, so that the newest is not lost.
        self.has_room(cost, room) || self.queue.is_empty()
    }

    #[inline]
    fn has_room(&self, cost: usize, room: Room) -> bool {
        // What still grows would grow beyond what is found here.
        self.queue.seal();
        let waiting = self.buffered();
        waiting == 0 || room.fits(waiting + cost, self.queue.len() + 1)
    }

    /// Lets a ping pass everything that is queued.
    pub(crate) fn ping(&mut self, payload: Bytes) -> Result<Wake, PingRefused> {
        if !self.is_open() {
            return Err(PingRefused::Closed);
        }
        let pings = &mut self.rare().pings;
        if pings.len() >= MAX_PINGS {
            return Err(PingRefused::TooMany);
        }
        pings.push_back(payload);
        Ok(Wake(self.wake_driver(), Vec::new()))
    }

    /// Starts to close; the first one counts.
    pub(crate) fn close(&mut self, order: CloseOrder, queued: Queued) -> Wake {
        if !self.is_open() {
            return Wake::default();
        }
        self.stage = Stage::Closing;
        self.rare().order = Some(order);
        if queued == Queued::Discarded {
            let dropped = self.queue.len() as u64;
            self.rare().dropped += dropped;
            self.clear();
        }
        self.queue.seal();
        // Also a driver that waits for a blocked socket must learn of it: the peer's time to answer runs.
        Wake(self.waker.take(), self.take_room())
    }

    /// Ends it: nothing more is taken in or handed out.
    pub(crate) fn finish(&mut self) -> Wake {
        self.stage = Stage::Closed;
        self.clear();
        self.in_flight = 0;
        self.waker = None;
        Wake(None, self.take_room())
    }

    fn clear(&mut self) {
        self.queue = Queue::default();
    }

    /// Says that the driver is at work, so that nobody wakes it in vain. It lends its thread's queue, so that answers
    /// need no memory of the session's own.
    pub(crate) fn attend(&mut self, lent: &mut Queue) {
        self.driver = Driver::Attends;
        self.queue.borrow(lent);
    }

    /// Moves what waits into `into`, up to about `budget` bytes (always at least one message).
    pub(crate) fn take(&mut self, budget: usize, into: &mut VecDeque<Outgoing>) {
        if let Some(batch) = self.take_batched(budget, into) {
            into.extend(flat(&batch));
        }
    }

    /// Takes as [`take`](Self::take) does. If a batch came last, it is returned as it is: it follows what was moved.
    pub(crate) fn take_batched(
        &mut self,
        budget: usize,
        into: &mut VecDeque<Outgoing>,
    ) -> Option<Arc<Batch>> {
        // Asked for first: what still grows would grow beyond it.
        self.queue.seal();
        let queued = self.queue.cost();
        if queued <= budget && into.is_empty() {
            self.in_flight += queued;
            return self.queue.swap(into);
        }
        let mut taken = 0;
        while taken < budget {
            let Some(outgoing) = self.queue.pop() else {
                break;
            };
            taken += outgoing.cost();
            into.push_back(outgoing);
        }
        self.in_flight += taken;
        if self.queue.is_empty() {
            self.queue = Queue::default();
        }
        None
    }

    /// Takes the pings that wait.
    pub(crate) fn take_pings(&mut self) -> Option<VecDeque<Bytes>> {
        let pings = &mut self.rare.as_mut()?.pings;
        (!pings.is_empty()).then(|| mem::take(pings))
    }

    /// The driver has written all that it took.
    pub(crate) fn written(&mut self) -> Wake {
        if mem::take(&mut self.in_flight) == 0 {
            Wake::default()
        } else {
            Wake(None, self.take_room())
        }
    }

    /// Hands out the close once what was queued before it has been taken.
    pub(crate) fn take_close(&mut self) -> Option<Close> {
        if !self.is_close_due() {
            return None;
        }
        self.stage = Stage::Told;
        self.order().map(|order| order.close.clone())
    }

    #[inline]
    fn is_close_due(&self) -> bool {
        self.stage == Stage::Closing && self.queue.is_empty()
    }

    /// Says whether something waits that the driver could take.
    #[inline]
    pub(crate) fn has_work(&self) -> bool {
        let has_pings = |rare: &Rare| !rare.pings.is_empty();
        !self.queue.is_empty() || self.is_close_due() || self.rare.as_deref().is_some_and(has_pings)
    }

    fn order(&self) -> Option<&CloseOrder> {
        self.rare.as_ref()?.order.as_ref()
    }

    /// Returns who ordered the close, if somebody did.
    pub(crate) fn initiator(&self) -> Option<Initiator> {
        self.order().map(|order| order.initiator)
    }

    /// Lets the driver rest until woken, unless something waits that it could take. It gets back a queue to lend.
    /// If the socket can take more, all that was taken from here is written, and there is room again.
    pub(crate) fn rest(
        &mut self,
        waker: &Waker,
        can_write: CanWrite,
        lent: &mut Queue,
    ) -> (Rested, Wake) {
        if can_write == CanWrite::Yes && self.has_work() {
            return (Rested::WorkWaits, Wake::default());
        }
        let wake = if can_write == CanWrite::Yes {
            self.written()
        } else {
            Wake::default()
        };
        // A driver whose socket is blocked looks again when it is not; more messages need not wake it.
        self.driver = if can_write == CanWrite::No {
            Driver::Attends
        } else {
            Driver::Rests
        };
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            None => self.waker = Some(waker.clone()),
        }
        self.queue.give_back(lent);
        (Rested::Resting, wake)
    }

    /// Remembers who waits for room, until there is some or the ticket is returned. A send shows the ticket that it
    /// got the last time.
    pub(crate) fn wait_for_room(&mut self, shown: Option<Ticket>, waker: &Waker) -> Ticket {
        let rare = self.rare();
        let waiting = rare.room.iter_mut().find(|(own, _)| Some(*own) == shown);
        if let Some((ticket, waiting)) = waiting {
            waiting.clone_from(waker);
            return *ticket;
        }
        rare.tickets += 1;
        let ticket = Ticket(NonZeroU64::new(rare.tickets).unwrap_or(NonZeroU64::MIN));
        rare.room.push((ticket, waker.clone()));
        ticket
    }

    /// Forgets who does not wait any more.
    pub(crate) fn return_ticket(&mut self, ticket: Ticket) {
        if let Some(rare) = &mut self.rare {
            rare.room.retain(|(waiting, _)| *waiting != ticket);
        }
    }

    /// Says whether the session has ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.stage == Stage::Closed
    }

    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.stage == Stage::Open
    }

    /// Payload and queue places that wait or are being written, in bytes.
    #[inline]
    pub(crate) fn buffered(&self) -> usize {
        self.queue.cost() + self.in_flight
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.rare.as_ref().map_or(0, |rare| rare.dropped)
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_with(Box::default)
    }

    /// Wakes the driver once; until it rests again, it will look by itself.
    #[inline]
    #[must_use = "a waker that is not woken is a lost message"]
    fn wake_driver(&mut self) -> Option<Waker> {
        match mem::replace(&mut self.driver, Driver::Attends) {
            Driver::Rests => self.waker.take(),
            Driver::Attends => None,
        }
    }

    fn take_room(&mut self) -> Vec<Waker> {
        let Some(rare) = &mut self.rare else {
            return Vec::new();
        };
        let room = mem::take(&mut rare.room).into_iter();
        room.map(|(_, waker)| waker).collect()
    }
}

/// Whether the socket would take more right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it does or it does not")]
pub enum CanWrite {
    /// It would.
    Yes,
    /// It would not: the driver waits for it anyway.
    No,
}

/// Whether the driver may rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it may or it may not")]
pub enum Rested {
    /// It will be woken.
    Resting,
    /// Something came in the meantime: look again.
    WorkWaits,
}

/// Why a ping was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PingRefused {
    /// The session is closing or closed.
    #[error("the session is closed")]
    Closed,
    /// Several pings already wait to be sent.
    #[error("{MAX_PINGS} pings already wait to be sent")]
    TooMany,
    /// A ping carries at most 125 bytes (RFC 6455 §5.5).
    #[error("a ping carries at most 125 bytes")]
    TooLong,
}

#[cfg(test)]
mod tests;
