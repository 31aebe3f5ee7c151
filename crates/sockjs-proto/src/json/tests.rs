//! Every rule of what a client may send.

use super::*;

const LIMITS: BodyLimits = BodyLimits {
    messages: 8,
    message_bytes: 64,
};

fn read(json: &str) -> Result<Vec<Text>, BodyError> {
    read_strings(json.as_bytes(), LIMITS)
}

fn one(json: &str) -> Text {
    let [text] = <[Text; 1]>::try_from(read(json).unwrap()).unwrap();
    text
}

#[test]
fn an_array_of_strings_is_read_with_white_space_and_without() {
    for json in [r#"["a","b"]"#, " [ \"a\" ,\r\n\t\"b\" ] \n"] {
        assert_eq!(read(json).unwrap(), ["a", "b"]);
    }
    for json in ["[]", " [ ] "] {
        assert_eq!(read(json), Ok(vec![]));
    }
    assert_eq!(read(r#"[""]"#).unwrap(), [""]);
}

#[test]
fn every_escape_of_json_is_read() {
    assert_eq!(one(r#"["\"\\\/\b\f\n\r\t"]"#), "\"\\/\u{8}\u{c}\n\r\t");
    assert_eq!(one(r#"["\u0000\u00e9\uD55C\uffff"]"#), "\0é한\u{ffff}");
    assert_eq!(one(r#"["한글 😀 %41"]"#), "한글 😀 %41");
}

#[test]
fn every_unit_of_utf_16_is_read_alone() {
    for unit in 0..=u16::MAX {
        let expected = char::from_u32(unit.into()).unwrap_or('\u{fffd}');
        assert_eq!(
            one(&format!(r#"["\u{unit:04x}"]"#)),
            expected.to_string().as_str()
        );
    }
}

#[test]
fn halves_are_joined_and_a_lone_one_is_replaced() {
    for (json, expected) in [
        (r#"["\ud83d\ude00"]"#, "😀"),
        (r#"["\uDBFF\uDFFF"]"#, "\u{10ffff}"),
        (r#"["\ud83d"]"#, "\u{fffd}"),
        (r#"["\ude00\ud83d"]"#, "\u{fffd}\u{fffd}"),
        (r#"["\ud83d\ud83d\ude00"]"#, "\u{fffd}😀"),
        (r#"["\ud83d\u0041"]"#, "\u{fffd}A"),
        (r#"["\ud83d\n"]"#, "\u{fffd}\n"),
        (r#"["\ud83dx"]"#, "\u{fffd}x"),
    ] {
        assert_eq!(one(json), expected, "{json}");
    }
}

#[test]
fn what_is_not_json_is_broken() {
    for json in [
        "[",
        "]",
        "[\"x",
        "[\"x\"",
        "[\"x\",",
        "[\"x\",]",
        "[,]",
        "[\"x\" \"y\"]",
        "[\"x\"]]",
        "[\"x\"]x",
        "x",
        "  ",
        "[x]",
        "['x']",
        "[\"\\x\"]",
        "[\"\\u12\"]",
        "[\"\\u12g4\"]",
        "[\"\\ud83d\\u12\"]",
        "[\"\\",
        "[\"\n\"]",
        "[\"\0\"]",
        "[\"a\\n\tb\"]",
        "\u{feff}[]",
        "nul",
        "[tru",
    ] {
        assert_eq!(read(json), Err(BodyError::Broken), "{json}");
    }
    for json in [&b"[\"\xff\"]"[..], b"[\"\xed\xa0\x80\"]", b"[\"\xe2\x82"] {
        assert_eq!(read_strings(json, LIMITS), Err(BodyError::Broken));
    }
}

#[test]
fn nothing_and_json_other_than_an_array_of_strings_is_no_payload() {
    for json in [
        "",
        "{}",
        "\"x\"",
        "1",
        "-1",
        "null",
        "true",
        "[1]",
        "[\"a\",null]",
        "[{\"a\":1}]",
        "[[\"a\"]]",
    ] {
        assert_eq!(read(json), Err(BodyError::PayloadExpected), "{json}");
    }
}

#[test]
fn as_many_messages_as_the_limit_are_read_and_no_more() {
    let body = |count| format!("[{}]", vec!["\"x\""; count].join(","));
    assert_eq!(read(&body(8)).unwrap().len(), 8);
    assert_eq!(read(&body(9)), Err(BodyError::TooManyMessages));
}

#[test]
fn a_message_is_measured_as_it_is_meant_and_not_as_it_is_written() {
    for (one, bytes) in [
        ("x", 1),
        (r"\n", 1),
        (r"\u0041", 1),
        ("é", 2),
        (r"\ud55c", 3),
        (r"\ud83d\ude00", 4),
    ] {
        let limits = BodyLimits {
            messages: 1,
            message_bytes: 5 * bytes,
        };
        let body = |count| format!("[\"{}\"]", one.repeat(count)).into_bytes();
        assert_eq!(read_strings(&body(5), limits).unwrap()[0].len(), 5 * bytes);
        assert_eq!(
            read_strings(&body(6), limits),
            Err(BodyError::MessageTooBig)
        );
    }
    let limits = BodyLimits {
        messages: 1,
        message_bytes: 3,
    };
    assert!(read_strings(br#"["\n12"]"#, limits).is_ok());
    assert_eq!(
        read_strings(br#"["\n123"]"#, limits),
        Err(BodyError::MessageTooBig)
    );
}

#[test]
fn a_frame_of_a_websocket_is_an_array_or_one_string_or_empty() {
    assert_eq!(read_frame_text("", LIMITS), Ok(vec![]));
    assert_eq!(read_frame_text("[]", LIMITS), Ok(vec![]));
    assert_eq!(read_frame_text(r#"["a","b"]"#, LIMITS).unwrap(), ["a", "b"]);
    assert_eq!(read_frame_text(r#" "a\n" "#, LIMITS).unwrap(), ["a\n"]);
    for (text, expected) in [
        ("\"a\"x", BodyError::Broken),
        ("[\"a", BodyError::Broken),
        ("a", BodyError::Broken),
        (" ", BodyError::Broken),
        ("1", BodyError::PayloadExpected),
        ("{}", BodyError::PayloadExpected),
    ] {
        assert_eq!(read_frame_text(text, LIMITS), Err(expected), "{text}");
    }
    let none = BodyLimits {
        messages: 0,
        ..LIMITS
    };
    assert_eq!(
        read_frame_text("\"a\"", none),
        Err(BodyError::TooManyMessages)
    );
}
