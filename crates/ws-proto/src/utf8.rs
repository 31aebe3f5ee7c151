//! UTF-8 that is still arriving: is what is there the beginning of text?

use simdutf8::compat;

/// The bytes can't be text, whatever follows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotText;

/// Returns how many of the bytes are whole characters. The rest, three bytes at most, is the beginning of a character
/// that may yet become a good one.
///
/// Whoever receives text in pieces checks each new piece together with the rest of the one before: so that a bad byte
/// is found when it arrives, and no byte is looked at twice but those three.
pub(crate) fn whole_characters(bytes: &[u8]) -> Result<usize, NotText> {
    match compat::from_utf8(bytes) {
        Ok(_) => Ok(bytes.len()),
        Err(error) if error.error_len().is_none() => Ok(error.valid_up_to()),
        Err(_) => Err(NotText),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_character_that_has_only_begun_is_waited_for() {
        assert_eq!(whole_characters(b"ab\xe2\x82"), Ok(2));
        assert_eq!(whole_characters(b"\xf0\x9f\x98"), Ok(0));
        assert_eq!(whole_characters("😀".as_bytes()), Ok(4));
    }

    #[test]
    fn a_beginning_that_no_byte_can_mend_is_refused_at_once() {
        for bad in [
            &b"\xf4\x90"[..],
            b"\xed\xa0",
            b"\xe0\x80",
            b"\xf0\x80",
            b"\xc0",
            b"\xf5",
            b"a\x80",
        ] {
            assert_eq!(whole_characters(bad), Err(NotText), "{bad:x?}");
        }
    }

    proptest! {
        #[test]
        fn text_cut_anywhere_across_simd_blocks_is_a_beginning(text in "\\PC{0,120}", cut: prop::sample::Index) {
            let bytes = text.as_bytes();
            let cut = cut.index(bytes.len() + 1);
            let whole = whole_characters(&bytes[..cut]).unwrap();
            prop_assert!(cut - whole <= 3 && text.is_char_boundary(whole));
            prop_assert_eq!(whole_characters(&bytes[whole..]), Ok(bytes.len() - whole));
        }

        #[test]
        fn bytes_are_a_beginning_exactly_if_the_standard_library_says_so(bytes: Vec<u8>) {
            let expected = match std::str::from_utf8(&bytes) {
                Ok(_) => Ok(bytes.len()),
                Err(error) if error.error_len().is_none() => Ok(error.valid_up_to()),
                Err(_) => Err(NotText),
            };
            prop_assert_eq!(whole_characters(&bytes), expected);
        }
    }
}
