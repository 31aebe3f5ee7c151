//! What is written for a transport holds nothing that the transport spoils, and is read back as it was.

use bytes::BytesMut;
use proptest::prelude::*;
use sockeye_sockjs_proto::{
    BodyLimits, Escape, escape_into, read_frame_text, read_strings, send_body,
};

use crate::support::{WIDE, message, messages};

fn element(escape: Escape, message: &str) -> String {
    let mut out = BytesMut::new();
    escape_into(escape, message, &mut out);
    String::from_utf8(out.to_vec()).unwrap()
}

fn read_one(json: &str) -> String {
    let [text] = <[_; 1]>::try_from(read_frame_text(json, WIDE).unwrap()).unwrap();
    text.into()
}

/// What a browser makes of the inside of a string in a script.
fn unquoted(script: &str) -> String {
    let mut chars = script.chars();
    let mut text = String::new();
    while let Some(char) = chars.next() {
        text.push(match (char, char == '\\') {
            ('"', _) => panic!("the string ends early: {script}"),
            (_, false) => char,
            (_, true) => match chars.next().unwrap() {
                'u' => {
                    let code: String = chars.by_ref().take(4).collect();
                    char::from_u32(u32::from_str_radix(&code, 16).unwrap()).unwrap()
                }
                escaped => escaped,
            },
        });
    }
    text
}

/// What `decodeURI` makes of text, which throws at what is no escape.
fn uri_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| {
        text + "%" + part.strip_prefix("25").expect("a lone %")
    })
}

fn is_hidden(char: char) -> bool {
    matches!(u32::from(char), 0..=0x1F | 0x200C..=0x200F | 0x2028..=0x202F | 0x2060..=0x206F | 0xFFF0..=0xFFFF)
}

proptest! {
    #[test]
    fn what_is_written_as_an_array_is_read_as_it_was(messages in messages()) {
        let mut body = BytesMut::new();
        send_body(messages.iter().map(String::as_str), &mut body);
        prop_assert_eq!(read_strings(&body, WIDE).unwrap(), messages.iter().map(String::as_str).collect::<Vec<_>>());
        let other: Vec<String> = serde_json::from_slice(&body).unwrap();
        prop_assert_eq!(other, messages);
    }

    #[test]
    fn what_another_writer_writes_is_read_as_it_was(messages in messages()) {
        let body = serde_json::to_vec_pretty(&messages).unwrap();
        prop_assert_eq!(read_strings(&body, WIDE).unwrap(), messages.iter().map(String::as_str).collect::<Vec<_>>());
    }

    #[test]
    fn what_a_browser_escapes_whole_is_read_as_it_was(message in message()) {
        let units: String = message.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        prop_assert_eq!(read_one(&format!("\"{units}\"")), message);
    }

    #[test]
    fn nothing_leaves_that_browsers_spoil(message in message()) {
        for escape in Escape::ALL {
            let element = element(escape, &message);
            prop_assert!(!element.contains(is_hidden), "{element}");
        }
    }

    #[test]
    fn an_event_is_decoded_to_the_message(message in message()) {
        let element = element(Escape::EventSource, &message);
        prop_assert_eq!(read_one(&uri_decoded(&element)), message);
    }

    #[test]
    fn no_message_ends_its_script_and_the_script_reads_the_message(message in message()) {
        let element = element(Escape::Script, &message);
        prop_assert!(!element.contains('<'), "{element}");
        prop_assert_eq!(read_one(&unquoted(&element)), message);
    }

    #[test]
    fn a_limit_is_on_the_message_and_not_on_how_it_is_written(message in message()) {
        let limits = |message_bytes| BodyLimits { messages: 1, message_bytes };
        let units: String = message.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        for json in [element(Escape::Json, &message), format!("\"{units}\"")] {
            prop_assert!(read_frame_text(&json, limits(message.len())).is_ok());
            if let Some(less) = message.len().checked_sub(1) {
                prop_assert!(read_frame_text(&json, limits(less)).is_err());
            }
        }
    }
}
