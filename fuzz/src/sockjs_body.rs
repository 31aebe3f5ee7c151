//! Any bytes as what a SockJS client sends: read as another JSON reader does, within the limits, and the same by every
//! way that it may come.

use http::HeaderValue;
use serde_json::from_slice;
use sockeye_sockjs_proto::{
    BodyError, BodyLimits, RequestError, SendBy, read_frame_text, read_send, read_strings,
};
use sockeye_types::Text;

/// No limits: what is read is as long as the body at most.
const WIDE: BodyLimits = BodyLimits {
    messages: usize::MAX,
    message_bytes: usize::MAX,
};

/// A body. The first byte says what the limits are.
pub fn sockjs_body(data: &[u8]) {
    let Some((&choice, body)) = data.split_first() else {
        return;
    };
    let limits = BodyLimits {
        messages: usize::from(choice & 7),
        message_bytes: usize::from(choice >> 3),
    };
    let wide = read_strings(body, WIDE);
    agrees(&wide, from_slice(body).ok());
    let read = read_strings(body, limits);
    holds(&wide, &read, limits);
    comes_any_way(body, &read, limits);
    let Ok(text) = str::from_utf8(body) else {
        return;
    };
    let framed = read_frame_text(text, WIDE);
    holds(&framed, &read_frame_text(text, limits), limits);
    let is_space = |char| matches!(char, ' ' | '\t' | '\n' | '\r');
    if text.trim_start_matches(is_space).starts_with('[') {
        assert_eq!(framed, wide);
    } else if text.is_empty() {
        assert_eq!(framed, Ok(Vec::new()));
    } else {
        agrees(&framed, from_slice(body).ok().map(|one| vec![one]));
    }
}

/// Both took the same, or neither took it; but half of a surrogate pair, which here becomes U+FFFD, the other refuses.
fn agrees(own: &Result<Vec<Text>, BodyError>, other: Option<Vec<String>>) {
    let own = own.as_ref().ok();
    let has_replaced = own
        .into_iter()
        .flatten()
        .any(|text| text.contains('\u{fffd}'));
    if other.is_some() || !has_replaced {
        let own = own.map(|texts| texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(own, other);
    }
}

/// What is refused with limits and else not is beyond them; what is taken is the same as without.
fn holds(
    wide: &Result<Vec<Text>, BodyError>,
    read: &Result<Vec<Text>, BodyError>,
    limits: BodyLimits,
) {
    let Ok(texts) = wide else {
        assert!(read.is_err());
        return;
    };
    let has_too_many = texts.len() > limits.messages;
    let has_too_big = texts.iter().any(|text| text.len() > limits.message_bytes);
    match read {
        Ok(read) => assert!(read == texts && !has_too_many && !has_too_big),
        Err(BodyError::TooManyMessages) => assert!(has_too_many),
        Err(error) => assert!(has_too_big && *error == BodyError::MessageTooBig),
    }
}

/// As JSON of any type, and as a form.
fn comes_any_way(body: &[u8], read: &Result<Vec<Text>, BodyError>, limits: BodyLimits) {
    let expected = read.clone().map_err(RequestError::from);
    let json = HeaderValue::from_static("Application/JSON; charset=utf-8");
    for (by, media) in [
        (SendBy::Xhr, None),
        (SendBy::Xhr, Some(&json)),
        (SendBy::Jsonp, None),
    ] {
        assert_eq!(read_send(by, media, body, limits), expected);
    }
    let encoded: String = body.iter().map(|byte| format!("%{byte:02x}")).collect();
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    let fields = format!("x=y&d={encoded}&d=[]");
    let sent = read_send(SendBy::Jsonp, Some(&form), fields.as_bytes(), limits);
    assert_eq!(sent, expected);
    for by in SendBy::ALL {
        // Whatever it says it is: no more than no panic.
        let any = HeaderValue::from_bytes(body).ok();
        let _ = read_send(by, any.as_ref(), body, limits);
        let _ = read_send(by, Some(&form), body, limits);
    }
}
