//! Writing a message as an element of a frame's JSON array, escaped for the transport that carries it.

use bytes::{BufMut, BytesMut};

use crate::run;

/// For what a message is escaped. All sessions with the same one can share an element that was escaped once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the transports of SockJS 0.3 need these"
)]
pub enum Escape {
    /// JSON, with what browsers spoil as `\uxxxx`: WebSocket, XHR.
    Json,
    /// JSON with `%` as `%25`: the client runs `decodeURI` on the data of a server-sent event.
    EventSource,
    /// JSON within a JavaScript string within a script of a page: JSONP and htmlfile.
    Script,
}

impl Escape {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Json, Self::EventSource, Self::Script];

    /// What stands before and after a string.
    pub(crate) const fn quote(self) -> &'static [u8] {
        match self {
            Self::Json | Self::EventSource => b"\"",
            Self::Script => b"\\\"",
        }
    }

    /// The byte that this one has to escape and JSON has not.
    const fn extra(self) -> u8 {
        match self {
            Self::Json => b'"',
            Self::EventSource => b'%',
            // Else `</script>` in a message would end the script, lose the message and let it write the page.
            Self::Script => b'<',
        }
    }
}

/// Appends a message as a quoted element.
///
/// U+0000–001F, 200C–200F, 2028–202F, 2060–206F and FFF0–FFFF are escaped as the protocol's suite has it, in lower-case
/// hex, with JSON's short forms.
pub fn escape_into(escape: Escape, text: &str, out: &mut BytesMut) {
    out.reserve(text.len() + 2 * escape.quote().len());
    out.put_slice(escape.quote());
    let extra = escape.extra();
    let mut rest = text.as_bytes();
    loop {
        // U+2000–2FFF begin with 0xE2 and U+F000–FFFF with 0xEF: those are looked at closely.
        let plain = run::until(rest, |byte| {
            (byte < 0x20)
                | (byte == b'"')
                | (byte == b'\\')
                | (byte == extra)
                | (byte == 0xE2)
                | (byte == 0xEF)
        });
        let (before, from) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
        out.put_slice(before);
        rest = match from {
            [] => break,
            [0xE2 | 0xEF, after @ ..] => {
                let (wide, after) = after.split_at_checked(2).unwrap_or((after, &[]));
                wide_into(escape, from, wide, out);
                after
            }
            [byte, after @ ..] => {
                byte_into(escape, *byte, out);
                after
            }
        };
    }
    out.put_slice(escape.quote());
}

/// Appends a character of three bytes, of which `low` are the last two, escaped if it is one of the hidden ones.
fn wide_into(escape: Escape, from: &[u8], low: &[u8], out: &mut BytesMut) {
    let lead = from.first().copied().unwrap_or_default();
    match (lead, low) {
        (0xE2, [0x80, 0x8C..=0x8F | 0xA8..=0xAF] | [0x81, 0xA0..=0xAF])
        | (0xEF, [0xBF, 0xB0..=0xBF]) => {
            let unit = low.iter().fold(u16::from(lead & 0x0F), |unit, byte| {
                unit << 6 | u16::from(byte & 0x3F)
            });
            unit_into(escape, unit, out);
        }
        _ => {
            out.put_u8(lead);
            out.put_slice(low);
        }
    }
}

fn byte_into(escape: Escape, byte: u8, out: &mut BytesMut) {
    let short = match byte {
        b'%' => return out.put_slice(b"%25"),
        b'<' => return out.put_slice(b"\\u003c"),
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x09 => b't',
        0x0A => b'n',
        0x0C => b'f',
        0x0D => b'r',
        _ => return unit_into(escape, byte.into(), out),
    };
    match (escape, short) {
        (Escape::Script, b'"' | b'\\') => out.put_slice(&[b'\\', b'\\', b'\\', short]),
        (Escape::Script, _) => out.put_slice(&[b'\\', b'\\', short]),
        (Escape::Json | Escape::EventSource, _) => out.put_slice(&[b'\\', short]),
    }
}

fn unit_into(escape: Escape, unit: u16, out: &mut BytesMut) {
    if escape == Escape::Script {
        out.put_u8(b'\\');
    }
    out.put_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        let digit = u8::try_from(unit >> shift & 0xF).unwrap_or_default();
        out.put_u8(if digit < 10 { b'0' } else { b'a' - 10 } + digit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(escape: Escape, text: &str) -> String {
        let mut out = BytesMut::new();
        escape_into(escape, text, &mut out);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn exactly_what_the_suite_names_is_escaped_as_json_and_in_lower_case() {
        for char in '\0'..=char::MAX {
            let code = u32::from(char);
            let hidden = matches!(code, 0..=0x1F | 0x200C..=0x200F | 0x2028..=0x202F | 0x2060..=0x206F | 0xFFF0..=0xFFFF);
            let expected = match char {
                '"' => r#"\""#.to_owned(),
                '\\' => r"\\".to_owned(),
                '\u{8}' => r"\b".to_owned(),
                '\t' => r"\t".to_owned(),
                '\n' => r"\n".to_owned(),
                '\u{c}' => r"\f".to_owned(),
                '\r' => r"\r".to_owned(),
                _ if hidden => format!(r"\u{code:04x}"),
                _ => char.to_string(),
            };
            assert_eq!(
                escaped(Escape::Json, &char.to_string()),
                format!("\"{expected}\"")
            );
        }
    }

    #[test]
    fn a_percent_sign_in_an_event_survives_the_clients_decoding() {
        assert_eq!(
            escaped(Escape::EventSource, "100 % \u{2028}%41"),
            r#""100 %25 \u2028%2541""#
        );
        assert_eq!(escaped(Escape::Json, "%<"), r#""%<""#);
    }

    #[test]
    fn nothing_in_a_message_ends_the_script_that_carries_it() {
        let expected = r#"\"\u003c/script>\\\"\\\\\\n\\u2028\\u0000%\""#;
        assert_eq!(
            escaped(Escape::Script, "</script>\"\\\n\u{2028}\0%"),
            expected
        );
    }
}
