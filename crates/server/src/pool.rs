//! Large buffers that a thread uses again, once no message refers to them.
//!
//! Memory of that size is dear when it is fresh: each page of it faults when it is first touched.

use std::mem;

use bytes::BytesMut;

/// Buffers of one size, at most so many.
///
/// The pool holds a view of each buffer, by which it sees whether others refer to it. So a buffer comes back by itself,
/// whoever drops the last message in it and on whatever thread.
#[derive(Debug)]
pub(crate) struct Pool {
    /// How many bytes each buffer holds.
    bytes: usize,
    /// How many buffers there may be.
    most: usize,
    views: Vec<BytesMut>,
    /// Which one is given up next when all are in use.
    oldest: usize,
}

impl Pool {
    /// Makes a pool that is empty until something is taken from it.
    pub(crate) const fn new(bytes: usize, most: usize) -> Self {
        Self {
            bytes,
            most,
            views: Vec::new(),
            oldest: 0,
        }
    }

    /// Returns a buffer that is there and that nobody refers to. It is empty.
    pub(crate) fn reuse(&mut self) -> Option<BytesMut> {
        self.free().map(part_with)
    }

    /// Returns a buffer, a new one if none is free. If there are as many as there may be, the pool gives one up:
    /// whoever refers to it holds it alone then, so that messages which are kept do not use up the pool.
    pub(crate) fn take(&mut self) -> BytesMut {
        if let Some(buffer) = self.reuse() {
            return buffer;
        }
        let mut view = BytesMut::with_capacity(self.bytes);
        let buffer = part_with(&mut view);
        self.keep(view);
        buffer
    }

    /// Gives a free buffer for one that is in use, as [`take`](Self::take) does. Until it is given back like this, the
    /// pool holds no view of it: its owner alone sees whether it is free.
    pub(crate) fn exchange(&mut self, used: &mut BytesMut) {
        if let Some(view) = self.free() {
            mem::swap(view, used);
        } else {
            let used = mem::replace(used, BytesMut::with_capacity(self.bytes));
            self.keep(used);
        }
    }

    /// Finds the first buffer that is free, so that few are in use and those stay in the processor's cache.
    fn free(&mut self) -> Option<&mut BytesMut> {
        let bytes = self.bytes;
        let mut views = self.views.iter_mut();
        views.find_map(|view| view.try_reclaim(bytes).then_some(view))
    }

    fn keep(&mut self, view: BytesMut) {
        if self.views.len() < self.most {
            self.views.push(view);
        } else if let Some(slot) = self.views.get_mut(self.oldest) {
            *slot = view;
            self.oldest = (self.oldest + 1) % self.most;
        }
    }
}

/// Takes all of a buffer out of its view.
fn part_with(view: &mut BytesMut) -> BytesMut {
    let nothing = view.split_off(view.capacity());
    mem::replace(view, nothing)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const BYTES: usize = 1 << 10;

    fn message(pool: &mut Pool, byte: u8) -> Bytes {
        let mut buffer = pool.take();
        assert!(buffer.is_empty() && buffer.capacity() >= BYTES);
        buffer.resize(BYTES, byte);
        buffer.split_to(BYTES / 2).freeze()
    }

    #[test]
    fn a_buffer_comes_back_with_its_last_message_on_whatever_thread() {
        let mut pool = Pool::new(BYTES, 1);
        assert!(pool.reuse().is_none(), "nothing is made ahead");
        let first = message(&mut pool, 1);
        let (at, second) = (first.as_ptr() as usize, first.slice(7..));
        drop(first);
        assert!(pool.reuse().is_none());
        std::thread::spawn(|| drop(second)).join().unwrap();
        let again = pool.reuse().unwrap();
        assert_eq!(again.as_ptr() as usize, at);
        assert!(again.is_empty() && again.capacity() >= BYTES);
        assert!(pool.reuse().is_none(), "it is lent once");
        drop(again);
        assert!(pool.reuse().is_some(), "also if it was not used");
    }

    #[test]
    fn a_buffer_that_is_given_for_another_comes_back_once_it_is_free() {
        let mut pool = Pool::new(BYTES, 1);
        let mut read = BytesMut::with_capacity(BYTES);
        let mut places = Vec::new();
        let mut under_way = Bytes::new();
        for byte in 0..6 {
            read.clear();
            if !read.try_reclaim(BYTES) {
                pool.exchange(&mut read);
            }
            places.push(read.as_ptr() as usize);
            read.resize(BYTES, byte);
            under_way = read.split_to(BYTES / 2).freeze();
        }
        assert_eq!(places[..2], places[2..4]);
        assert_eq!(places[..2], places[4..]);
        assert_eq!(under_way, [5; BYTES / 2][..]);
    }

    #[test]
    fn there_are_so_many_buffers_and_no_more() {
        let mut pool = Pool::new(BYTES, 2);
        let messages: Vec<_> = (0..2).map(|byte| message(&mut pool, byte)).collect();
        assert!(pool.reuse().is_none());
        let one_more = message(&mut pool, 2);
        assert_eq!(pool.views.len(), 2);
        drop((messages, one_more));
        let free: Vec<_> = std::iter::from_fn(|| pool.reuse()).collect();
        assert_eq!(free.len(), 2);
    }

    #[test]
    fn what_is_kept_for_long_keeps_its_bytes_and_does_not_use_up_the_pool() {
        let mut pool = Pool::new(BYTES, 2);
        let kept: Vec<_> = (0..20).map(|byte| message(&mut pool, byte)).collect();
        let mut places = std::collections::HashSet::new();
        for byte in 100..200 {
            places.insert(message(&mut pool, byte).as_ptr() as usize);
        }
        assert_eq!(places.len(), 1, "one buffer serves all that is not kept");
        for (byte, message) in (0..).zip(&kept) {
            assert!(message.iter().all(|&there| there == byte));
        }
    }
}
