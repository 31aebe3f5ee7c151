//! How connections come to a reactor.

use std::{
    net::TcpStream,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tracing::Span;

use super::{key::Key, socket::Socket, woken::wake};
use crate::driver::Driver;

/// A connection that begins: its driver, and the span that it lives in.
pub(super) struct Newcomer {
    pub(super) driver: Driver<Socket>,
    pub(super) span: Span,
}

/// Those who wait to be taken in; `None` once nobody is.
type Waiting = Mutex<Option<Vec<Newcomer>>>;

/// Where connections enter a reactor, from whatever thread.
#[derive(Clone)]
pub(crate) struct Entrance {
    waiting: Arc<Waiting>,
    /// Woken when somebody waits.
    door: Key,
}

impl Entrance {
    /// Has a socket that does not block taken in, with the driver that `begin` makes for it and the span it lives in.
    /// Those that come when the reactor is gone are gone, too.
    pub(crate) fn enter(
        &self,
        stream: TcpStream,
        begin: impl FnOnce(Socket) -> (Driver<Socket>, Span),
    ) {
        let (driver, span) = begin(Socket::new(stream));
        if let Some(waiting) = &mut *lock(&self.waiting) {
            waiting.push(Newcomer { driver, span });
        }
        wake(self.door);
    }
}

/// The reactor's side of its entrance.
pub(super) struct Door {
    waiting: Arc<Waiting>,
    key: Key,
}

impl Door {
    /// Makes a door whose key names no connection.
    pub(super) fn new(key: Key) -> Self {
        let waiting = Arc::new(Mutex::new(Some(Vec::new())));
        Self { waiting, key }
    }

    pub(super) fn key(&self) -> Key {
        self.key
    }

    pub(super) fn entrance(&self) -> Entrance {
        Entrance {
            waiting: Arc::clone(&self.waiting),
            door: self.key,
        }
    }

    /// Takes those who wait.
    pub(super) fn take(&self) -> Vec<Newcomer> {
        lock(&self.waiting)
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let waiting = lock(&self.waiting).take();
        // Whoever waited in vain may take locks of its own.
        drop(waiting);
    }
}

fn lock(waiting: &Waiting) -> MutexGuard<'_, Option<Vec<Newcomer>>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
