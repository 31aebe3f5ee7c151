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
    /// How many there are, those that are about to open included.
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

impl Key {
    /// Names no entry.
    pub(crate) const NONE: Self = Self(u32::MAX);
}

impl Sessions {
    pub(crate) fn new(total: Arc<AtomicUsize>) -> Self {
        Self {
            state: Mutex::default(),
            count: watch::Sender::new(0),
            total,
        }
    }

    /// Counts a session that is about to open: its 101 is on its way, and a shutdown waits for it as for an open one.
    pub(crate) fn expect(&self) {
        self.count.send_modify(|count| *count += 1);
        self.total.fetch_add(1, Ordering::Relaxed);
    }

    /// Remembers a session that was expected.
    pub(crate) fn enter(&self, closer: Closer) -> Key {
        let mut state = self.lock();
        if let Some(close) = &state.closing {
            closer.close(close.clone());
        }
        // No process has four thousand million descriptors.
        Key(u32::try_from(state.open.insert(closer)).unwrap_or(Key::NONE.0))
    }

    /// Forgets a session that was expected, whether it has entered or not.
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

    /// Returns how many are open.
    pub(crate) fn len(&self) -> usize {
        self.lock().open.len()
    }

    /// Waits until there is none, nor any about to open.
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
