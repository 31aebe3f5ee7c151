//! Masking: payload bytes are XORed with a repeating key of four (RFC 6455 §5.3).

/// Masks or unmasks `bytes` in place. They stand `offset` bytes behind the payload's start.
#[inline]
pub(crate) fn apply(bytes: &mut [u8], mut key: [u8; 4], offset: usize) {
    if !offset.is_multiple_of(4) {
        key.rotate_left(offset % 4);
    }
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    // Blocks of 32 bytes let the compiler use whole vector registers; what is left is done by words and bytes.
    let (blocks, rest) = bytes.as_chunks_mut::<32>();
    for block in blocks {
        for word in block.as_chunks_mut::<8>().0 {
            *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
        }
    }
    let (words, rest) = rest.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    // No more than seven are left, and they begin where the key begins.
    for (byte, key) in rest.iter_mut().zip([a, b, c, d, a, b, c]) {
        *byte ^= key;
    }
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
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
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
