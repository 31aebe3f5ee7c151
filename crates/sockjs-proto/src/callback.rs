//! The function of a page that JSONP and htmlfile hand frames to.

use crate::{RequestError, percent};

/// The name of a function of the page, as a request gave it, and safe to stand in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback(Box<str>);

impl Callback {
    /// Takes the name from a request's query: the parameter `c`, or else `callback`, at most `max_bytes` long.
    ///
    /// # Errors
    /// [`RequestError::MissingCallback`] if there is none or it is empty, [`RequestError::InvalidCallback`] if it is
    /// longer or has characters other than letters, digits, `-`, `_` and `.`: they could be script.
    pub fn from_query(query: Option<&str>, max_bytes: usize) -> Result<Self, RequestError> {
        let pairs = query.unwrap_or_default().as_bytes();
        let name = percent::value_of(pairs, b"c")
            .or_else(|| percent::value_of(pairs, b"callback"))
            .filter(|name| !name.is_empty())
            .ok_or(RequestError::MissingCallback)?;
        let is_safe =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.len() > max_bytes || !name.iter().all(is_safe) {
            return Err(RequestError::InvalidCallback);
        }
        Ok(Self(String::from_utf8_lossy(&name).into()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_decoded_and_c_goes_before_callback() {
        for (query, expected) in [
            ("c=%63allback", "callback"),
            ("t=1&callback=_jp.a1b-2", "_jp.a1b-2"),
            ("callback=b&c=a", "a"),
        ] {
            assert_eq!(
                Callback::from_query(Some(query), 32).unwrap().as_str(),
                expected
            );
        }
    }

    #[test]
    fn a_callback_that_is_missing_or_could_be_script_is_refused() {
        for query in [None, Some(""), Some("x=y"), Some("c="), Some("c")] {
            assert_eq!(
                Callback::from_query(query, 32),
                Err(RequestError::MissingCallback)
            );
        }
        for name in [
            "%20", "*", "abc(", "abc%28", "a+b", "a%00", "%ff", "\u{e9}", "a;b",
        ] {
            let query = format!("c={name}");
            assert_eq!(
                Callback::from_query(Some(&query), 32),
                Err(RequestError::InvalidCallback)
            );
        }
    }

    #[test]
    fn a_callback_may_be_as_long_as_the_limit_and_no_longer() {
        assert!(Callback::from_query(Some("c=abcd"), 4).is_ok());
        assert_eq!(
            Callback::from_query(Some("c=abcde"), 4),
            Err(RequestError::InvalidCallback)
        );
    }
}
