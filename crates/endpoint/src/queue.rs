//! A queue of what waits to be sent, which takes two words while little does.

use std::{collections::VecDeque, mem, sync::Arc};

use crate::{Batch, Outgoing};

/// What waits to be sent. A driver lends its thread's [`Queue`] to the session it serves, so that answers need no memory
/// of the session's own.
#[derive(Debug, Default)]
pub struct Queue {
    /// Boxed: every idle session has room for this.
    messages: Option<Box<Messages>>,
    /// Broadcasts that may still become more, behind all else: most that a member of a group ever has.
    tail: Option<Arc<Batch>>,
}

#[derive(Debug, Default)]
struct Messages {
    queue: VecDeque<Outgoing>,
    cost: usize,
}

impl Queue {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.tail.is_none() && self.has_no_messages()
    }

    #[inline]
    fn has_no_messages(&self) -> bool {
        self.messages
            .as_ref()
            .is_none_or(|messages| messages.queue.is_empty())
    }

    /// Says whether it holds memory of its own, used or not.
    #[cfg(test)]
    pub(crate) fn is_allocated(&self) -> bool {
        self.messages.is_some()
    }

    /// Takes what memory another has, unless it has its own.
    pub(crate) fn borrow(&mut self, lent: &mut Self) {
        if self.messages.is_none() {
            self.messages = lent.messages.take();
        }
    }

    /// Gives memory back that nothing needs.
    pub(crate) fn give_back(&mut self, lent: &mut Self) {
        if self.has_no_messages() {
            let messages = self.messages.take();
            if lent.messages.is_none() {
                lent.messages = messages;
            }
        }
    }

    /// How many messages wait. A batch among them grows no more.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        let messages = self
            .messages
            .as_ref()
            .map_or(0, |messages| messages.queue.len());
        messages + self.tail.as_ref().map_or(0, |batch| batch.messages().len())
    }

    /// What they cost.
    #[inline]
    pub(crate) fn cost(&self) -> usize {
        let messages = self.messages.as_ref().map_or(0, |messages| messages.cost);
        messages + self.tail.as_ref().map_or(0, |batch| batch.cost())
    }

    /// Puts behind all else what costs so much.
    #[inline]
    pub(crate) fn push(&mut self, outgoing: Outgoing, cost: usize) {
        self.end_tail();
        let messages = self.messages.get_or_insert_default();
        messages.cost += cost;
        messages.queue.push_back(outgoing);
    }

    /// Puts a batch that may still grow behind all else.
    pub(crate) fn join(&mut self, batch: &Arc<Batch>) {
        self.end_tail();
        self.tail = Some(Arc::clone(batch));
    }

    /// What stood last grows no more, and is as if each message had come alone.
    #[inline]
    fn end_tail(&mut self) {
        if let Some(batch) = self.tail.take() {
            self.flatten(&batch);
        }
    }

    #[cold]
    fn flatten(&mut self, batch: &Batch) {
        let messages = self.messages.get_or_insert_default();
        messages.queue.extend(flat(batch));
        messages.cost += batch.cost();
    }

    pub(crate) fn pop(&mut self) -> Option<Outgoing> {
        if self.has_no_messages() {
            self.end_tail();
        }
        let messages = self.messages.as_mut()?;
        let outgoing = messages.queue.pop_front()?;
        messages.cost -= outgoing.cost();
        Some(outgoing)
    }

    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&Outgoing) -> bool) {
        self.end_tail();
        if let Some(messages) = &mut self.messages {
            let Messages { queue, cost } = &mut **messages;
            queue.retain(|outgoing| {
                let stays = stays(outgoing);
                if !stays {
                    *cost -= outgoing.cost();
                }
                stays
            });
        }
    }

    /// Lets what waits grow no more.
    #[inline]
    pub(crate) fn seal(&self) {
        if let Some(batch) = &self.tail {
            batch.messages();
        }
    }

    /// Gives up all messages but for a batch behind them, which grows no more and is returned as it is.
    pub(crate) fn swap(&mut self, into: &mut VecDeque<Outgoing>) -> Option<Arc<Batch>> {
        if let Some(messages) = &mut self.messages {
            mem::swap(&mut messages.queue, into);
            messages.cost = 0;
        }
        self.seal();
        self.tail.take()
    }

    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = Outgoing> {
        let messages = self.messages.iter().flat_map(|messages| &messages.queue);
        messages
            .cloned()
            .chain(self.tail.iter().flat_map(|batch| flat(batch)))
    }
}

/// The messages of a batch, which grows no more.
pub(crate) fn flat(batch: &Batch) -> impl Iterator<Item = Outgoing> {
    let messages = batch.messages().iter();
    messages.map(|shared| Outgoing::Shared(Arc::clone(shared)))
}
