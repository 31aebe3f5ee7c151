//! Finding the end of a run of bytes that need no attention, many at a time.

/// Returns how many bytes precede the first that is a stop.
///
/// No branch depends on a byte within a step, so that the compiler makes vectors of it: keep `is_stop` to comparisons.
pub(crate) fn until(bytes: &[u8], is_stop: impl Fn(u8) -> bool + Copy) -> usize {
    // What the second step leaves is short, and what is short begins there.
    let long = steps::<32>(bytes, is_stop);
    let rest = bytes.get(long..).unwrap_or_default();
    let short = steps::<16>(rest, is_stop);
    let rest = rest.get(short..).unwrap_or_default();
    let tail = rest.iter().position(|byte| is_stop(*byte));
    long + short + tail.unwrap_or(rest.len())
}

/// Returns how many bytes whole steps without a stop have.
fn steps<const STEP: usize>(bytes: &[u8], is_stop: impl Fn(u8) -> bool + Copy) -> usize {
    let (steps, _) = bytes.as_chunks::<STEP>();
    let is_clear = |step: &&[u8; STEP]| {
        !step
            .iter()
            .fold(false, |found, byte| found | is_stop(*byte))
    };
    steps.iter().take_while(is_clear).count() * STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_stop_is_found_wherever_it_stands() {
        for len in 0..100 {
            let mut bytes = vec![b'x'; len];
            assert_eq!(until(&bytes, |byte| byte == b'"'), len);
            for at in (0..len).rev() {
                bytes[at] = b'"';
                assert_eq!(until(&bytes, |byte| byte == b'"'), at);
            }
        }
    }
}
