//! The fixed codes of deflate (RFC 1951 §3.2.5, §3.2.6): each as bits to be written, the lowest first, and how many they
//! are.

/// Bits, and how many.
type Code = (u32, u32);

pub(super) const END_OF_BLOCK: Code = (0, 7);

const LITERALS: [(u16, u8); 256] = literals();
/// By length, less three.
const LENGTHS: [(u16, u8); 256] = lengths();

/// Returns the code of the first byte; of a zero if there is none.
#[inline]
pub(super) fn literal(bytes: &[u8]) -> Code {
    let byte = bytes.first().copied().unwrap_or_default();
    widened(LITERALS.get(usize::from(byte)))
}

/// Returns the code of a match's length, 3 to 258 bytes.
#[inline]
pub(super) fn length(bytes: usize) -> Code {
    widened(LENGTHS.get(bytes.wrapping_sub(3)))
}

/// Returns the code of how far back a match is, 1 to 32,768 bytes.
#[inline]
pub(super) fn distance(bytes: u32) -> Code {
    let back = bytes.saturating_sub(1);
    let (symbol, extra_bits) = match back.checked_ilog2() {
        None | Some(0) => (back, 0),
        Some(log) => (2 * log + (back >> (log - 1) & 1), log - 1),
    };
    let extra = back & ((1 << extra_bits) - 1);
    (symbol.reverse_bits() >> 27 | extra << 5, 5 + extra_bits)
}

#[inline]
fn widened(code: Option<&(u16, u8)>) -> Code {
    code.map_or((0, 0), |(bits, len)| (u32::from(*bits), u32::from(*len)))
}

#[expect(clippy::indexing_slicing, reason = "runs when it is compiled")]
const fn literals() -> [(u16, u8); 256] {
    let mut codes = [(0, 0); 256];
    let mut byte: u16 = 0;
    while byte < 256 {
        codes[byte as usize] = if byte < 144 {
            (reversed(0b0011_0000 + byte, 8), 8)
        } else {
            (reversed(0b1_1001_0000 + byte - 144, 9), 9)
        };
        byte += 1;
    }
    codes
}

#[expect(clippy::indexing_slicing, reason = "runs when it is compiled")]
const fn lengths() -> [(u16, u8); 256] {
    let mut codes = [(0, 0); 256];
    let mut more: u16 = 0;
    while more < 256 {
        let (symbol, extra_bits): (u16, u8) = match more {
            255 => (285, 0),
            0..8 => (257 + more, 0),
            8..16 => (261 + (more >> 1), 1),
            16..32 => (265 + (more >> 2), 2),
            32..64 => (269 + (more >> 3), 3),
            64..128 => (273 + (more >> 4), 4),
            _ => (277 + (more >> 5), 5),
        };
        let (code, len) = if symbol < 280 {
            (reversed(symbol - 256, 7), 7)
        } else {
            (reversed(0b1100_0000 + symbol - 280, 8), 8)
        };
        let extra = more & ((1 << extra_bits) - 1);
        codes[more as usize] = if symbol == 285 {
            (code, len)
        } else {
            (code | extra << len, len + extra_bits)
        };
        more += 1;
    }
    codes
}

/// A code is written highest bit first, as nothing else is (RFC 1951 §3.1.1).
const fn reversed(code: u16, len: u32) -> u16 {
    code.reverse_bits() >> (u16::BITS - len)
}
