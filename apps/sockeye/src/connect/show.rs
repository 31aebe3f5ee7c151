//! How messages are shown: to a person on a terminal, or to the next program in a pipe. Pure.

use std::fmt::Write;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Serialize;
use sockeye::Message;

use super::args::BinaryAs;

/// How many bytes a terminal shows of a binary message.
const SHOWN_BYTES: usize = 256;

/// Who reads what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A person on a terminal: nothing may move the cursor or change colours.
    Person,
    /// The next program in a pipe: every byte as it came.
    Program,
}

/// How messages are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Plain(BinaryAs, Reader),
}

impl Form {
    /// Returns what to write for a message: whole lines, but for raw bytes.
    pub(crate) fn show(self, message: &Message) -> Vec<u8> {
        match (self, message.as_text()) {
            (Self::Json, _) => json(message),
            (Self::Plain(_, Reader::Person), Some(text)) => line(heard(&lines_escaped(text))),
            (Self::Plain(_, Reader::Program), Some(text)) => line(text.as_bytes().to_vec()),
            (Self::Plain(binary_as, reader), None) => binary(message.as_bytes(), binary_as, reader),
        }
    }
}

/// A message as a line of JSON.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Line<'a> {
    Text { text: &'a str },
    Binary { bytes: usize, base64: String },
}

fn json(message: &Message) -> Vec<u8> {
    let bytes = message.as_bytes();
    let shown = match message.as_text() {
        Some(text) => Line::Text { text },
        None => Line::Binary {
            bytes: bytes.len(),
            base64: BASE64_STANDARD.encode(bytes),
        },
    };
    // Strings and numbers can always be written.
    line(serde_json::to_vec(&shown).unwrap_or_default())
}

fn binary(bytes: &[u8], binary_as: BinaryAs, reader: Reader) -> Vec<u8> {
    let size = format!("[{} bytes]", bytes.len());
    match (binary_as, reader) {
        (BinaryAs::Raw, _) | (BinaryAs::Auto, Reader::Program) => bytes.to_vec(),
        (BinaryAs::Size, Reader::Person) => line(heard(&size)),
        (BinaryAs::Size, Reader::Program) => line(size.into_bytes()),
        (BinaryAs::Base64, _) => line(BASE64_STANDARD.encode(bytes).into_bytes()),
        (BinaryAs::Hex, Reader::Program) => line(hex(bytes).into_bytes()),
        (BinaryAs::Auto | BinaryAs::Hex, Reader::Person) => {
            let (shown, rest) = bytes.split_at(bytes.len().min(SHOWN_BYTES));
            let more = if rest.is_empty() { "" } else { " …" };
            line(heard(&format!("{size} {}{more}", hex(shown))))
        }
    }
}

/// Marks what a person hears apart from what one types; further lines are as far in.
fn heard(text: &str) -> Vec<u8> {
    format!("< {}", text.replace('\n', "\n  ")).into_bytes()
}

/// Writes bytes as pairs of digits, parted by spaces.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (number, byte) in bytes.iter().enumerate() {
        let space = if number == 0 { "" } else { " " };
        // Writing to a string does not fail.
        let _ = write!(text, "{space}{byte:02x}");
    }
    text
}

/// Makes text of one line or more that a terminal shows and does not obey.
pub(crate) fn lines_escaped(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(escaped).collect();
    lines.join("\n")
}

/// Makes one line of text that a terminal shows and does not obey: control characters, line ends among them, and marks
/// of direction become escapes; tabs stay.
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let steers = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (c.is_control() && c != '\t') || steers {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

fn line(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(form: Form, message: impl Into<Message>) -> String {
        String::from_utf8(form.show(&message.into())).unwrap()
    }

    const TERMINAL: Form = Form::Plain(BinaryAs::Auto, Reader::Person);
    const PIPE: Form = Form::Plain(BinaryAs::Auto, Reader::Program);

    #[test]
    fn a_terminal_is_not_steered_by_what_a_peer_sends() {
        let hostile = Message::text("a\x1b[2J\u{9b}31m\rb\u{202e}\n\tc");
        let safe = "< a\\u{1b}[2J\\u{9b}31m\\u{d}b\\u{202e}\n  \tc\n";
        assert_eq!(shown(TERMINAL, hostile.clone()), safe);
        assert_eq!(shown(PIPE, hostile), "a\x1b[2J\u{9b}31m\rb\u{202e}\n\tc\n");
    }

    #[test]
    fn a_pipe_gets_binary_messages_as_they_are() {
        assert_eq!(PIPE.show(&Message::binary(vec![0, 255])), [0, 255]);
        let form = Form::Plain(BinaryAs::Base64, Reader::Program);
        assert_eq!(shown(form, Message::binary(vec![0, 255])), "AP8=\n");
        let form = Form::Plain(BinaryAs::Hex, Reader::Program);
        assert_eq!(shown(form, Message::binary(vec![0, 255])), "00 ff\n");
    }

    #[test]
    fn a_terminal_gets_the_size_and_the_first_bytes() {
        assert_eq!(
            shown(TERMINAL, Message::binary(vec![0, 255])),
            "< [2 bytes] 00 ff\n"
        );
        let most = shown(TERMINAL, Message::binary(vec![1; 256]));
        assert!(most.ends_with("01 01\n"), "{most}");
        let more = shown(TERMINAL, Message::binary(vec![1; 257]));
        assert!(
            more.starts_with("< [257 bytes] 01 01") && more.ends_with("01 …\n"),
            "{more}"
        );
    }

    #[test]
    fn a_line_of_json_holds_the_whole_message() {
        assert_eq!(
            shown(Form::Json, Message::text("a\n\"b\"")),
            "{\"kind\":\"text\",\"text\":\"a\\n\\\"b\\\"\"}\n"
        );
        assert_eq!(
            shown(Form::Json, Message::binary(vec![0, 255])),
            "{\"kind\":\"binary\",\"bytes\":2,\"base64\":\"AP8=\"}\n"
        );
    }
}
