//! Numbers in base 64, with the digits that Fossil gave it.

const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";

/// Appends a number, without leading zeros.
pub(super) fn write(number: usize, out: &mut Vec<u8>) {
    for place in (0..width(number)).rev() {
        let digit = (number >> (6 * place)) & 0x3f;
        out.extend(DIGITS.get(digit));
    }
}

/// How many digits a number has.
pub(super) fn width(number: usize) -> u32 {
    (usize::BITS - number.leading_zeros()).div_ceil(6).max(1)
}

/// Takes a number from the front. `None` if there is no digit, or the number is beyond 32 bits, which no size in this
/// format is.
pub(super) fn read(patch: &mut &[u8]) -> Option<u32> {
    let end = patch.iter().position(|byte| value(*byte).is_none());
    let (digits, rest) = patch.split_at_checked(end.unwrap_or(patch.len()))?;
    *patch = rest;
    let mut number: u32 = 0;
    for digit in digits {
        number = number
            .checked_mul(64)?
            .checked_add(u32::from(value(*digit)?))?;
    }
    (!digits.is_empty()).then_some(number)
}

/// What a digit stands for.
fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'Z' => Some(digit - b'A' + 10),
        b'_' => Some(36),
        b'a'..=b'z' => Some(digit - b'a' + 37),
        b'~' => Some(63),
        _ => None,
    }
}
