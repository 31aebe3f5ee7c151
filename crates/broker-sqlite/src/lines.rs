//! All channels that are in memory, and how much of them.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::line::Line;

/// The channels that are in memory, for everybody. Only the writer adds and removes.
#[derive(Debug, Default)]
pub(crate) struct Lines(Mutex<HashMap<Arc<str>, Arc<Line>>>);

impl Lines {
    pub(crate) fn find(&self, channel: &str) -> Option<Arc<Line>> {
        self.lock().get(channel).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Line>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the writer knows of the memory that channels take.
#[derive(Debug)]
pub(crate) struct Cache {
    pub(crate) lines: Arc<Lines>,
    /// Publications in the order of their commits, whether they are still in their line or not: each channel gives
    /// back its oldest when the whole is too much.
    recent: VecDeque<Recent>,
    bytes: usize,
    max_bytes: usize,
    /// Channels in the order in which they are looked at when there are too many.
    clock: VecDeque<Arc<str>>,
    max_lines: usize,
}

#[derive(Debug)]
struct Recent {
    line: Arc<Line>,
    offset: u64,
    bytes: usize,
}

/// What a publication takes besides its body, about.
const OVERHEAD: usize = 256;

impl Cache {
    pub(crate) fn new(lines: Arc<Lines>, max_bytes: usize, max_lines: usize) -> Self {
        Self {
            lines,
            recent: VecDeque::new(),
            bytes: 0,
            max_bytes,
            clock: VecDeque::new(),
            max_lines: max_lines.max(1),
        }
    }

    pub(crate) fn insert(&mut self, line: &Arc<Line>) {
        let name = Arc::clone(&line.name);
        let old = self
            .lines
            .lock()
            .insert(Arc::clone(&name), Arc::clone(line));
        if old.is_none() {
            self.clock.push_back(name);
        }
    }

    /// Counts a publication that was pushed to its line, and makes room for it.
    pub(crate) fn count(&mut self, line: &Arc<Line>, offset: u64, bytes: usize) {
        let bytes = bytes + OVERHEAD;
        self.bytes += bytes;
        let line = Arc::clone(line);
        self.recent.push_back(Recent {
            line,
            offset,
            bytes,
        });
        while self.bytes > self.max_bytes
            && let Some(oldest) = self.recent.pop_front()
        {
            self.bytes -= oldest.bytes;
            oldest.line.lock().forget(oldest.offset);
        }
    }

    pub(crate) fn remove(&mut self, channel: &str) {
        // Its place in the clock goes when the hand comes by.
        self.lines.lock().remove(channel);
    }

    /// Returns a channel that nobody used since the last look, if there are too many; it is no longer in memory. Call
    /// it again while there may be more.
    pub(crate) fn evict(&mut self) -> Option<Arc<Line>> {
        let mut lines = self.lines.lock();
        for _ in 0..self.clock.len() {
            if self.clock.len() <= self.max_lines {
                return None;
            }
            let name = self.clock.pop_front()?;
            let Some(line) = lines.get(&name) else {
                continue;
            };
            let mut state = line.lock();
            if state.is_used {
                state.is_used = false;
                drop(state);
                self.clock.push_back(name);
                continue;
            }
            state.forget(u64::MAX);
            drop(state);
            return lines.remove(&name);
        }
        None
    }
}
