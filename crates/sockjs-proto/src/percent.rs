//! Decoding what a query or a form holds.

use std::borrow::Cow;

/// Returns the value of the first pair of a query or form that has this name, decoded: `+` is a blank, `%xx` a byte.
/// What is no escape stays as it is.
pub(crate) fn value_of<'a>(pairs: &'a [u8], name: &[u8]) -> Option<Cow<'a, [u8]>> {
    pairs.split(|byte| *byte == b'&').find_map(|pair| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let found = decode(halves.next()?).as_ref() == name;
        found.then(|| decode(halves.next().unwrap_or_default()))
    })
}

fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let (byte, next) = match (first, after) {
            (b'+', _) => (b' ', after),
            (b'%', [high, low, next @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, next),
                _ => (b'%', after),
            },
            _ => (*first, after),
        };
        decoded.push(byte);
        rest = next;
    }
    Cow::Owned(decoded)
}

/// Returns what a hexadecimal digit of either case stands for.
pub(crate) const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pair_of_a_name_is_found_and_decoded() {
        for (pairs, expected) in [
            ("c=x", Some("x")),
            ("t=1&c=%63all+back&c=y", Some("call back")),
            ("%63=%5B%5d", Some("[]")),
            ("c", Some("")),
            ("c=a=b", Some("a=b")),
            ("c=%6&", Some("%6")),
            ("c=%zz%", Some("%zz%")),
            ("cc=x&d=c", None),
            ("", None),
        ] {
            let value = value_of(pairs.as_bytes(), b"c");
            assert_eq!(value.as_deref(), expected.map(str::as_bytes), "{pairs}");
        }
    }
}
