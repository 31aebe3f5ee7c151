//! Text that is known to be UTF-8, over reference-counted bytes.

#![expect(
    unsafe_code,
    reason = "text is checked once, when it is made, and not again at each use"
)]

use std::{
    borrow::{Borrow, Cow},
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    str,
};

use bytes::Bytes;
use thiserror::Error;

/// UTF-8 text over [`Bytes`]: cloning and passing on never copy.
///
/// It dereferences to [`prim@str`].
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(Bytes);

/// The bytes are not UTF-8. It carries them back: see [`InvalidText::into_bytes`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the bytes are not UTF-8")]
pub struct InvalidText(Bytes);

/// Less than this is not checked by SIMD as it is.
const SIMD_BYTES: usize = 64;

impl InvalidText {
    /// Gives the bytes back.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Text {
    /// Makes text of a literal, without allocating.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// Makes text of a copy of the bytes; `None` if they are not UTF-8.
    #[inline]
    pub fn copied(bytes: &[u8]) -> Option<Self> {
        is_utf8(bytes).then(|| Self(Bytes::copy_from_slice(bytes)))
    }

    /// Makes text of bytes that were checked before.
    ///
    /// # Safety
    /// The bytes must be UTF-8.
    pub unsafe fn from_utf8_unchecked(bytes: Bytes) -> Self {
        debug_assert!(str::from_utf8(&bytes).is_ok());
        Self(bytes)
    }

    /// Returns the text as a string slice.
    pub fn as_str(&self) -> &str {
        // SAFETY: every constructor checks the bytes or has its caller vouch for them, and they never change.
        unsafe { str::from_utf8_unchecked(&self.0) }
    }

    /// Returns the bytes, without copying.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

/// As `str` hashes, so that [`Borrow<str>`] holds.
impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl TryFrom<Bytes> for Text {
    type Error = InvalidText;

    fn try_from(bytes: Bytes) -> Result<Self, InvalidText> {
        if is_utf8(&bytes) {
            Ok(Self(bytes))
        } else {
            Err(InvalidText(bytes))
        }
    }
}

/// Says whether the bytes are UTF-8.
#[inline]
fn is_utf8(bytes: &[u8]) -> bool {
    let mut block = [0; SIMD_BYTES];
    match block.get_mut(..bytes.len()) {
        // The zeros behind a text are text too, and end no character that was cut.
        Some(short) if !bytes.is_ascii() => {
            short.copy_from_slice(bytes);
            simdutf8::basic::from_utf8(&block).is_ok()
        }
        Some(_) => true,
        None => simdutf8::basic::from_utf8(bytes).is_ok(),
    }
}

impl TryFrom<Vec<u8>> for Text {
    type Error = InvalidText;

    fn try_from(bytes: Vec<u8>) -> Result<Self, InvalidText> {
        Self::try_from(Bytes::from(bytes))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<Cow<'_, str>> for Text {
    fn from(text: Cow<'_, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl From<Text> for Bytes {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.as_str().to_owned()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn bytes_become_text_only_if_they_are_utf8() {
        assert_eq!(
            Text::try_from(Bytes::from_static("한글 😀".as_bytes())).unwrap(),
            "한글 😀"
        );
        for bad in [
            &b"\xc0\xaf"[..],
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"ab\xe2\x82",
        ] {
            assert_eq!(Text::try_from(bad.to_vec()).unwrap_err().into_bytes(), bad);
        }
    }

    #[test]
    fn text_is_found_in_a_set_by_a_string_slice() {
        let set = HashSet::from([Text::from("a"), Text::from_static("b")]);
        assert!(set.contains("a") && set.contains("b") && !set.contains("c"));
    }
}
