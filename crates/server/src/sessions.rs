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
#[derive(Clone, Debug)]
pub(crate) struct Sessions(Arc<Shared>);

#[derive(Debug)]
struct Shared {
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

/// The place of a session that is about to open: its 101 is on its way. A shutdown waits for it as for an open one.
#[derive(Debug)]
pub(crate) struct Expected(Sessions);

/// A session's entry; dropped when its driver is done with it.
#[derive(Debug)]
pub(crate) struct Entry {
    place: Expected,
    key: usize,
}

impl Sessions {
    pub(crate) fn new(total: Arc<AtomicUsize>) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::default(),
            count: watch::Sender::new(0),
            total,
        }))
    }

    /// Keeps a place for a session until it opens, or does not.
    pub(crate) fn expect(&self) -> Expected {
        self.0.count.send_modify(|count| *count += 1);
        self.0.total.fetch_add(1, Ordering::Relaxed);
        Expected(self.clone())
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
        let mut count = self.0.count.subscribe();
        // The sender lives as long as `self`: this can't fail.
        let _ = count.wait_for(|count| *count == 0).await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Expected {
    /// Remembers a session for as long as the entry lives.
    pub(crate) fn enter(self, closer: Closer) -> Entry {
        let mut state = self.0.lock();
        if let Some(close) = &state.closing {
            closer.close(close.clone());
        }
        let key = state.open.insert(closer);
        drop(state);
        Entry { place: self, key }
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        let Shared { count, total, .. } = &*self.0.0;
        total.fetch_sub(1, Ordering::Relaxed);
        count.send_modify(|count| *count -= 1);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.place.0.lock().open.try_remove(self.key);
    }
}
