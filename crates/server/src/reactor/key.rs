//! What names a connection of a reactor in one word: an epoll event and a waker have room for no more.

/// Names a slot of a reactor, and who was in it.
///
/// ```text
///   bit 63 … 48   47 … 24      23 … 0
///       reactor   generation   slot
/// ```
/// A key that has outlived its connection finds nobody, or after sixteen million others in the same slot somebody who
/// then looks in vain whether there is anything to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(u64);

const PART_BITS: u32 = 24;
const PART: u64 = (1 << PART_BITS) - 1;

/// How many slots a reactor may have.
pub(super) const MAX_SLOTS: usize = 1 << PART_BITS;

impl Key {
    /// Makes a key of a slot below [`MAX_SLOTS`] and of a generation, of which only the lowest bits count.
    pub(super) fn new(reactor: ReactorId, generation: u32, slot: u32) -> Self {
        let generation = u64::from(generation) & PART;
        let slot = u64::from(slot) & PART;
        Self(u64::from(reactor.0) << (2 * PART_BITS) | generation << PART_BITS | slot)
    }

    pub(super) fn reactor(self) -> ReactorId {
        ReactorId((self.0 >> (2 * PART_BITS)) as u16)
    }

    pub(super) fn slot(self) -> usize {
        (self.0 & PART) as usize
    }

    pub(super) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) fn to_bits(self) -> u64 {
        self.0
    }
}

/// Names a reactor of this process while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReactorId(pub(super) u16);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_holds_all_its_parts(
            reactor: u16,
            generation in 0..1_u32 << PART_BITS,
            slot in 0..1_u32 << PART_BITS,
        ) {
            let key = Key::new(ReactorId(reactor), generation, slot);
            prop_assert_eq!(key.reactor(), ReactorId(reactor));
            prop_assert_eq!(key.slot(), slot as usize);
            prop_assert_eq!(Key::from_bits(key.to_bits()), key);
            let next = Key::new(ReactorId(reactor), generation + 1, slot);
            prop_assert_ne!(key, next);
        }
    }
}
