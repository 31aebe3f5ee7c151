//! What a driver counts, and what it tells of its session when that ends.

use std::{
    mem,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};

use sockeye_endpoint::{Closed, Initiator};
use sockeye_types::Close;
use sockeye_ws_proto::{Ending, Lapse};

use super::{Driver, End, Stream};
use crate::{
    lent::Lent,
    tally::{Tally, Volume},
};

/// What one session has moved so far.
#[derive(Debug)]
pub(super) struct Account {
    opened: Instant,
    received: Volume,
    sent: Volume,
    /// How many dropped messages the tally knows of.
    dropped: u64,
}

impl Account {
    pub(super) fn new(opened: Instant) -> Self {
        Self {
            opened,
            received: Volume::default(),
            sent: Volume::default(),
            dropped: 0,
        }
    }
}

/// What waits for a blocked socket, in the gauge for as long as it does.
#[derive(Debug)]
pub(super) struct Waiting {
    tally: Arc<Tally>,
    bytes: u64,
}

impl Waiting {
    pub(super) fn new(tally: &Arc<Tally>) -> Self {
        let tally = Arc::clone(tally);
        Self { tally, bytes: 0 }
    }

    pub(super) fn update(&mut self, bytes: usize) {
        let before = mem::replace(&mut self.bytes, bytes as u64);
        let gauge = &self.tally.waiting_bytes;
        // In this order the gauge never falls below zero.
        gauge.fetch_add(self.bytes, Relaxed);
        gauge.fetch_sub(before, Relaxed);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.update(0);
    }
}

impl<S: Stream> Driver<S> {
    /// Books what the turn moved.
    pub(super) fn settle(&mut self, lent: &mut Lent) {
        let traffic = mem::take(&mut lent.traffic);
        self.account.received.add(traffic.received.sum());
        self.account.sent.add(traffic.sent.sum());
        let tally = self.place.tally();
        tally.move_traffic(&traffic);
        if let Some(took) = self.conn.take_round_trip() {
            tally.round_trip(took);
        }
    }

    /// Books what the outbox dropped since the last time.
    pub(super) fn settle_dropped(&mut self) {
        let dropped = self.conversation.session().dropped();
        let before = mem::replace(&mut self.account.dropped, dropped);
        if let Some(more) = dropped.checked_sub(before).filter(|more| *more > 0) {
            let policy = self.conversation.overflow();
            self.place.tally().drop_messages(policy, more);
        }
    }

    /// Books the end of the session, and says once why it came.
    pub(super) fn settle_end(&mut self, end: &End, closed: &Closed, now: Instant) {
        self.settle_dropped();
        let tally = self.place.tally();
        tally.close(closed.code, closed.initiator);
        // One that closes already is counted as what closed it.
        if let (End::Stalled, None) = (end, self.conn.ending()) {
            tally.slow_stalled.fetch_add(1, Relaxed);
        }
        let slow = Close::slow_consumer();
        if closed.initiator == Initiator::Server
            && closed.code == slow.code()
            && closed.reason == *slow.reason()
        {
            tally.slow_closed.fetch_add(1, Relaxed);
        }
        if let Some(Ending::Lapse(Lapse::HeartbeatMissed)) = self.conn.ending() {
            tally.missed_heartbeats.fetch_add(1, Relaxed);
        }
        let (session, account) = (self.conversation.session(), &self.account);
        // Escaped where a peer chose the words: none may forge a line or colour a terminal.
        tracing::info!(
            session = %session.id(),
            path = ?session.request().path(),
            peer = session.peer_addr().map(tracing::field::display),
            protocol = session.protocol(),
            code = closed.code.as_u16(),
            initiator = closed.initiator.as_str(),
            reason = ?closed.reason.as_str(),
            duration = ?now.saturating_duration_since(account.opened),
            received = account.received.messages,
            received_bytes = account.received.bytes,
            sent = account.sent.messages,
            sent_bytes = account.sent.bytes,
            dropped = account.dropped,
            "session ended",
        );
    }
}
