//! What a driver counts, and what it tells of its session when that ends: the same for every transport.

use std::{
    mem,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use sockeye_endpoint::{Closed, Conversation, Initiator};
use sockeye_types::Close;

use crate::tally::{Tally, Traffic, Volume};

/// What one session has moved so far.
#[derive(Debug, Default)]
pub(crate) struct Account {
    received: Volume,
    sent: Volume,
    /// How many dropped messages the tally knows of.
    dropped: u64,
}

impl Account {
    /// Books what a turn moved.
    pub(crate) fn settle(&mut self, traffic: &Traffic, tally: &Tally) {
        self.received.add(traffic.received.sum());
        self.sent.add(traffic.sent.sum());
        tally.move_traffic(traffic);
    }

    /// Books what the outbox dropped since the last time.
    pub(crate) fn settle_dropped(&mut self, conversation: &Conversation, tally: &Tally) {
        let dropped = conversation.session().dropped();
        let before = mem::replace(&mut self.dropped, dropped);
        if let Some(more) = dropped.checked_sub(before).filter(|more| *more > 0) {
            tally.drop_messages(conversation.overflow(), more);
        }
    }

    /// Books the end of the session, and says once why it came.
    pub(crate) fn settle_end(
        &mut self,
        conversation: &Conversation,
        closed: &Closed,
        tally: &Tally,
        lasted: Duration,
    ) {
        self.settle_dropped(conversation, tally);
        let session = conversation.session();
        tally.close(session.transport(), closed.code, closed.initiator);
        let slow = Close::slow_consumer();
        if closed.initiator == Initiator::Server
            && closed.code == slow.code()
            && closed.reason == *slow.reason()
        {
            tally.slow_closed.fetch_add(1, Relaxed);
        }
        // Escaped where a peer chose the words: none may forge a line or colour a terminal.
        tracing::info!(
            session = %session.id(),
            path = ?session.request().path(),
            peer = session.peer_addr().map(tracing::field::display),
            protocol = session.protocol(),
            transport = session.transport().as_str(),
            code = closed.code.as_u16(),
            initiator = closed.initiator.as_str(),
            reason = ?closed.reason.as_str(),
            duration = ?lasted,
            received = self.received.messages,
            received_bytes = self.received.bytes,
            sent = self.sent.messages,
            sent_bytes = self.sent.bytes,
            dropped = self.dropped,
            "session ended",
        );
    }
}

/// What waits for a blocked socket, in the gauge for as long as it does.
#[derive(Debug)]
pub(crate) struct Waiting {
    tally: Arc<Tally>,
    bytes: u64,
}

impl Waiting {
    pub(crate) fn new(tally: &Arc<Tally>) -> Self {
        let tally = Arc::clone(tally);
        Self { tally, bytes: 0 }
    }

    pub(crate) fn update(&mut self, bytes: usize) {
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
