//! Reading the body of a send, by what it says it is.

use http::HeaderValue;
use sockeye_types::Text;

use crate::{BodyLimits, RequestError, SendBy, percent, read_strings};

/// Reads the messages in the body of a send.
///
/// The parameters of the `Content-Type` are ignored, and its absence is fine: browsers of old say all kinds of things. A
/// form (`d=…`) is one only if it says so.
///
/// # Errors
/// [`RequestError::PayloadExpected`] if the type is none that the reference server reads, or there is no array of
/// strings; [`RequestError::BrokenJson`]; or one of the limits.
pub fn read_send(
    by: SendBy,
    content_type: Option<&HeaderValue>,
    body: &[u8],
    limits: BodyLimits,
) -> Result<Vec<Text>, RequestError> {
    let content_type = content_type.map_or(&b""[..], HeaderValue::as_bytes);
    let media = content_type
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    let is = |name: &&str| media.eq_ignore_ascii_case(name.as_bytes());
    let messages = match by {
        SendBy::Xhr if XHR_TYPES.iter().any(is) => read_strings(body, limits),
        SendBy::Jsonp if ["", "text/plain"].iter().any(is) => read_strings(body, limits),
        SendBy::Jsonp if is(&"application/x-www-form-urlencoded") => {
            let json = percent::value_of(body, b"d").unwrap_or_default();
            read_strings(&json, limits)
        }
        SendBy::Xhr | SendBy::Jsonp => return Err(RequestError::PayloadExpected),
    };
    Ok(messages?)
}

/// `T` is what a browser of old made of `text/plain`.
const XHR_TYPES: [&str; 6] = [
    "",
    "text/plain",
    "application/json",
    "application/xml",
    "text/xml",
    "T",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        by: SendBy,
        content_type: Option<&'static str>,
        body: &str,
    ) -> Result<Vec<Text>, RequestError> {
        let limits = BodyLimits {
            messages: 2,
            message_bytes: 4,
        };
        read_send(
            by,
            content_type.map(HeaderValue::from_static).as_ref(),
            body.as_bytes(),
            limits,
        )
    }

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

    #[test]
    fn whatever_type_a_browser_gives_json_it_is_read() {
        for media in [
            None,
            Some(""),
            Some("text/plain"),
            Some("T"),
            Some("application/json"),
            Some("application/xml"),
            Some("text/xml"),
            Some("text/plain;charset=UTF-8"),
            Some("Application/JSON; charset=utf-8"),
        ] {
            assert_eq!(
                read(SendBy::Xhr, media, r#"["%61"]"#).unwrap(),
                ["%61"],
                "{media:?}"
            );
        }
        for media in [FORM, Some("image/png")] {
            assert_eq!(
                read(SendBy::Xhr, media, r#"["a"]"#),
                Err(RequestError::PayloadExpected)
            );
        }
    }

    #[test]
    fn a_form_is_decoded_and_plain_text_is_not() {
        assert_eq!(
            read(SendBy::Jsonp, FORM, "d=%5B%22x+%2B%22%5D").unwrap(),
            ["x +"]
        );
        assert_eq!(read(SendBy::Jsonp, FORM, "d=%5B%5D"), Ok(vec![]));
        for media in [None, Some("text/plain")] {
            assert_eq!(read(SendBy::Jsonp, media, r#"["%61+"]"#).unwrap(), ["%61+"]);
        }
    }

    #[test]
    fn each_fault_of_a_body_is_refused_in_the_words_of_the_protocol() {
        for (by, media, body, words) in [
            (SendBy::Xhr, None, "", "Payload expected."),
            (SendBy::Xhr, None, "[\"x", "Broken JSON encoding."),
            (SendBy::Xhr, None, "{}", "Payload expected."),
            (SendBy::Xhr, None, "[1]", "Payload expected."),
            (SendBy::Jsonp, FORM, "", "Payload expected."),
            (SendBy::Jsonp, FORM, "d=", "Payload expected."),
            (SendBy::Jsonp, FORM, "p=p", "Payload expected."),
            (SendBy::Jsonp, FORM, "d=%5B%22x", "Broken JSON encoding."),
            (SendBy::Jsonp, FORM, "d=%ff", "Broken JSON encoding."),
            (
                SendBy::Jsonp,
                Some("application/json"),
                "[]",
                "Payload expected.",
            ),
            (SendBy::Xhr, None, r#"["","",""]"#, "Too many messages."),
            (SendBy::Xhr, None, r#"["12345"]"#, "Message too big."),
        ] {
            assert_eq!(
                read(by, media, body).unwrap_err().to_string(),
                words,
                "{body}"
            );
        }
    }
}
