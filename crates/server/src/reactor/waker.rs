//! Wakers of a reactor's connections: one word each, without a count of references.
#![expect(
    unsafe_code,
    reason = "a waker without an allocation can only be made of a table of functions"
)]

use std::{
    ptr,
    task::{RawWaker, RawWakerVTable, Waker},
};

use super::{key::Key, woken};

const TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, drop);

/// Makes the waker of a connection. It may be kept by anybody on any thread, also when the connection is gone.
pub(super) fn of(key: Key) -> Waker {
    // SAFETY: the word is a number and never read through, so that copies need no care and nothing is to be released;
    // waking takes only a lock and numbers out of tables that live as long as the process, and so may happen on any
    // thread.
    unsafe { Waker::from_raw(raw(key)) }
}

fn raw(key: Key) -> RawWaker {
    RawWaker::new(ptr::without_provenance(word(key)), &TABLE)
}

fn clone(word: *const ()) -> RawWaker {
    RawWaker::new(word, &TABLE)
}

fn wake(word: *const ()) {
    woken::wake(Key::from_bits(word.addr() as u64));
}

fn drop(_: *const ()) {}

/// The reactor exists on systems of 64 bits only.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a word has 64 bits where this module is compiled"
)]
fn word(key: Key) -> usize {
    key.to_bits() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reactor::key::ReactorId;

    #[test]
    fn a_waker_and_its_copies_are_one() {
        let waker = of(Key::new(ReactorId(u16::MAX), 7, 9));
        assert!(waker.will_wake(&waker.clone()));
        assert!(!waker.will_wake(&of(Key::new(ReactorId(u16::MAX), 8, 9))));
        // No such reactor: nobody is woken, and nothing else happens.
        waker.wake();
    }
}
