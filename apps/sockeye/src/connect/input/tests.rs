//! Lines that are read, and lines that are refused.

use ::base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

fn read(line: &str) -> Result<Wish, Unreadable> {
    typed(line, Encoding::Text)
}

fn sent(message: Message) -> Result<Wish, Unreadable> {
    Ok(Wish::Send(message))
}

#[test]
fn a_line_is_what_it_was_said_to_be() {
    for (encoding, line, message) in [
        (Encoding::Text, "안녕", Message::text("안녕")),
        (
            Encoding::Binary,
            "안",
            Message::binary("안".as_bytes().to_vec()),
        ),
        (
            Encoding::Hex,
            "0x00 ff:7F",
            Message::binary(vec![0, 0xff, 0x7f]),
        ),
        (Encoding::Base64, "AP8=", Message::binary(vec![0, 0xff])),
        (Encoding::Base64, "_-8", Message::binary(vec![0xff, 0xef])),
        (Encoding::Hex, "", Message::binary(Vec::new())),
    ] {
        assert_eq!(encoding.read(Bytes::from(line)), Ok(message), "{line}");
    }
}

#[test]
fn a_line_that_is_not_what_it_was_said_to_be_is_refused() {
    let read = |encoding: Encoding, line: &'static [u8]| {
        encoding.read(Bytes::from_static(line)).unwrap_err()
    };
    assert_eq!(read(Encoding::Text, b"\xff"), Unreadable::Text);
    assert_eq!(read(Encoding::Hex, b"0"), Unreadable::Hex);
    assert_eq!(read(Encoding::Hex, b"0g"), Unreadable::Hex);
    assert_eq!(read(Encoding::Base64, b"A"), Unreadable::Base64);
}

#[test]
fn a_command_begins_with_a_slash_and_two_slashes_are_one_to_send() {
    assert_eq!(read("/ping hi"), Ok(Wish::Ping(Bytes::from_static(b"hi"))));
    assert_eq!(read("/close"), Ok(Wish::Close(None)));
    assert_eq!(read("/hex 00"), sent(Message::binary(vec![0])));
    assert_eq!(read("/text  a"), sent(Message::text(" a")));
    assert_eq!(read("//shrug"), sent(Message::text("/shrug")));
    assert_eq!(read("/file a b"), Ok(Wish::File("a b".to_owned())));
    let Ok(Wish::Close(Some(close))) = read("/close 4001 so long") else {
        panic!("not a close");
    };
    assert_eq!(
        (close.code().as_u16(), close.reason().as_str()),
        (4001, "so long")
    );
}

#[test]
fn a_wrong_command_is_answered_with_words() {
    assert_eq!(read("/pong"), Err(Unreadable::Command("pong".to_owned())));
    assert!(read("/close 1006").is_err());
    assert_eq!(
        read(&format!("/ping {}", "x".repeat(126))),
        Err(Unreadable::Ping)
    );
    assert!(read(&format!("/ping {}", "x".repeat(125))).is_ok());
    assert_eq!(read("/file "), Err(Unreadable::File));
}

/// How bytes may be typed in hexadecimal.
fn typed_hex(bytes: &[u8], between: &str, begin: &str) -> Vec<u8> {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{begin}{}", pairs.join(between)).into_bytes()
}

proptest! {
    #[test]
    fn bytes_are_read_as_they_were_written_however_they_are_spaced(
        bytes in prop::collection::vec(any::<u8>(), 0..100),
        between in prop::sample::select(vec!["", " ", ":", "\t", ": "]),
        begin in prop::sample::select(vec!["", "0x", " "]),
    ) {
        let lower = typed_hex(&bytes, between, begin);
        let digits = typed_hex(&bytes, between, "").to_ascii_uppercase();
        for line in [lower, digits] {
            prop_assert_eq!(Encoding::Hex.read(line.into()), Ok(Message::binary(bytes.clone())));
        }
        for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
            let line: Vec<String> = engine.encode(&bytes).chars().map(String::from).collect();
            let spaced = line.join(between.trim_matches(':'));
            prop_assert_eq!(Encoding::Base64.read(spaced.into()), Ok(Message::binary(bytes.clone())));
        }
    }

    #[test]
    fn any_line_is_read_or_refused_and_never_grows(line in prop::collection::vec(any::<u8>(), 0..100)) {
        let line = Bytes::from(line);
        for encoding in [Encoding::Text, Encoding::Binary, Encoding::Hex, Encoding::Base64] {
            if let Ok(message) = encoding.read(line.clone()) {
                prop_assert!(message.as_bytes().len() <= line.len());
            }
        }
    }

    #[test]
    fn any_typed_line_is_a_wish_or_refused(line in "/?[a-z/? ]{0,8}.{0,20}") {
        if let Ok(Wish::Send(message)) = read(&line) {
            prop_assert!(message.as_bytes().len() <= line.len());
        }
    }
}
