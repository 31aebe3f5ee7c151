//! A queue of what waits to be sent, which takes one word while nothing does.

use std::collections::VecDeque;

use crate::Outgoing;

/// What waits to be sent. A driver lends its thread's [`Queue`] to the session it serves, so that answers need no memory
/// of the session's own.
#[derive(Debug, Default)]
#[expect(
    clippy::box_collection,
    reason = "an empty `VecDeque` has four words, and every idle session would carry them"
)]
pub struct Queue(Option<Box<VecDeque<Outgoing>>>);

impl Queue {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|queue| queue.is_empty())
    }

    /// Says whether it holds memory, used or not.
    pub(crate) fn is_allocated(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |queue| queue.len())
    }

    pub(crate) fn push(&mut self, outgoing: Outgoing) {
        self.0.get_or_insert_default().push_back(outgoing);
    }

    pub(crate) fn pop(&mut self) -> Option<Outgoing> {
        self.0.as_mut()?.pop_front()
    }

    pub(crate) fn retain(&mut self, stays: impl FnMut(&Outgoing) -> bool) {
        if let Some(queue) = &mut self.0 {
            queue.retain(stays);
        }
    }

    /// Gives up everything at once.
    pub(crate) fn swap(&mut self, into: &mut VecDeque<Outgoing>) {
        if let Some(queue) = &mut self.0 {
            std::mem::swap(&mut **queue, into);
        }
    }

    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Outgoing> {
        self.0.iter().flat_map(|queue| queue.iter())
    }
}
