//! Messages, and limits that none of them reaches.

use proptest::{char, collection::vec, prelude::*, sample::select};
use sockeye_sockjs_proto::BodyLimits;

pub(crate) const WIDE: BodyLimits = BodyLimits {
    messages: 1000,
    message_bytes: 1 << 20,
};

/// Texts in which what must be escaped is as frequent as what need not be.
pub(crate) fn message() -> impl Strategy<Value = String> {
    let special = select(vec![
        "\0",
        "\u{1f}",
        "\n",
        "\r",
        "\"",
        "\\",
        "%",
        "%25",
        "%0a",
        "<",
        "</script",
        "-->",
        "\u{200b}",
        "\u{200c}",
        "\u{2010}",
        "\u{2027}",
        "\u{2028}",
        "\u{2029}",
        "\u{202f}",
        "\u{2030}",
        "\u{205f}",
        "\u{2060}",
        "\u{2070}",
        "\u{ffef}",
        "\u{fff0}",
        "\u{ffff}",
        "\u{ff0c}",
        "😀",
        "한",
        "\\u0041",
        "plain text of some length",
    ])
    .prop_map(str::to_owned);
    let any = char::any().prop_map(|char| char.to_string());
    vec(prop_oneof![special, any], 0..24).prop_map(|parts| parts.concat())
}

pub(crate) fn messages() -> impl Strategy<Value = Vec<String>> {
    vec(message(), 0..6)
}
