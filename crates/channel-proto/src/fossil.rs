//! Fossil deltas: a patch that makes a target of a source, as the version control system Fossil writes it down.
//!
//! ```text
//! patch    = size "\n" *segment checksum ";"
//! segment  = length "@" offset ","    copies from the source
//!          / length ":" bytes         is in the patch
//! ```
//!
//! Numbers are in base 64 with digits of Fossil's own; lengths count bytes. The checksum is of the target.

mod apply;
mod digits;
mod encode;
mod index;

#[cfg(test)]
mod tests;

pub use apply::{InvalidPatch, apply};
pub use encode::{Cut, NotText, encode};

/// The sum of the target's big-endian words of four bytes, the last one filled up with zeros.
fn checksum(target: &[u8]) -> u32 {
    let (words, rest) = target.as_chunks::<4>();
    let mut last = [0; 4];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    words
        .iter()
        .chain([&last])
        .fold(0, |sum, word| sum.wrapping_add(u32::from_be_bytes(*word)))
}
