//! A message in a query, as browsers write forms (WHATWG URL, `application/x-www-form-urlencoded`).

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// Takes a parameter out of a query: returns its value, and what is left of the query. `None` if it is not there; a value
/// that is not UTF-8 is not there.
pub(super) fn take(query: &str, name: &str) -> Option<(String, String)> {
    let is_it = |pair: &&str| pair.split('=').next().and_then(decode).as_deref() == Some(name);
    let pair = query.split('&').find(is_it)?;
    let value = pair.split_once('=').map_or("", |(_, value)| value);
    let rest: Vec<&str> = query.split('&').filter(|pair| !is_it(pair)).collect();
    Some((decode(value)?, rest.join("&")))
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes())
        .decode_utf8()
        .ok()
        .map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_decoded_and_leaves_the_query() {
        let taken = |query| take(query, "cf_connect");
        let both = |value: &str, rest: &str| Some((value.to_owned(), rest.to_owned()));
        assert_eq!(
            taken("a=1&cf_connect=%7B%22id%22:+1%2B%7D&b"),
            both("{\"id\": 1+}", "a=1&b")
        );
        assert_eq!(taken("cf%5fconnect=x&cf_connect=y"), both("x", ""));
        assert_eq!(taken("cf_connect"), both("", ""));
        assert_eq!(taken("cf_connect=%ff"), None);
        assert_eq!(taken("cf_connected=x"), None);
        assert_eq!(taken(""), None);
    }
}
