//! What is on its way to one receiver: between the session's driver and the response.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Instant,
};

use bytes::Bytes;

use crate::{activity::Alive, driver::clock};

/// When so much is on its way, the rest waits in the outbox, where the endpoint's policy sees it.
const FULL_BYTES: usize = 64 << 10;

/// The chunks that wait for one response to take them. Each frame is a chunk of its own, and stays one on the wire.
#[derive(Debug, Default)]
pub(crate) struct Pipe(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Bytes>,
    bytes: usize,
    /// Since when nothing of what waits was taken.
    since: Option<Instant>,
    reader: Option<Waker>,
    ends: Ends,
    driver: Driver,
    /// Keeps the connection from being idle, until the response ends or is given up.
    alive: Option<Alive>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ends {
    #[default]
    Later,
    /// With the last chunk.
    Now,
}

/// Whether the driver wants to know when there is room again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Driver {
    #[default]
    GoesOn,
    WaitsForRoom,
}

/// What a reader got.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// `None` at the end.
    pub(crate) chunk: Option<Bytes>,
    pub(crate) driver: Driver,
}

impl Pipe {
    /// Adds a chunk.
    pub(crate) fn push(&self, chunk: Bytes, now: Instant) {
        let mut state = self.lock();
        state.bytes += chunk.len();
        state.chunks.push_back(chunk);
        state.since.get_or_insert(now);
        wake(state);
    }

    /// Adds a chunk and ends the response after it, in one: a reader on another thread that had the chunk before the end
    /// would take itself for broken off.
    pub(crate) fn push_last(&self, chunk: Bytes, now: Instant) {
        let mut state = self.lock();
        state.bytes += chunk.len();
        state.chunks.push_back(chunk);
        state.since.get_or_insert(now);
        state.ends = Ends::Now;
        let alive = state.alive.take();
        wake(state);
        drop(alive);
    }

    /// Ends the response after what waits.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ends = Ends::Now;
        // From here on the connection is idle unless the rest is taken.
        let alive = state.alive.take();
        wake(state);
        drop(alive);
    }

    /// Gives up: what waits is dropped, and the connection is on its own.
    pub(crate) fn cut(&self) {
        let mut state = self.lock();
        state.chunks = VecDeque::new();
        state.since = None;
        state.ends = Ends::Now;
        let alive = state.alive.take();
        wake(state);
        drop(alive);
    }

    /// Says whether more must wait, and if so, has the driver woken when there is room.
    pub(crate) fn is_full(&self) -> bool {
        let mut state = self.lock();
        let is_full = state.bytes >= FULL_BYTES;
        if is_full {
            state.driver = Driver::WaitsForRoom;
        }
        is_full
    }

    /// Returns since when the response has taken nothing of what waits.
    pub(crate) fn stalled_since(&self) -> Option<Instant> {
        self.lock().since
    }

    /// Says whether the response has ended and took everything.
    pub(crate) fn is_taken(&self) -> bool {
        let state = self.lock();
        state.ends == Ends::Now && state.chunks.is_empty()
    }

    /// Keeps a connection from being idle.
    pub(crate) fn keep(&self, alive: Alive) {
        self.lock().alive = Some(alive);
    }

    /// Takes the next chunk.
    pub(crate) fn poll_take(&self, cx: &Context<'_>) -> Poll<Taken> {
        let mut state = self.lock();
        let chunk = state.chunks.pop_front();
        match &chunk {
            Some(chunk) => {
                state.bytes -= chunk.len();
                state.since = (!state.chunks.is_empty()).then(clock);
            }
            None if state.ends == Ends::Now => {}
            None => {
                match &mut state.reader {
                    Some(known) => known.clone_from(cx.waker()),
                    None => state.reader = Some(cx.waker().clone()),
                }
                return Poll::Pending;
            }
        }
        let has_room = state.bytes < FULL_BYTES;
        let driver = if has_room {
            std::mem::take(&mut state.driver)
        } else {
            Driver::GoesOn
        };
        Poll::Ready(Taken { chunk, driver })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(mut state: MutexGuard<'_, State>) {
    let reader = state.reader.take();
    drop(state);
    reader.into_iter().for_each(Waker::wake);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(pipe: &Pipe) -> Poll<Taken> {
        pipe.poll_take(&Context::from_waker(Waker::noop()))
    }

    fn taken(chunk: Option<&'static [u8]>, driver: Driver) -> Poll<Taken> {
        let chunk = chunk.map(Bytes::from_static);
        Poll::Ready(Taken { chunk, driver })
    }

    #[test]
    fn chunks_are_taken_one_by_one_and_then_it_ends() {
        let (pipe, now) = (Pipe::default(), clock());
        pipe.push(Bytes::from_static(b"o\n"), now);
        pipe.push(Bytes::from_static(b"h\n"), now);
        assert_eq!(take(&pipe), taken(Some(b"o\n"), Driver::GoesOn));
        assert!(!pipe.is_taken());
        assert_eq!(take(&pipe), taken(Some(b"h\n"), Driver::GoesOn));
        assert_eq!(take(&pipe), Poll::Pending);
        pipe.end();
        assert!(pipe.is_taken());
        assert_eq!(take(&pipe), taken(None, Driver::GoesOn));
    }

    #[test]
    fn who_took_the_last_chunk_took_everything() {
        let pipe = Pipe::default();
        pipe.push_last(Bytes::from_static(b"o\n"), clock());
        assert!(!pipe.is_taken());
        assert_eq!(take(&pipe), taken(Some(b"o\n"), Driver::GoesOn));
        assert!(pipe.is_taken());
    }

    #[test]
    fn a_full_pipe_tells_the_driver_once_there_is_room() {
        static LARGE: [u8; FULL_BYTES] = [b'x'; FULL_BYTES];
        let (pipe, now) = (Pipe::default(), clock());
        assert!(!pipe.is_full());
        pipe.push(Bytes::from_static(&LARGE), now);
        assert!(pipe.is_full());
        assert_eq!(pipe.stalled_since(), Some(now));
        assert_eq!(take(&pipe), taken(Some(&LARGE), Driver::WaitsForRoom));
        assert_eq!(pipe.stalled_since(), None);
        pipe.end();
        assert_eq!(take(&pipe), taken(None, Driver::GoesOn), "it was told");
    }

    #[test]
    fn what_is_cut_is_gone() {
        let pipe = Pipe::default();
        pipe.push(Bytes::from_static(b"o\n"), clock());
        pipe.cut();
        assert_eq!(take(&pipe), taken(None, Driver::GoesOn));
        assert_eq!(pipe.stalled_since(), None);
    }
}
