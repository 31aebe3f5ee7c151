//! Bytes on their way to a socket: small pieces side by side, large ones by reference.

use std::{collections::VecDeque, io::IoSlice};

use bytes::{Buf, Bytes};

/// From this many bytes on a payload is referenced, not copied. Below, a copy costs less than another entry in the
/// gathered write.
pub const REFERENCED_BYTES: usize = 16 << 10;

/// How much an emptied output keeps for the next bytes.
const KEPT_BYTES: usize = 64 << 10;

/// Bytes on their way to a socket, in order.
///
/// It is a [`Buf`] that gives its pieces to a gathering write by [`Buf::chunks_vectored`]. It has no limit: whoever
/// fills it watches [`len`](Self::len).
#[derive(Debug, Default)]
pub struct Output {
    /// All small pieces side by side, those sent already included until a quiet moment.
    small: Vec<u8>,
    /// How many of `small` were sent.
    sent: usize,
    /// Large pieces, each with the length `small` had when it came.
    large: VecDeque<(usize, Bytes)>,
    /// What is unsent of the large ones.
    large_bytes: usize,
}

impl Output {
    /// Makes an empty output, without allocating.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns how many bytes wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.small.len() - self.sent + self.large_bytes
    }

    /// Says whether no byte waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends a copy of the bytes and returns that copy, so that it can be changed in place.
    #[inline]
    pub fn put_slice(&mut self, bytes: &[u8]) -> &mut [u8] {
        self.make_room(bytes.len());
        self.small.extend_from_slice(bytes);
        self.last(bytes.len())
    }

    /// Returns so many of the bytes that were put in last.
    #[inline]
    pub(crate) fn last(&mut self, bytes: usize) -> &mut [u8] {
        let at = self.small.len().saturating_sub(bytes);
        self.small.get_mut(at..).unwrap_or_default()
    }

    /// Makes room for so many bytes: to be called once for what is then [`put`](Self::put).
    #[inline]
    pub(crate) fn make_room(&mut self, bytes: usize) {
        if self.sent >= KEPT_BYTES {
            self.reclaim();
        }
        self.small.reserve(bytes);
    }

    /// Appends bytes to an output that has room for them.
    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.small.extend_from_slice(bytes);
    }

    /// Appends bytes as [`put_bytes`](Self::put_bytes) does, but holds a reference of its own only where it keeps one.
    #[inline]
    pub(crate) fn put_shared(&mut self, bytes: &Bytes) {
        if bytes.len() < REFERENCED_BYTES {
            self.put_slice(bytes);
        } else {
            self.put_bytes(bytes.clone());
        }
    }

    /// Appends bytes: by reference if there are [`REFERENCED_BYTES`] or more of them, otherwise by a copy.
    #[inline]
    pub fn put_bytes(&mut self, bytes: Bytes) {
        if bytes.len() < REFERENCED_BYTES {
            self.put_slice(&bytes);
        } else {
            self.large_bytes += bytes.len();
            self.large.push_back((self.small.len(), bytes));
        }
    }

    /// Drops what was sent of the small pieces, where they are at least half of them: that is worth the move. An
    /// output that is never quite empty would grow without end otherwise.
    #[cold]
    fn reclaim(&mut self) {
        if self.sent >= self.small.len() / 2 {
            self.small.drain(..self.sent);
            for (at, _) in &mut self.large {
                *at -= self.sent;
            }
            self.sent = 0;
        }
    }

    /// Returns the small pieces between two positions.
    fn small(&self, from: usize, to: usize) -> &[u8] {
        self.small.get(from..to).unwrap_or_default()
    }

    /// Everything was sent: begins anew, without the memory of a great day.
    fn rewind(&mut self) {
        self.small.clear();
        self.small.shrink_to(KEPT_BYTES);
        self.sent = 0;
        if self.large.capacity() > 64 {
            self.large = VecDeque::new();
        }
    }
}

impl Buf for Output {
    fn remaining(&self) -> usize {
        self.len()
    }

    fn chunk(&self) -> &[u8] {
        match self.large.front() {
            Some((at, bytes)) if *at == self.sent => bytes,
            Some((at, _)) => self.small(self.sent, *at),
            None => self.small(self.sent, self.small.len()),
        }
    }

    fn advance(&mut self, mut count: usize) {
        assert!(
            count <= self.len(),
            "cannot advance past the end of the output"
        );
        if self.large.is_empty() && count == self.small.len() - self.sent {
            return self.rewind();
        }
        while count > 0 {
            let small_end = self.large.front().map_or(self.small.len(), |(at, _)| *at);
            let step = count.min(small_end - self.sent);
            self.sent += step;
            count -= step;
            if self.sent < small_end {
                break;
            }
            if let Some((_, bytes)) = self.large.front_mut() {
                let step = count.min(bytes.len());
                bytes.advance(step);
                self.large_bytes -= step;
                count -= step;
                if bytes.is_empty() {
                    self.large.pop_front();
                }
            }
        }
        if self.is_empty() {
            self.rewind();
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        let mut free = slices.iter_mut();
        let mut put = |bytes: &'a [u8]| {
            if bytes.is_empty() {
                return true;
            }
            let Some(slot) = free.next() else {
                return false;
            };
            *slot = IoSlice::new(bytes);
            filled += 1;
            true
        };
        let mut from = self.sent;
        for (at, bytes) in &self.large {
            if !(put(self.small(from, *at)) && put(bytes)) {
                return filled;
            }
            from = *at;
        }
        put(self.small(from, self.small.len()));
        filled
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Slice(Vec<u8>),
        Large(u8, usize),
        Advance(prop::sample::Index),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200).prop_map(Step::Slice),
            (any::<u8>(), REFERENCED_BYTES - 1..3 * REFERENCED_BYTES)
                .prop_map(|(byte, len)| Step::Large(byte, len)),
            any::<prop::sample::Index>().prop_map(Step::Advance),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_is_put_comes_out_in_order(steps in prop::collection::vec(step(), 0..40)) {
            let (mut out, mut model) = (Output::new(), Vec::new());
            for step in steps {
                match step {
                    Step::Slice(bytes) => {
                        out.put_slice(&bytes);
                        model.extend(bytes);
                    }
                    Step::Large(byte, len) => {
                        out.put_bytes(vec![byte; len].into());
                        model.resize(model.len() + len, byte);
                    }
                    Step::Advance(count) => {
                        let count = count.index(out.len() + 1);
                        out.advance(count);
                        model.drain(..count);
                    }
                }
                prop_assert_eq!(out.len(), model.len());
                let mut slices = [IoSlice::new(&[]); 100];
                let filled = out.chunks_vectored(&mut slices);
                let gathered: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
                prop_assert_eq!(&gathered, &model);
                prop_assert_eq!(out.chunk().is_empty(), model.is_empty());
                prop_assert!(model.starts_with(out.chunk()));
            }
        }
    }

    #[test]
    fn an_output_that_is_never_empty_does_not_grow() {
        let mut out = Output::new();
        out.put_slice(&[0; 100]);
        for _ in 0..10_000 {
            out.put_slice(&[1; 1000]);
            out.advance(1000);
        }
        assert!(
            out.small.capacity() <= 4 * KEPT_BYTES,
            "{}",
            out.small.capacity()
        );
    }

    #[test]
    fn what_waits_stays_in_order_when_what_was_sent_is_dropped() {
        let mut out = Output::new();
        out.put_slice(&[1; 2 * KEPT_BYTES]);
        out.put_bytes(vec![2; REFERENCED_BYTES].into());
        out.advance(2 * KEPT_BYTES - 1);
        out.put_slice(&[3; 5]);
        assert!(out.small.len() < KEPT_BYTES);
        let expected = [&[1][..], &[2; REFERENCED_BYTES], &[3; 5]].concat();
        assert_eq!(out.copy_to_bytes(out.len()), expected);
    }

    #[test]
    fn an_emptied_output_keeps_little() {
        let mut out = Output::new();
        for _ in 0..1000 {
            out.put_slice(&[7; 1000]);
            out.put_bytes(vec![0; REFERENCED_BYTES].into());
        }
        out.advance(out.len());
        assert!(out.is_empty() && out.small.capacity() <= KEPT_BYTES);
        assert!(out.large.capacity() <= 64);
    }

    #[test]
    fn a_large_piece_is_referenced_and_never_copied() {
        let bytes = Bytes::from(vec![1; REFERENCED_BYTES]);
        let mut out = Output::new();
        out.put_bytes(bytes.clone());
        assert_eq!(out.chunk().as_ptr(), bytes.as_ptr());
    }
}
