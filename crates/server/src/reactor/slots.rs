//! The connections of a reactor: a slab whose values do not move, and whose memory is given back.

use super::key::{Key, MAX_SLOTS, ReactorId};

/// How many slots are allocated at once.
const CHUNK: usize = 256;

/// Values by key. Growing moves none of them, and chunks at the end that hold nothing are given back.
#[derive(Debug)]
pub(super) struct Slots<T> {
    reactor: ReactorId,
    chunks: Vec<Chunk<T>>,
    /// No chunk before this one has a vacant slot.
    full: usize,
    /// Tells those who follow each other in a slot apart.
    generation: u32,
}

#[derive(Debug)]
struct Chunk<T> {
    slots: Vec<Slot<T>>,
    /// Which of the slots are vacant, those at the end that were never taken left aside.
    vacant: Vec<u8>,
    taken: usize,
}

#[derive(Debug)]
struct Slot<T> {
    key: Key,
    value: Option<T>,
}

impl<T> Chunk<T> {
    fn new() -> Self {
        Self {
            slots: Vec::with_capacity(CHUNK),
            vacant: Vec::new(),
            taken: 0,
        }
    }
}

impl<T> Slots<T> {
    pub(super) fn new(reactor: ReactorId) -> Self {
        Self {
            reactor,
            chunks: Vec::new(),
            full: 0,
            generation: 0,
        }
    }

    /// Takes a value in, or gives it back if all slots are taken.
    pub(super) fn insert(&mut self, value: T) -> Result<Key, T> {
        let mut rest = self.chunks.iter().skip(self.full);
        self.full += rest
            .position(|chunk| chunk.taken < CHUNK)
            .unwrap_or(self.chunks.len() - self.full);
        let number = self.full;
        if number == self.chunks.len() && number < MAX_SLOTS / CHUNK {
            self.chunks.push(Chunk::new());
        }
        let Some(chunk) = self.chunks.get_mut(number) else {
            return Err(value);
        };
        let within = chunk.vacant.pop().map_or(chunk.slots.len(), usize::from);
        let slot = u32::try_from(number * CHUNK + within).unwrap_or(u32::MAX);
        self.generation = self.generation.wrapping_add(1);
        let key = Key::new(self.reactor, self.generation, slot);
        let value = Some(value);
        match chunk.slots.get_mut(within) {
            Some(slot) => *slot = Slot { key, value },
            None => chunk.slots.push(Slot { key, value }),
        }
        chunk.taken += 1;
        Ok(key)
    }

    /// Returns the value that got this key, while it is there.
    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let chunk = self.chunks.get_mut(key.slot() / CHUNK)?;
        let slot = chunk.slots.get_mut(key.slot() % CHUNK)?;
        (slot.key == key).then_some(slot.value.as_mut()?)
    }

    /// Drops the value that got this key, where it is. Says whether it was there.
    pub(super) fn remove(&mut self, key: Key) -> bool {
        let Some(chunk) = self.chunks.get_mut(key.slot() / CHUNK) else {
            return false;
        };
        let within = key.slot() % CHUNK;
        let slot = chunk.slots.get_mut(within).filter(|slot| slot.key == key);
        let Some(slot) = slot.filter(|slot| slot.value.is_some()) else {
            return false;
        };
        slot.value = None;
        chunk.taken -= 1;
        chunk.vacant.extend(u8::try_from(within));
        self.full = self.full.min(key.slot() / CHUNK);
        while self.chunks.pop_if(|last| last.taken == 0).is_some() {}
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_slots_are_a_map_that_forgets(
            ops in prop::collection::vec(prop::option::of(any::<prop::sample::Index>()), 0..1500),
        ) {
            let mut slots = Slots::new(ReactorId(3));
            let mut there: Vec<(Key, usize)> = Vec::new();
            let mut gone = Vec::new();
            for (number, op) in ops.into_iter().enumerate() {
                match op {
                    Some(index) if !there.is_empty() => {
                        let (key, value) = there.swap_remove(index.index(there.len()));
                        prop_assert_eq!(slots.get_mut(key), Some(&mut value.clone()));
                        prop_assert!(slots.remove(key));
                        gone.push(key);
                    }
                    _ => there.push((slots.insert(number).unwrap(), number)),
                }
            }
            for (key, value) in &there {
                prop_assert_eq!(slots.get_mut(*key), Some(&mut value.clone()));
            }
            for key in gone {
                prop_assert_eq!(slots.get_mut(key), None);
                prop_assert!(!slots.remove(key));
            }
            let highest = there.iter().map(|(key, _)| key.slot() / CHUNK + 1).max();
            prop_assert_eq!(slots.chunks.len(), highest.unwrap_or(0));
        }
    }

    #[test]
    fn a_slot_is_taken_again_and_its_key_is_another() {
        let mut slots = Slots::new(ReactorId(0));
        let first = slots.insert("first").unwrap();
        slots.insert("other").unwrap();
        slots.remove(first);
        let second = slots.insert("second").unwrap();
        assert_eq!((second.slot(), second == first), (first.slot(), false));
        assert_eq!(slots.get_mut(first), None);
        assert_eq!(slots.get_mut(second), Some(&mut "second"));
    }
}
