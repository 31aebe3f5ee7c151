//! Masking of long payloads, in the widest registers that this processor has.

#![expect(
    unsafe_code,
    reason = "what a processor has is known when it runs: with AVX2 a long payload costs half"
)]

use super::turn;

/// What a pass of the loop takes: two vector registers of AVX2, four of SSE2 or NEON.
type Block = [u8; 64];

/// Masks or unmasks whole blocks by a key that repeats in every word.
#[inline]
pub(super) fn apply(blocks: &mut [Block], key: u64) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, and that is all that the function asks for.
        unsafe { apply_avx2(blocks, key) };
        return;
    }
    apply_plain(blocks, key);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn apply_avx2(blocks: &mut [Block], key: u64) {
    apply_plain(blocks, key);
}

/// The compiler makes vectors of it, as wide as the function that it ends up in allows.
#[inline(always)]
fn apply_plain(blocks: &mut [Block], key: u64) {
    for block in blocks {
        for word in block.as_chunks_mut().0 {
            turn(word, key);
        }
    }
}
