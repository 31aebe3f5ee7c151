//! The sessions that are open, so that a shutdown finds them.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use slab::Slab;
use sockeye_endpoint::Closer;
use sockeye_types::Close;
use tokio::sync::watch;

/// The sessions of one worker.
#[derive(Debug)]
pub(crate) struct Sessions {
    state: Mutex<State>,
    /// How many there are.
    count: watch::Sender<usize>,
    /// How many there are in all workers.
    total: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct State {
    open: Slab<Closer>,
    /// Once set, sessions that come are closed at once: their handshake was under way.
    closing: Option<Close>,
}

/// Names a session's entry until it leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key(u32);

impl Sessions {
    pub(crate) fn new(total: Arc<AtomicUsize>) -> Self {
        Self {
            state: Mutex::default(),
            count: watch::Sender::new(0),
            total,
        }
    }

    /// Remembers a session until it leaves.
    pub(crate) fn enter(&self, closer: Closer) -> Key {
        let mut state = self.lock();
        if let Some(close) = &state.closing {
            closer.close(close.clone());
        }
        // No process has four thousand million descriptors.
        let key = u32::try_from(state.open.insert(closer)).unwrap_or(u32::MAX);
        self.count.send_modify(|count| *count += 1);
        self.total.fetch_add(1, Ordering::Relaxed);
        Key(key)
    }

    /// Forgets a session: its driver is done with it.
    pub(crate) fn leave(&self, key: Key) {
        self.lock().open.try_remove(key.0 as usize);
        self.total.fetch_sub(1, Ordering::Relaxed);
        self.count.send_modify(|count| *count -= 1);
    }

    /// Closes all sessions, and those that still come.
    pub(crate) fn close(&self, close: &Close) {
        let mut state = self.lock();
        state.closing = Some(close.clone());
        let open: Vec<Closer> = state
            .open
            .iter()
            .map(|(_, closer)| closer.clone())
            .collect();
        drop(state);
        for closer in open {
            closer.close(close.clone());
        }
    }

    /// Returns how many there are.
    pub(crate) fn len(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until there is none.
    ///
    /// Cancel safety: dropped before it is done, nothing is lost.
    pub(crate) async fn gone(&self) {
        let mut count = self.count.subscribe();
        // The sender lives as long as `self`: this can't fail.
        let _ = count.wait_for(|count| *count == 0).await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
