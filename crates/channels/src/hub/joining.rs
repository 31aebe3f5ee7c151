//! The way into a room: what is published meanwhile is neither missed nor heard twice.

use std::sync::Arc;

use thiserror::Error;

use super::{
    Hub, Member,
    room::{Known, Room},
    tail::ReadKey,
};
use crate::{
    BrokerError, History, Read, Retention,
    recovery::{self, Ask, Recovered},
};

/// Somebody on the way into a room. From the start it misses nothing; dropped, it never was there.
///
/// ```text
///   Hub::join ─► settle().await ─► (its reply is put into the outbox) ─► enter
/// ```
/// What is published behind the moment that `settle` speaks of is sent by `enter`, or later: several replies may go out
/// together before the rooms are entered.
#[derive(Debug)]
pub(crate) struct Joining {
    hub: Arc<Hub>,
    room: Arc<Room>,
    /// The first publication that it has not got.
    number: u64,
    breaks: u32,
    known: Option<Known>,
}

/// Somebody did not get into a room.
#[derive(Debug, Error)]
pub(crate) enum JoinError {
    /// The broker failed: error 100, and it may try again.
    #[error("the stream can't be read")]
    Broker(#[from] BrokerError),
    /// So much is published that it can't be told without a hole: disconnect 3010.
    #[error("something was missed on the way")]
    Missed,
    /// It is in the room already: error 105.
    #[error("it is there already")]
    Already,
    /// Its session has ended.
    #[error("the session has ended")]
    Ended,
}

/// How often a stream is read for one who joins. Each time but the last, something came in between.
const MAX_READS: usize = 8;

impl Joining {
    pub(super) fn new(hub: Arc<Hub>, room: Arc<Room>) -> Self {
        let (number, breaks) = {
            let state = room.state();
            let tail = state.tail.as_ref();
            (tail.map_or(0, |tail| tail.end()), state.breaks)
        };
        Self {
            hub,
            room,
            number,
            breaks,
            known: None,
        }
    }

    /// Returns the channel's name, which all who are in it share.
    pub(crate) fn channel(&self) -> &Arc<str> {
        &self.room.name
    }

    /// Makes sure that the broker tells of the channel, and finds out what the subscriber should be told. Reads that are
    /// the same are done once, whoever else joins. Retention is the namespace's; without it nothing can be asked.
    ///
    /// Cancel safety: dropped before it is done, it may be called again.
    ///
    /// # Errors
    /// [`JoinError::Broker`]; [`JoinError::Missed`] if what is kept and what is told do not meet.
    pub(crate) async fn settle(
        &mut self,
        ask: &Ask,
        retention: Option<Retention>,
    ) -> Result<Recovered, JoinError> {
        let broker = &self.room.outside.broker;
        let listen = || broker.listen(&self.room.name);
        self.room.listening.get_or_try_init(listen).await?;
        let Some(retention) = retention.filter(|_| *ask != Ask::Nothing) else {
            self.mark();
            return Ok(Recovered::default());
        };
        for attempt in 0..MAX_READS {
            let mut known = self.room.state().position.clone();
            if known.is_none() && ask.lacks_epoch() {
                let top = self
                    .history(Ask::Position.read(None), retention, attempt)
                    .await?;
                known = Some(top.top.clone());
            }
            let read = ask.read(known.as_ref());
            let history = self.history(read, retention, attempt).await?;
            if let Some(recovered) = self.meet(ask, &history, known.as_ref(), attempt) {
                return Ok(recovered);
            }
            // Whoever is about to tell should get to it.
            tokio::task::yield_now().await;
        }
        Err(JoinError::Missed)
    }

    /// Puts together what was read and what was told; `None` if they do not meet.
    fn meet(
        &mut self,
        ask: &Ask,
        history: &History,
        known: Option<&sockeye_channel_proto::StreamPosition>,
        attempt: usize,
    ) -> Option<Recovered> {
        let mut calls = Vec::new();
        let recovered = {
            let mut state = self.room.state();
            match &state.position {
                None => state.adopt(&history.top),
                Some(own) if own.epoch.is_empty() => state.adopt(&history.top),
                // Read by itself, after that position was known: the stream is another one by now.
                Some(own)
                    if own.epoch != history.top.epoch && attempt > 0 && known == Some(own) =>
                {
                    state.break_stream(None, &mut calls);
                    state.adopt(&history.top);
                }
                Some(_) => {}
            }
            let tail = state.tail.as_ref();
            self.number = tail.map_or(0, |tail| tail.end());
            self.breaks = state.breaks;
            let tail = tail.map(|tail| tail.streamed()).unwrap_or_default();
            let top = state.position.clone().unwrap_or_default();
            recovery::recover(ask, history, &tail, &top).map(|recovered| (recovered, top))
        };
        self.room.call(calls);
        let (recovered, top) = recovered.ok()?;
        let payload = recovered.publications.last();
        let known = (top.offset, payload.map(|last| last.data.clone()));
        self.known = recovered.recovered.then_some(known);
        Some(recovered)
    }

    fn mark(&mut self) {
        let state = self.room.state();
        self.number = state.tail.as_ref().map_or(0, |tail| tail.end());
        self.breaks = state.breaks;
    }

    async fn history(
        &self,
        read: Read,
        retention: Retention,
        attempt: usize,
    ) -> Result<Arc<History>, BrokerError> {
        let broker = &self.room.outside.broker;
        let own = || async {
            let history = broker
                .history(&self.room.name, read.clone(), retention)
                .await?;
            Ok(Arc::new(history))
        };
        if attempt > 0 {
            return own().await;
        }
        let key = ReadKey::of(&read);
        let shared = {
            let mut state = self.room.state();
            let reads = state.tail.as_mut().map(|tail| &mut tail.reads);
            reads.map(|reads| Arc::clone(reads.entry(key.clone()).or_default()))
        };
        let Some(shared) = shared else {
            return own().await;
        };
        let history = shared.get_or_try_init(own).await.cloned();
        // Whoever comes later reads again.
        if let Some(tail) = &mut self.room.state().tail
            && tail
                .reads
                .get(&key)
                .is_some_and(|read| Arc::ptr_eq(read, &shared))
        {
            tail.reads.remove(&key);
        }
        history
    }

    /// Enters. The reply must be in the session's outbox. From here on [`Hub::leave`] must be called some time, even
    /// if the session has ended meanwhile.
    ///
    /// # Errors
    /// See [`JoinError`]; it is not in the room then.
    pub(crate) fn enter(self, member: Member) -> Result<(), JoinError> {
        if !member.session.is_open() {
            return Err(JoinError::Ended);
        }
        self.hub.outside.note_runtime();
        let mut calls = Vec::new();
        let entered = {
            let mut state = self.room.state();
            if state.has(member.client) {
                return Err(JoinError::Already);
            }
            let is_positioned = member.kind.positioned == super::Positioned::Yes;
            if is_positioned && state.breaks != self.breaks {
                return Err(JoinError::Missed);
            }
            let from = (self.number, self.known.clone());
            state.enter(&self.room, member, from, &mut calls)
        };
        self.room.call(calls);
        if entered {
            Ok(())
        } else {
            Err(JoinError::Missed)
        }
    }
}

impl Drop for Joining {
    fn drop(&mut self) {
        self.room.state().leave_way();
        self.hub.release(&self.room);
    }
}
