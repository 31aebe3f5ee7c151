//! The thread that writes: group commit, and upkeep in between.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, TransactionBehavior};
use sockeye_channels::Deliver;

use crate::{
    Options,
    batch::{Command, Waiter, tell},
    broker::Striped,
    clock::Clock,
    file::Lock,
    lines::Cache,
    refused::Refused,
    staged::{Outcome, Staged},
    stats::Counts,
    upkeep::{Next, Upkeep},
};

/// How often upkeep does a step while publishes keep the writer busy, and while it has much to do.
const BUSY: Duration = Duration::from_millis(50);

/// How often upkeep does a step otherwise.
const IDLE: Duration = Duration::from_millis(500);

/// Who writes.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) queue: Receiver<Command>,
    pub(crate) connection: Connection,
    pub(crate) cache: Cache,
    pub(crate) deliver: Arc<Striped>,
    pub(crate) clock: Clock,
    pub(crate) options: Options,
    pub(crate) upkeep: Upkeep,
    pub(crate) counts: Arc<Counts>,
    /// Given back last.
    pub(crate) lock: Lock,
}

impl Writer {
    /// Writes until it is told to close, or nobody is left to tell it anything.
    pub(crate) fn run(mut self) {
        let (mut wait, mut kept_up) = (BUSY, Instant::now());
        let mut closing = None;
        while closing.is_none() {
            match self.queue.recv_timeout(wait) {
                Ok(first) => {
                    closing = self.write_from(first);
                    if kept_up.elapsed() < BUSY {
                        continue;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            wait = self.keep_up();
            kept_up = Instant::now();
        }
        // Who was in time is served.
        while let Ok(first) = self.queue.try_recv() {
            let also = self.write_from(first);
            tell(&mut also.unwrap_or_default(), Ok(()));
        }
        self.close();
        tell(&mut closing.unwrap_or_default(), Ok(()));
    }

    /// Writes a command and those behind it, and returns who wants it closed.
    fn write_from(&mut self, first: Command) -> Option<Waiter<()>> {
        let (mut bytes, mut batch) = (0, Vec::new());
        let mut next = Some(first);
        let mut closing = None;
        while let Some(command) = next.take() {
            if let Command::Close { waiter } = command {
                closing = Some(waiter);
                break;
            }
            bytes += command.bytes();
            batch.push(command);
            if batch.len() < self.options.batch_len && bytes < self.options.batch_bytes {
                next = self.queue.try_recv().ok();
            }
        }
        if !batch.is_empty() {
            self.write(batch);
        }
        closing
    }

    /// Writes a batch in one transaction; if there is no room for all, each in its own, so that what needs none, or
    /// makes some, is done.
    fn write(&mut self, mut batch: Vec<Command>) {
        let Err(refused) = self.commit(&mut batch) else {
            return;
        };
        if refused.is_full() && batch.len() > 1 {
            for command in batch {
                self.write(vec![command]);
            }
            return;
        }
        tracing::warn!(error = ?refused, publishes = batch.len(), "the database refuses");
        self.counts.refused(batch.len(), &refused);
        for command in &mut batch {
            command.refuse(&refused);
        }
    }

    fn commit(&mut self, batch: &mut [Command]) -> Result<(), Refused> {
        let began = Instant::now();
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let now = self.clock.now();
        let mut staged = Staged::new(&transaction, &self.cache.lines, now);
        let outcomes: rusqlite::Result<Vec<_>> = batch
            .iter()
            .map(|command| command.stage(&mut staged))
            .collect();
        let outcomes = outcomes?;
        staged.finish()?;
        if self.options.danger.acknowledges_early {
            let pairs = batch.iter_mut().zip(&outcomes);
            pairs.for_each(|(command, outcome)| command.answer(outcome));
        }
        transaction.commit()?;
        self.counts.committed(batch.len(), began.elapsed());
        for (command, outcome) in batch.iter_mut().zip(&outcomes) {
            self.show(outcome);
            command.answer(outcome);
        }
        Ok(())
    }

    /// Lets everybody see what is on disk now.
    fn show(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Appended {
                line,
                head,
                publication,
                bytes,
            } => {
                let mut state = line.lock();
                state.push(head.clone(), Arc::clone(publication));
                // Still under the lock: who reads sees what was delivered, neither more nor less.
                let position = head.position();
                let deliver = || {
                    let to = &self.deliver;
                    to.publication(&line.name, publication, Some(&position));
                };
                if catch_unwind(AssertUnwindSafe(deliver)).is_err() {
                    // It is on disk all the same, and the next ones must get there too.
                    tracing::error!(channel = &*line.name, "delivering a publication panicked");
                }
                drop(state);
                self.cache.insert(line);
                self.cache.count(line, publication.offset, *bytes);
            }
            Outcome::Settled { line, head } => {
                line.lock().set_head(head.clone());
                self.cache.insert(line);
            }
            Outcome::Suppressed(_) | Outcome::Nothing => {}
        }
    }

    fn keep_up(&mut self) -> Duration {
        let now = self.clock.now();
        match self.upkeep.step(&mut self.connection, &mut self.cache, now) {
            Ok(Next::Soon) => BUSY,
            Ok(Next::Later) => IDLE,
            Err(error) => {
                tracing::warn!(%error, "what has expired could not be deleted");
                IDLE
            }
        }
    }

    fn close(self) {
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        if let Err(error) = self.connection.query_row(checkpoint, [], |_| Ok(())) {
            tracing::warn!(%error, "the write-ahead log stays: it is read again at the next start");
        }
        if let Err((_, error)) = self.connection.close() {
            tracing::warn!(%error, "the database was not closed");
        }
        drop(self.lock);
    }
}
