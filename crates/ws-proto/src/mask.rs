//! Masking: payload bytes are XORed with a repeating key of four (RFC 6455 §5.3).

mod wide;

/// From this many bytes on it pays to ask what the processor has.
const WIDE_BYTES: usize = 512;

/// Masks or unmasks `bytes` in place. They stand `offset` bytes behind the payload's start.
#[inline]
pub(crate) fn apply(bytes: &mut [u8], mut key: [u8; 4], offset: usize) {
    if !offset.is_multiple_of(4) {
        key.rotate_left(offset % 4);
    }
    let key = u64::from(u32::from_le_bytes(key)) * 0x1_0000_0001;
    let rest = if bytes.len() < WIDE_BYTES {
        bytes
    } else {
        let (blocks, rest) = bytes.as_chunks_mut();
        wide::apply(blocks, key);
        rest
    };
    let (words, rest) = rest.as_chunks_mut();
    for word in words {
        turn(word, key);
    }
    // No more than seven are left, and they begin where the key begins.
    for (byte, key) in rest.iter_mut().zip(key.to_le_bytes()) {
        *byte ^= key;
    }
}

#[inline]
fn turn(word: &mut [u8; 8], key: u64) {
    *word = (u64::from_le_bytes(*word) ^ key).to_le_bytes();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(bytes: &mut [u8], key: [u8; 4], offset: usize) {
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte ^= key[(offset + at) % 4];
        }
    }

    proptest! {
        #[test]
        fn fast_masking_is_plain_masking(
            bytes in proptest::collection::vec(any::<u8>(), 0..200 + 2 * WIDE_BYTES),
            key: [u8; 4],
            offset in 0..1000_usize,
        ) {
            let (mut fast, mut slow) = (bytes.clone(), bytes);
            apply(&mut fast, key, offset);
            plain(&mut slow, key, offset);
            prop_assert_eq!(fast, slow);
        }

        #[test]
        fn masking_piece_by_piece_is_masking_at_once(
            bytes in proptest::collection::vec(any::<u8>(), 1..200),
            key: [u8; 4],
            cut: prop::sample::Index,
        ) {
            let (mut pieces, mut whole) = (bytes.clone(), bytes);
            let cut = cut.index(pieces.len());
            let (head, tail) = pieces.split_at_mut(cut);
            apply(head, key, 0);
            apply(tail, key, cut);
            apply(&mut whole, key, 0);
            prop_assert_eq!(pieces, whole);
        }
    }
}
