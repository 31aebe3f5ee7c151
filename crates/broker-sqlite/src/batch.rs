//! What waits for the writer, and how it is answered.

use std::sync::Arc;

use sockeye_channels::{BrokerError, Publication, PublishOptions, Published, Retention};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::{
    line::Line,
    refused::Refused,
    staged::{Outcome, Staged},
};

/// Who waits for an answer. Nobody does any more once it is taken.
pub(crate) type Waiter<T> = Option<oneshot::Sender<Result<T, BrokerError>>>;

/// What the writer is asked to do.
#[derive(Debug)]
pub(crate) enum Command {
    Publish(Box<Publish>),
    /// Begin the stream of a channel, unless it has one.
    Open {
        channel: Arc<str>,
        retention: Retention,
        waiter: Waiter<Arc<Line>>,
    },
    Remove {
        channel: Arc<str>,
        waiter: Waiter<()>,
    },
    /// Do what is waiting, and no more.
    Close {
        waiter: Waiter<()>,
    },
}

/// A publication on its way to the disk.
#[derive(Debug)]
pub(crate) struct Publish {
    pub(crate) channel: Arc<str>,
    pub(crate) publication: Publication,
    pub(crate) options: PublishOptions,
    pub(crate) retention: Retention,
    pub(crate) bytes: usize,
    pub(crate) waiter: Waiter<Published>,
    /// Its places in the queue, by number and by bytes.
    pub(crate) _places: [OwnedSemaphorePermit; 2],
}

impl Command {
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Publish(publish) => publish.bytes,
            Self::Open { .. } | Self::Remove { .. } | Self::Close { .. } => 0,
        }
    }

    /// Does it, as a part of a transaction.
    pub(crate) fn stage(&self, staged: &mut Staged<'_>) -> rusqlite::Result<Outcome> {
        match self {
            Self::Publish(it) => {
                let how = (&it.options, it.retention);
                staged.publish(&it.channel, &it.publication, how)
            }
            Self::Open {
                channel, retention, ..
            } => staged.open(channel, *retention),
            Self::Remove { channel, .. } => staged.remove(channel),
            Self::Close { .. } => Ok(Outcome::Nothing),
        }
    }

    /// Says that it was done. Nobody minds if nobody waits any more.
    pub(crate) fn answer(&mut self, outcome: &Outcome) {
        match (self, outcome) {
            (Self::Publish(it), Outcome::Appended { head, .. }) => {
                tell(&mut it.waiter, Ok(Published::at(Some(head.position()))));
            }
            (Self::Publish(it), Outcome::Suppressed(published)) => {
                tell(&mut it.waiter, Ok(published.clone()));
            }
            (Self::Open { waiter, .. }, Outcome::Settled { line, .. }) => {
                tell(waiter, Ok(Arc::clone(line)));
            }
            (Self::Remove { waiter, .. }, _) => tell(waiter, Ok(())),
            // Closing is answered once it is done; no other pair comes to be.
            _ => {}
        }
    }

    /// Says that it was not done.
    pub(crate) fn refuse(&mut self, refused: &Refused) {
        let error = refused.clone().into();
        match self {
            Self::Publish(it) => tell(&mut it.waiter, Err(error)),
            Self::Open { waiter, .. } => tell(waiter, Err(error)),
            Self::Remove { waiter, .. } | Self::Close { waiter } => tell(waiter, Err(error)),
        }
    }
}

pub(crate) fn tell<T>(waiter: &mut Waiter<T>, answer: Result<T, BrokerError>) {
    if let Some(waiter) = waiter.take() {
        let _ = waiter.send(answer);
    }
}
