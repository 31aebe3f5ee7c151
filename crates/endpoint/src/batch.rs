//! Broadcasts to one group that go out together.

use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;

use crate::{
    Shared,
    outbox::{Room, cost_of},
};

/// A batch grows to this cost at most: it is given out as one piece.
const MAX_COST: usize = 32 << 10;

/// Broadcasts to one group, one behind the other, as all the members that hold this batch will send them. While nobody
/// has looked at it, it grows: a broadcast to a thousand members that have not yet sent the one before costs one step,
/// not a thousand.
///
/// ```text
///            the first who takes it, or puts something behind it; no room
///   Growing ─────────────────────────────────────────────────────────────► Sealed
/// ```
#[derive(Debug, Default)]
pub struct Batch {
    growing: Mutex<Vec<Arc<Shared>>>,
    sealed: OnceLock<Box<[Arc<Shared>]>>,
    /// What it counts against each member's limit.
    cost: AtomicUsize,
    /// Its bytes on the wire in the framing that was asked for first.
    framed: OnceLock<(u64, Bytes)>,
}

impl Batch {
    /// Begins with one message.
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            cost: AtomicUsize::new(cost_of(shared.message().len())),
            growing: Mutex::new(vec![shared]),
            ..Self::default()
        }
    }

    /// Returns the messages; from here on, no other will join them.
    pub fn messages(&self) -> &[Arc<Shared>] {
        // Whoever adds a message holds the lock while it asks whether it still may.
        self.sealed
            .get_or_init(|| std::mem::take(&mut *self.lock()).into())
    }

    /// Adds a message, if nobody has looked at the batch and it stays within `room`.
    pub(crate) fn push(&self, shared: &Arc<Shared>, room: Room) -> bool {
        let mut growing = self.lock();
        let cost = self.cost() + cost_of(shared.message().len());
        let may_grow = !growing.is_empty() && cost <= room.bytes.min(MAX_COST);
        if !may_grow || growing.len() >= room.messages {
            return false;
        }
        growing.push(Arc::clone(shared));
        self.cost.store(cost, Ordering::Relaxed);
        true
    }

    /// What it counts by now.
    pub(crate) fn cost(&self) -> usize {
        self.cost.load(Ordering::Relaxed)
    }

    /// Returns the bytes of all messages for the framing `key`, which `encode` makes of one after the other. One framing
    /// is kept.
    pub fn framed(&self, key: u64, mut encode: impl FnMut(&Shared) -> Bytes) -> Bytes {
        let mut joined = || match self.messages() {
            [alone] => encode(alone),
            messages => {
                let pieces: Vec<Bytes> = messages.iter().map(|shared| encode(shared)).collect();
                pieces.concat().into()
            }
        };
        let (known, bytes) = self.framed.get_or_init(|| (key, joined()));
        if *known == key {
            bytes.clone()
        } else {
            joined()
        }
    }

    /// The lock is held while a message joins or the batch is sealed, never longer.
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Shared>>> {
        self.growing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use sockeye_types::Message;

    use super::*;

    fn shared(text: &str) -> Arc<Shared> {
        Arc::new(Shared::new(Message::from(text)))
    }

    #[test]
    fn a_batch_grows_until_somebody_looks() {
        let batch = Batch::new(shared("a"));
        assert!(batch.push(&shared("b"), Room::UNLIMITED));
        assert_eq!(batch.cost(), 2 * cost_of(1));
        assert_eq!(batch.messages().len(), 2);
        assert!(!batch.push(&shared("c"), Room::UNLIMITED));
        assert_eq!((batch.messages().len(), batch.cost()), (2, 2 * cost_of(1)));
    }

    #[test]
    fn a_batch_stays_within_its_room() {
        let (batch, cost) = (Batch::new(shared("a")), cost_of(1));
        let room = |bytes, messages| Room { bytes, messages };
        assert!(!batch.push(&shared("b"), room(2 * cost - 1, 9)));
        assert!(!batch.push(&shared("b"), room(2 * cost, 1)));
        assert!(batch.push(&shared("b"), room(2 * cost, 2)));
        let large = shared(&"x".repeat(MAX_COST - 3 * cost_of(0) - 1));
        assert!(!batch.push(&large, Room::UNLIMITED));
        let fits = shared(&"x".repeat(MAX_COST - 3 * cost_of(0) - 2));
        assert!(batch.push(&fits, Room::UNLIMITED));
        assert_eq!(batch.cost(), MAX_COST);
    }

    #[test]
    fn a_batch_is_encoded_once_for_the_framing_that_came_first() {
        let batch = Batch::new(shared("a"));
        assert!(batch.push(&shared("b"), Room::UNLIMITED));
        let mut encoded = 0;
        let mut framed = |key: u64| {
            batch.framed(key, |shared| {
                encoded += 1;
                format!("{key}{}", shared.message().as_text().unwrap()).into()
            })
        };
        assert_eq!((framed(1), framed(1)), ("1a1b".into(), "1a1b".into()));
        assert_eq!(framed(2), "2a2b");
        assert_eq!(encoded, 4);
    }
}
