//! No bytes make a reader panic, and it agrees with a JSON reader of another make.

use http::HeaderValue;
use proptest::{collection::vec, prelude::*, sample::select};
use sockeye_sockjs_proto::{
    BodyLimits, Callback, Capabilities, Receive, Resource, SendBy, ServerFrame, read_send,
    read_strings,
};

use crate::support::{WIDE, message};

/// Almost JSON: tokens of it in any order.
fn almost_json() -> impl Strategy<Value = Vec<u8>> {
    let token = select(vec![
        &b"["[..],
        b"]",
        b",",
        b"\"",
        b"\"\"",
        b"\"a\"",
        b"\"a\"",
        b"\\",
        b"\\n",
        b"\\u",
        b"\\u0041",
        b"\\ud83d",
        b"\\ude00",
        b" ",
        b"\n",
        b"\0",
        b"null",
        b"1",
        b"{",
        b"}",
        b":",
        b"\xff",
        b"\xe2\x80",
        b"\xe2\x80\xa8",
        b"\xed\xa0\x80",
        b"long enough to be searched many at a time",
    ]);
    vec(token, 0..8).prop_map(|tokens| tokens.concat())
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let framed = almost_json().prop_map(|inner| [b"[\"", &inner[..], b"\"]"].concat());
    let listed = almost_json().prop_map(|inner| [b"[", &inner[..], b"]"].concat());
    prop_oneof![almost_json(), framed, listed, vec(any::<u8>(), 0..40)]
}

proptest! {
    #[test]
    fn another_reader_takes_what_this_one_takes_but_for_lone_halves(body in body()) {
        let own = read_strings(&body, WIDE).ok();
        let own: Option<Vec<String>> = own.map(|texts| texts.into_iter().map(String::from).collect());
        let other: Option<Vec<String>> = serde_json::from_slice(&body).ok();
        let has_lone_half = own.iter().flatten().any(|text| text.contains('\u{fffd}'));
        if !has_lone_half {
            prop_assert_eq!(own, other);
        }
    }

    #[test]
    fn what_is_read_is_within_the_limits(body in body(), messages in 0..3_usize, message_bytes in 0..12_usize) {
        if let Ok(texts) = read_strings(&body, BodyLimits { messages, message_bytes }) {
            prop_assert!(texts.len() <= messages && texts.iter().all(|text| text.len() <= message_bytes));
            let wide = read_strings(&body, WIDE);
            prop_assert_eq!(Ok(texts), wide);
        }
    }

    #[test]
    fn a_form_holds_what_was_put_in_it(message in message()) {
        let json = serde_json::to_string(&[&message]).unwrap();
        let form: String = json.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let media = HeaderValue::from_static("application/x-www-form-urlencoded");
        let read = read_send(SendBy::Jsonp, Some(&media), format!("d={form}").as_bytes(), WIDE);
        prop_assert_eq!(read.unwrap(), [message.as_str()]);
    }

    #[test]
    fn no_bytes_make_any_reader_panic(body in body(), kind in select(vec!["a", "m", "c", "c[1,", "{\"a\":", ""])) {
        let bytes = [kind.as_bytes(), &body].concat();
        let _ = ServerFrame::parse(&bytes, WIDE);
        let _ = Capabilities::parse(&bytes);
        for by in SendBy::ALL {
            let media = HeaderValue::from_bytes(&body).ok();
            let _ = read_send(by, media.as_ref(), &bytes, WIDE);
        }
    }

    #[test]
    fn a_path_names_nothing_with_ids_that_are_no_ids(path in "(/[a./%\u{e9}]{0,3}){0,4}(/(xhr|jsonp_send))?/?") {
        if let Some(Resource::Receive { session, by }) = Resource::of(&path) {
            prop_assert!(!session.is_empty() && !session.contains(['.', '/']));
            prop_assert_eq!(by, Receive::Xhr);
        }
    }

    #[test]
    fn a_callback_that_is_taken_is_no_script(name in "\\PC{0,40}") {
        if let Ok(callback) = Callback::from_query(Some(&format!("c={name}")), 32) {
            let is_safe = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
            prop_assert!(callback.as_str().chars().all(is_safe) && callback.as_str().len() <= 32);
        }
    }
}
