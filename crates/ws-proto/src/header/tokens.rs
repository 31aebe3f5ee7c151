//! Tokens, and comma lists of them that may be spread over repeated headers (RFC 9110 §5.6.1, §5.6.2).

use std::collections::BTreeSet;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Malformed;

/// How often a header occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count<'a> {
    None,
    One(&'a HeaderValue),
    More,
}

/// Counts a header that may occur once only.
pub(crate) fn count<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Count<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Count::None,
        (Some(value), None) => Count::One(value),
        (Some(_), Some(_)) => Count::More,
    }
}

/// Says whether a comma list has this token in it, in any case.
pub(crate) fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers.get_all(name).iter().any(|value| {
        // Mostly it is all there is.
        value.as_bytes().eq_ignore_ascii_case(token.as_bytes())
            || value
                .to_str()
                .is_ok_and(|list| elements(list).any(|one| one.eq_ignore_ascii_case(token)))
    })
}

/// Reads a comma list of tokens, no two of which may be the same. A long list costs no more than to sort it.
pub(crate) fn distinct_tokens<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<BTreeSet<&'a str>, Malformed> {
    let mut tokens = BTreeSet::new();
    for value in headers.get_all(name) {
        for token in elements(value.to_str().map_err(|_| Malformed)?) {
            if !is_token(token) || !tokens.insert(token) {
                return Err(Malformed);
            }
        }
    }
    Ok(tokens)
}

/// Splits a comma list; empty elements don't count (RFC 9110 §5.6.1.2).
fn elements(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(|element| element.trim_matches([' ', '\t']))
        .filter(|element| !element.is_empty())
}

/// Says whether the text is a token (RFC 9110 §5.6.2).
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// Says whether a byte may stand in a token.
pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use http::header::{CONNECTION, SEC_WEBSOCKET_PROTOCOL};

    use super::*;

    fn headers(name: &HeaderName, values: &[&'static str]) -> HeaderMap {
        let value = |value| (name.clone(), HeaderValue::from_static(value));
        values.iter().copied().map(value).collect()
    }

    #[test]
    fn a_token_is_found_in_any_case_in_lists_and_in_repeated_headers() {
        for values in [
            &["upgrade"][..],
            &["keep-alive,UPGRADE"],
            &[",\tkeep-alive , Upgrade ,"],
            &["close", "x", "uPGRADE"],
        ] {
            assert!(has_token(
                &headers(&CONNECTION, values),
                &CONNECTION,
                "Upgrade"
            ));
        }
        for values in [
            &[][..],
            &[""],
            &["upgrade2"],
            &["keep-alive upgrade"],
            &["\"upgrade\""],
        ] {
            assert!(!has_token(
                &headers(&CONNECTION, values),
                &CONNECTION,
                "Upgrade"
            ));
        }
    }

    #[test]
    fn distinct_tokens_are_read_from_all_headers_and_nothing_else_is() {
        let read = |values| {
            let headers = headers(&SEC_WEBSOCKET_PROTOCOL, values);
            let tokens = distinct_tokens(&headers, &SEC_WEBSOCKET_PROTOCOL)?;
            Ok(tokens.into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(read(&["b, a ,,c", "d"]).unwrap(), ["a", "b", "c", "d"]);
        assert_eq!(read(&["", " , "]).unwrap(), [""; 0]);
        for malformed in [
            &["a b"][..],
            &["a;q=1"],
            &["\"a\""],
            &["a", "b,a"],
            &["a/b"],
        ] {
            assert_eq!(read(malformed), Err(Malformed));
        }
    }
}
