//! A hashed timing wheel: many deadlines, most of which move before they come, at constant cost each.
//!
//! It counts ticks and knows no clock; `timers` gives it one.

use crate::chunks::Chunks;

/// How many ticks one turn of the wheel has; a power of two. A deadline further away stays for further turns.
const SLOTS: usize = 4096;
const WORDS: usize = SLOTS / 64;
/// No entry.
const NIL: u32 = u32::MAX;

/// Names an entry until it is removed or comes due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(u32);

impl Key {
    /// Names no entry.
    pub(crate) const NONE: Self = Self(NIL);
}

/// Deadlines in ticks, each with a value. Its slots are intrusive lists through one slab, so that a wheel which has
/// been full holds no more than its entries need.
#[derive(Debug)]
pub(crate) struct Wheel<T> {
    entries: Chunks<Entry<T>>,
    free: u32,
    len: usize,
    heads: Box<[u32]>,
    /// A bit for each slot that holds something.
    occupied: Box<[u64]>,
    /// All ticks up to this one have been handled.
    now: u64,
}

#[derive(Debug)]
struct Entry<T> {
    value: Option<T>,
    due: u64,
    previous: u32,
    next: u32,
}

impl<T> Wheel<T> {
    pub(crate) fn new() -> Self {
        Self {
            entries: Chunks::new(),
            free: NIL,
            len: 0,
            heads: vec![NIL; SLOTS].into_boxed_slice(),
            occupied: vec![0; WORDS].into_boxed_slice(),
            now: 0,
        }
    }

    /// Adds a value that comes due at a tick; one that has passed comes due at the next.
    pub(crate) fn insert(&mut self, due: u64, value: T) -> Key {
        let due = self.due_at(due);
        let entry = Entry {
            value: Some(value),
            due,
            previous: NIL,
            next: NIL,
        };
        let at = match self.entries.get_mut(index(self.free)) {
            Some(free) => {
                let at = self.free;
                self.free = free.next;
                *free = entry;
                at
            }
            None => {
                self.entries.push(entry);
                // More than four thousand million connections do not fit one worker.
                u32::try_from(self.entries.len() - 1).unwrap_or(NIL - 1)
            }
        };
        self.len += 1;
        self.link(at);
        Key(at)
    }

    /// The tick at which something that should come due at `tick` will.
    pub(crate) fn due_at(&self, tick: u64) -> u64 {
        tick.max(self.now + 1)
    }

    /// Takes a value out before it comes due. The key must not be used again.
    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        let value = self.entries.get_mut(index(key.0))?.value.take()?;
        self.unlink(key.0);
        self.release(key.0);
        Some(value)
    }

    /// Goes on to tick `now` and hands out what has come due by then.
    pub(crate) fn advance(&mut self, now: u64, mut due: impl FnMut(T)) {
        if now <= self.now {
            return;
        }
        let turns = (now - self.now).min(SLOTS as u64);
        let first = self.now + 1;
        self.now = now;
        for tick in first..first + turns {
            let mut at = self.heads.get(slot(tick)).copied().unwrap_or(NIL);
            while let Some(entry) = self.entries.get_mut(index(at)) {
                let next = entry.next;
                if entry.due <= now
                    && let Some(value) = entry.value.take()
                {
                    self.unlink(at);
                    self.release(at);
                    due(value);
                }
                at = next;
            }
        }
        self.shrink();
    }

    /// Returns the tick at which something may come due: never too late, and too early by whole turns at most.
    pub(crate) fn next_tick(&self) -> Option<u64> {
        if self.len == 0 {
            return None;
        }
        let start = slot(self.now + 1);
        let word_at = |word: usize| self.occupied.get(word % WORDS).copied().unwrap_or(0);
        for step in 0..=WORDS {
            let word = start / 64 + step;
            let bits = match step {
                0 => word_at(word) & (u64::MAX << (start % 64)),
                _ => word_at(word),
            };
            if bits != 0 {
                let found = word * 64 + bits.trailing_zeros() as usize;
                return Some(self.now + 1 + (found - start) as u64);
            }
        }
        Some(self.now + SLOTS as u64)
    }

    /// Shows everything that has not come due.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().filter_map(|entry| entry.value.as_ref())
    }

    /// Says whether what is due at a tick is still in the wheel.
    pub(crate) fn is_ahead(&self, tick: u64) -> bool {
        tick > self.now
    }

    /// Returns how many entries there are.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.len
    }

    fn link(&mut self, at: u32) {
        let Some(entry) = self.entries.get(index(at)) else {
            return;
        };
        let slot = slot(entry.due);
        let Some(head) = self.heads.get_mut(slot) else {
            return;
        };
        let next = std::mem::replace(head, at);
        if let Some(entry) = self.entries.get_mut(index(at)) {
            (entry.previous, entry.next) = (NIL, next);
        }
        if let Some(next) = self.entries.get_mut(index(next)) {
            next.previous = at;
        }
        self.mark(slot);
    }

    fn unlink(&mut self, at: u32) {
        let Some(entry) = self.entries.get(index(at)) else {
            return;
        };
        let (slot, previous, next) = (slot(entry.due), entry.previous, entry.next);
        match self.entries.get_mut(index(previous)) {
            Some(previous) => previous.next = next,
            None => {
                if let Some(head) = self.heads.get_mut(slot) {
                    *head = next;
                }
                self.mark(slot);
            }
        }
        if let Some(next) = self.entries.get_mut(index(next)) {
            next.previous = previous;
        }
    }

    fn release(&mut self, at: u32) {
        self.len -= 1;
        if let Some(entry) = self.entries.get_mut(index(at)) {
            entry.next = self.free;
            self.free = at;
        }
    }

    /// Gives memory back once everything is gone.
    fn shrink(&mut self) {
        if self.len == 0 && self.entries.len() > 0 {
            (self.entries, self.free) = (Chunks::new(), NIL);
        }
    }

    /// Notes whether a slot holds something.
    fn mark(&mut self, slot: usize) {
        let occupied = self.heads.get(slot).is_some_and(|head| *head != NIL);
        if let Some(word) = self.occupied.get_mut(slot / 64) {
            let bit = 1 << (slot % 64);
            *word = if occupied { *word | bit } else { *word & !bit };
        }
    }
}

fn index(at: u32) -> usize {
    at as usize
}

fn slot(tick: u64) -> usize {
    usize::try_from(tick % SLOTS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn due_at(wheel: &mut Wheel<u64>, now: u64) -> Vec<u64> {
        let mut due = Vec::new();
        wheel.advance(now, |value| due.push(value));
        due.sort_unstable();
        due
    }

    #[test]
    fn what_comes_due_is_handed_out_once() {
        let mut wheel = Wheel::new();
        wheel.insert(5, 5);
        wheel.insert(5 + SLOTS as u64, 50);
        wheel.insert(6, 6);
        assert_eq!(due_at(&mut wheel, 4), []);
        assert_eq!(due_at(&mut wheel, 5), [5]);
        assert_eq!(due_at(&mut wheel, 100), [6]);
        assert_eq!(due_at(&mut wheel, 4 + SLOTS as u64), []);
        assert_eq!(due_at(&mut wheel, 3 * SLOTS as u64), [50]);
        assert_eq!((wheel.len(), wheel.entries.len()), (0, 0));
    }

    #[test]
    fn a_deadline_that_has_passed_comes_due_at_the_next_tick() {
        let mut wheel = Wheel::new();
        due_at(&mut wheel, 1000);
        wheel.insert(3, 3);
        assert_eq!(wheel.next_tick(), Some(1001));
        assert_eq!(due_at(&mut wheel, 1001), [3]);
    }

    #[derive(Clone, Debug)]
    enum Op {
        Insert(u64),
        Remove(usize),
        Advance(u64),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            (0u64..10_000).prop_map(Op::Insert),
            any::<usize>().prop_map(Op::Remove),
            (0u64..3_000).prop_map(Op::Advance),
        ]
    }

    proptest! {
        #[test]
        fn the_wheel_is_a_sorted_map(ops in proptest::collection::vec(op(), 1..200)) {
            let mut wheel = Wheel::new();
            let mut model = BTreeMap::new();
            let mut keys = BTreeMap::new();
            let (mut now, mut serial) = (0, 0);
            for op in ops {
                match op {
                    Op::Insert(ahead) => {
                        serial += 1;
                        keys.insert(serial, wheel.insert(now + ahead, serial));
                        model.insert((now + ahead.max(1), serial), ());
                    }
                    Op::Remove(which) if !keys.is_empty() => {
                        let serial = *keys.keys().nth(which % keys.len()).unwrap();
                        prop_assert_eq!(wheel.remove(keys.remove(&serial).unwrap()), Some(serial));
                        model.retain(|(_, s), ()| *s != serial);
                    }
                    Op::Remove(_) => {}
                    Op::Advance(by) => {
                        if let Some(((first, _), ())) = model.first_key_value() {
                            prop_assert!(wheel.next_tick().unwrap() <= *first);
                        }
                        now += by;
                        let due = due_at(&mut wheel, now);
                        let mut expected: Vec<_> = model.keys().filter(|(t, _)| *t <= now).map(|(_, s)| *s).collect();
                        expected.sort_unstable();
                        prop_assert_eq!(&due, &expected);
                        model.retain(|(t, _), ()| *t > now);
                        keys.retain(|s, _| !due.contains(s));
                    }
                }
                prop_assert_eq!(wheel.len(), model.len());
                prop_assert_eq!(wheel.next_tick().is_none(), model.is_empty());
            }
        }
    }
}
