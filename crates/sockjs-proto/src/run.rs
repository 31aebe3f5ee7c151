//! Finding the end of a run of bytes that need no attention, many at a time.

/// How many bytes are looked at together: what a vector of any processor holds.
const STEP: usize = 16;

/// Returns how many bytes precede the first that is a stop.
///
/// No branch depends on a byte within a step, so that the compiler makes vectors of it: keep `is_stop` to comparisons.
pub(crate) fn until(bytes: &[u8], is_stop: impl Fn(u8) -> bool) -> usize {
    let (steps, _) = bytes.as_chunks::<STEP>();
    let clear = steps
        .iter()
        .take_while(|step| {
            !step
                .iter()
                .fold(false, |found, byte| found | is_stop(*byte))
        })
        .count()
        * STEP;
    let rest = bytes.get(clear..).unwrap_or_default();
    let tail = rest.iter().position(|byte| is_stop(*byte));
    clear + tail.unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_stop_is_found_wherever_it_stands() {
        for len in 0..50 {
            let mut bytes = vec![b'x'; len];
            assert_eq!(until(&bytes, |byte| byte == b'"'), len);
            for at in (0..len).rev() {
                bytes[at] = b'"';
                assert_eq!(until(&bytes, |byte| byte == b'"'), at);
            }
        }
    }
}
