//! What waits for a member that reads slowly, beside its outbox.

use std::collections::VecDeque;

use tokio::task::AbortHandle;

use super::{Overflow, Positioned, frames::What};
use crate::OverflowPolicy;

/// What waits for a member that reads slowly. Bounded: see [`Overflow`].
#[derive(Debug)]
pub(super) struct Lag {
    /// Which of all lags in the room it is: whoever feeds another has come too late.
    pub(super) number: u64,
    waiting: VecDeque<What>,
    bytes: usize,
    /// How many publications were dropped since one was sent.
    skipped: u64,
    feeder: Option<AbortHandle>,
}

/// A publication was dropped that a positioned member must not miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missed;

impl Lag {
    pub(super) const fn new(number: u64) -> Self {
        Self {
            number,
            waiting: VecDeque::new(),
            bytes: 0,
            skipped: 0,
            feeder: None,
        }
    }

    pub(super) fn fed_by(&mut self, feeder: AbortHandle) {
        self.feeder = Some(feeder);
    }

    pub(super) fn push(
        &mut self,
        what: What,
        overflow: &Overflow,
        positioned: Positioned,
    ) -> Result<(), Missed> {
        if overflow.policy == OverflowPolicy::Conflate && positioned == Positioned::No {
            self.forget_older(&what);
        }
        let size = size(&what);
        let places = usize::try_from(overflow.publications)
            .unwrap_or(usize::MAX)
            .max(1);
        while self.waiting.len() >= places || self.bytes + size > overflow.bytes {
            let Some(oldest) = self.pop() else {
                break;
            };
            self.skipped += u64::from(is_publication(&oldest));
        }
        self.bytes += size;
        self.waiting.push_back(what);
        if self.skipped > 0 && positioned == Positioned::Yes {
            return Err(Missed);
        }
        Ok(())
    }

    /// Takes what waits longest, and how many publications are missing before it.
    pub(super) fn next(&mut self) -> Option<(What, u64)> {
        let next = self.pop()?;
        let skipped = if is_publication(&next) {
            std::mem::take(&mut self.skipped)
        } else {
            0
        };
        Some((next, skipped))
    }

    fn pop(&mut self) -> Option<What> {
        let oldest = self.waiting.pop_front()?;
        self.bytes -= size(&oldest);
        Some(oldest)
    }

    /// Only the latest of a key counts.
    fn forget_older(&mut self, what: &What) {
        let What::Published(new) = what else {
            return;
        };
        let is_older = |old: &What| matches!(old, What::Published(old) if old.key == new.key);
        if let Some(older) = self
            .waiting
            .iter()
            .position(is_older)
            .and_then(|at| self.waiting.remove(at))
        {
            self.bytes -= size(&older);
            self.skipped += 1;
        }
    }
}

impl Drop for Lag {
    fn drop(&mut self) {
        if let Some(feeder) = &self.feeder {
            feeder.abort();
        }
    }
}

const fn is_publication(what: &What) -> bool {
    matches!(what, What::Published(_))
}

fn size(what: &What) -> usize {
    match what {
        What::Published(publication) => publication.data.len(),
        What::Announced(_) => 0,
    }
}
