//! Binary messages as text (RFC 2397), where only text travels and both sides have agreed on it.

use base64::{Engine, engine::general_purpose::STANDARD};
use sockeye_types::{BinaryOverText, Message, Text};

const PREFIX: &str = "data:application/octet-stream;base64,";

/// Returns the text as which a message travels.
pub(super) fn to_text(message: Message) -> Text {
    match message {
        Message::Text(text) => text,
        Message::Binary(bytes) => {
            let mut url = PREFIX.to_owned();
            STANDARD.encode_string(bytes, &mut url);
            url.into()
        }
    }
}

/// Returns the message that came as this text. What begins like a data URL and is none stays text.
pub(super) fn from_text(text: Text, binary: BinaryOverText) -> Message {
    if binary != BinaryOverText::DataUrl {
        return Message::Text(text);
    }
    let bytes = text.strip_prefix(PREFIX).map(|data| STANDARD.decode(data));
    match bytes {
        Some(Ok(bytes)) => Message::binary(bytes),
        _ => Message::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_as_text_and_text_is_left_alone_unless_asked_for() {
        for bytes in [&b""[..], &[0, 255, 7], "한".as_bytes()] {
            let text = to_text(Message::from(bytes));
            assert!(text.starts_with(PREFIX));
            let back = from_text(text.clone(), BinaryOverText::DataUrl);
            assert_eq!(back, Message::from(bytes));
            assert_eq!(
                from_text(text.clone(), BinaryOverText::Close),
                Message::Text(text)
            );
        }
        let none = Text::from(format!("{PREFIX}%%"));
        let kept = from_text(none.clone(), BinaryOverText::DataUrl);
        assert_eq!(kept, Message::Text(none));
    }
}
