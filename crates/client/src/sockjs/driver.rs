//! The task of one session: what it receives and sends, and the end of both.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    connect::Learned,
    loss::Loss,
    receiver::{Ended, Receiver},
    sending::Sending,
};
use crate::{
    Closed, Transport,
    address::Address,
    connection::{Life, LifeSender},
    driver::clock,
    inbox::Inbox,
    sender::Outbox,
};

/// Up to what age a stream that broke off counts as cut by something in between.
const CUT_SHORT: std::time::Duration = std::time::Duration::from_secs(60);

/// The task of one session that HTTP requests carry.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) receiver: Receiver,
    pub(super) sending: Sending,
    pub(super) ends: Ends,
    pub(super) since: Instant,
    pub(super) origin: Origin,
}

/// What callers hold the other ends of. Dropped, however that comes about, it leaves nobody waiting.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) outbox: Arc<Outbox>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) life: LifeSender,
}

/// Whose experience a session is, to be remembered.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) learned: Arc<Learned>,
    pub(super) server: Address,
    pub(super) transport: Transport,
}

impl Driver {
    /// Runs the session to its end. Then the requests end with it: that is all that the server is told.
    pub(super) async fn run(self) {
        let Self {
            mut receiver,
            mut sending,
            ends,
            since,
            origin,
        } = self;
        let ended = tokio::select! {
            biased;
            ended = receiver.run(&ends.inbox) => Err(ended),
            closed = sending.run() => Ok(closed),
        };
        let closed = ended.unwrap_or_else(|ended| {
            origin.remember(&ended, since);
            ended.closed()
        });
        tracing::debug!(
            transport = %origin.transport,
            code = closed.code.as_u16(),
            initiator = closed.initiator.as_str(),
            // Escaped: the server chose the words.
            reason = ?closed.reason.as_str(),
            "connection ended",
        );
        ends.end(&closed);
        drop((receiver, sending));
        Life::go(&ends.life);
    }
}

impl Origin {
    /// A stream that is held back or cut shows nothing wrong when it is opened: only this tells.
    fn remember(&self, ended: &Ended, since: Instant) {
        let gives_way = match ended {
            Ended::Lost(Loss::Silent) => true,
            Ended::Lost(Loss::Broken(_) | Loss::Cut) => since.elapsed() < CUT_SHORT,
            Ended::Lost(_) | Ended::Closed(_) => false,
        };
        if gives_way && self.transport == Transport::XhrStreaming {
            self.learned.gave_way(&self.server, self.transport, clock());
        }
    }
}

impl Ends {
    fn end(&self, closed: &Closed) {
        self.outbox.shut();
        Life::end(&self.life, closed);
        self.inbox.end();
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.end(&Closed::lost("the connection's task has ended"));
        Life::go(&self.life);
    }
}
