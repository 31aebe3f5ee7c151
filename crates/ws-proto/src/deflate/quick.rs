//! The fastest way to compress: one look back for every four bytes, and the fixed codes of RFC 1951 §3.2.6.
//!
//! zlib's level 1 does the same, but it is made for large streams: it takes up to 371 KiB, and to forget the message
//! before it clears 176 KiB, which for a message of 1 KiB is most of its work. Here nothing is cleared.

use std::mem;

use bytes::BytesMut;
use sockeye_types::WindowBits;

use super::fixed::{END_OF_BLOCK, distance, length, literal};

/// How many bits a hash has.
const HASH_BITS: u32 = 13;
/// How many places are remembered, one for each hash.
const PLACES: usize = 1 << HASH_BITS;
/// How long a part is that is compressed for itself: places are counted in 32 bits.
const PART_BYTES: usize = 1 << 24;
/// The longest match that can be written (RFC 1951 §3.2.5).
const LONGEST_MATCH: usize = 258;

/// How much is remembered of earlier messages, in bytes, where the window is not smaller.
const REMEMBERED_BYTES: usize = 16 << 10;

/// Compresses messages that do not refer to one another.
#[derive(Debug)]
pub(super) struct Quick {
    /// Where four bytes of each hash were seen last, counted through all messages: a place before the message that is
    /// compressed is of no interest, and need not be forgotten.
    places: Box<[u32; PLACES]>,
    /// Where the next message begins.
    next: u32,
}

impl Quick {
    /// Takes 32 KiB.
    pub(super) fn new() -> Self {
        Self {
            places: Box::new([0; PLACES]),
            next: 1,
        }
    }

    /// Appends the payload, compressed, without the four bytes that RFC 7692 leaves out. What can't be made smaller
    /// grows by an eighth at most, and three bytes.
    pub(super) fn compress(&mut self, payload: &[u8], window: WindowBits, out: &mut BytesMut) {
        let mut bits = Bits::of_block(payload.len(), out);
        for part in payload.chunks(PART_BYTES) {
            self.compress_part(part, 0, window, &mut bits);
        }
        bits.end();
    }

    /// Compresses `text` but for its beginning, which the peer knows: so many bytes.
    fn compress_part(
        &mut self,
        text: &[u8],
        known: usize,
        window: WindowBits,
        bits: &mut Bits<'_>,
    ) {
        let begin = self.count(known, text.len().saturating_sub(known));
        let farthest = 1 << window.as_u8();
        let mut rest = text.get(known..).unwrap_or_default();
        let mut here = begin + u32::try_from(known).unwrap_or_default();
        while let Some(four) = rest.first_chunk::<4>() {
            let Some(place) = self.places.get_mut(hash(*four)) else {
                break;
            };
            let there = mem::replace(place, here);
            let back = here - there;
            let found = if there >= begin && back <= farthest {
                let earlier = text.get((there - begin) as usize..).unwrap_or_default();
                common(earlier, rest)
            } else {
                0
            };
            let taken = if found < 4 {
                let (code, len) = literal(rest);
                bits.put(code, len);
                1
            } else {
                let (code, len) = length(found);
                bits.put(code, len);
                let (code, len) = distance(back);
                bits.put(code, len);
                found
            };
            rest = rest.get(taken..).unwrap_or_default();
            here += u32::try_from(taken).unwrap_or_default();
        }
        while !rest.is_empty() {
            let (code, len) = literal(rest);
            bits.put(code, len);
            rest = rest.get(1..).unwrap_or_default();
        }
    }

    /// Returns where a text begins whose last bytes, so many, are new, and goes on behind it. Every few thousand million
    /// bytes the count begins anew.
    fn count(&mut self, known: usize, new: usize) -> u32 {
        let known = u32::try_from(known).unwrap_or(u32::MAX);
        let new = u32::try_from(new).unwrap_or(u32::MAX);
        let end = self.next.checked_add(new).unwrap_or_else(|| {
            self.places.fill(0);
            self.next = known.saturating_add(1);
            self.next.saturating_add(new)
        });
        mem::replace(&mut self.next, end).saturating_sub(known)
    }
}

/// Compresses messages that refer to those before them.
///
/// zlib takes up to 371 KiB for that.
#[derive(Debug)]
pub(super) struct Remembering {
    quick: Quick,
    /// The last bytes that were compressed: the window, and for a while as much again.
    text: Vec<u8>,
}

impl Remembering {
    /// Takes 32 KiB, and up to 32 more when there is something to remember.
    pub(super) fn new() -> Self {
        Self {
            quick: Quick::new(),
            text: Vec::new(),
        }
    }

    /// Appends the payload, compressed, as [`Quick::compress`] does.
    pub(super) fn compress(&mut self, payload: &[u8], window: WindowBits, out: &mut BytesMut) {
        let mut bits = Bits::of_block(payload.len(), out);
        let most = REMEMBERED_BYTES.min(1 << window.as_u8());
        for part in payload.chunks(PART_BYTES) {
            let known = self.text.len();
            let len = known + part.len();
            if len > self.text.capacity() {
                // Doubles, but not beyond what it keeps, as `extend_from_slice` would.
                let capacity = len.next_power_of_two().min(len.max(2 * most));
                self.text.reserve_exact(capacity - known);
            }
            self.text.extend_from_slice(part);
            self.quick
                .compress_part(&self.text, known, window, &mut bits);
            if self.text.len() > 2 * most {
                self.text.drain(..self.text.len() - most);
                self.text.shrink_to(2 * most);
            }
        }
        bits.end();
    }

    /// Forgets what came before.
    pub(super) fn forget(&mut self) {
        self.text = Vec::new();
    }

    /// How many bytes of memory it holds.
    #[cfg(test)]
    fn kept(&self) -> usize {
        size_of_val(&*self.quick.places) + self.text.capacity()
    }
}

/// Bytes that are the same have the same hash.
#[inline]
fn hash(four: [u8; 4]) -> usize {
    (u32::from_le_bytes(four).wrapping_mul(0x9e37_79b1) >> (u32::BITS - HASH_BITS)) as usize
}

/// Returns how many bytes are the same at both beginnings, as far as a match can be written.
#[inline]
fn common(earlier: &[u8], later: &[u8]) -> usize {
    let later = later.get(..LONGEST_MATCH).unwrap_or(later);
    let (words, rest) = later.as_chunks::<8>();
    let mut same = 0;
    for (a, b) in earlier.as_chunks::<8>().0.iter().zip(words) {
        let differ = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differ != 0 {
            return same + (differ.trailing_zeros() / 8) as usize;
        }
        same += 8;
    }
    let earlier = earlier.get(same..).unwrap_or_default();
    same + earlier.iter().zip(rest).take_while(|(a, b)| a == b).count()
}

/// Bits on their way into bytes, the lowest first (RFC 1951 §3.1.1).
struct Bits<'a> {
    out: &'a mut BytesMut,
    waiting: u64,
    /// How many bits wait: less than 32.
    len: u32,
}

impl<'a> Bits<'a> {
    /// Begins a block of fixed codes that is not the last, with room for a payload that does not become smaller.
    fn of_block(payload_bytes: usize, out: &'a mut BytesMut) -> Self {
        out.reserve(payload_bytes + payload_bytes / 8 + 8);
        Self {
            out,
            waiting: 0b010,
            len: 3,
        }
    }

    /// Appends at most 32 bits.
    #[inline]
    fn put(&mut self, bits: u32, len: u32) {
        self.waiting |= u64::from(bits) << self.len;
        self.len += len;
        if self.len >= 32 {
            let [a, b, c, d, ..] = self.waiting.to_le_bytes();
            self.out.extend_from_slice(&[a, b, c, d]);
            self.waiting >>= 32;
            self.len -= 32;
        }
    }

    /// Ends the message: after the block comes the head of an empty stored one, which ends at a byte (RFC 7692 §7.2.1).
    fn end(mut self) {
        let (code, len) = END_OF_BLOCK;
        self.put(code, len);
        self.put(0b000, 3);
        let bytes = self.waiting.to_le_bytes();
        let len = self.len.div_ceil(8) as usize;
        self.out
            .extend_from_slice(bytes.get(..len).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests;
