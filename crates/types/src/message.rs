//! A whole message, as an application sends and receives it.

use bytes::Bytes;

use crate::{InvalidText, Text};

/// A whole message: text or binary (RFC 6455 §5.6).
///
/// Cloning is cheap: the payload is reference-counted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "RFC 6455 has two kinds of message, and no third can be added"
)]
pub enum Message {
    /// Text, known to be UTF-8.
    Text(Text),
    /// Any bytes.
    Binary(Bytes),
}

impl Message {
    /// Makes a text message.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    /// Makes a binary message.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self::Binary(bytes.into())
    }

    /// Returns the payload's length in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Says whether the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Says whether this is a text message.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Says whether this is a binary message.
    pub fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_))
    }

    /// Returns the payload of either kind.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Returns the text, or `None` if the message is binary.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// Gives up the payload of either kind, without copying.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Gives up the payload as text: a binary message is checked, without copying.
    ///
    /// # Errors
    /// [`InvalidText`] if the message is binary and not UTF-8; it carries the bytes back.
    pub fn into_text(self) -> Result<Text, InvalidText> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Binary(bytes) => Text::try_from(bytes),
        }
    }
}

/// An empty binary message, which costs nothing to make: it takes the place of one that is taken out of somewhere.
impl Default for Message {
    #[inline]
    fn default() -> Self {
        Self::Binary(Bytes::new())
    }
}

impl From<Text> for Message {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_is_the_same_seen_as_bytes_or_text() {
        let message = Message::from("grüß dich");
        assert_eq!(message.as_text(), Some("grüß dich"));
        assert_eq!(message.as_bytes(), "grüß dich".as_bytes());
        assert_eq!(message.len(), 11);
        assert!(message.is_text() && !message.is_binary() && !message.is_empty());
        assert_eq!(message.into_bytes(), "grüß dich");
    }

    #[test]
    fn a_binary_message_becomes_text_only_if_it_is_utf8() {
        assert_eq!(Message::binary("ok").into_text().unwrap(), "ok");
        let refused = Message::from(vec![0xff]).into_text().unwrap_err();
        assert_eq!(refused.into_bytes(), vec![0xff]);
    }
}
