//! The grammar of `Sec-WebSocket-Extensions` (RFC 6455 §9.1).

use std::borrow::Cow;

use http::{HeaderMap, header::SEC_WEBSOCKET_EXTENSIONS};

use super::{
    Malformed,
    tokens::{is_token, is_token_byte},
};

/// One extension as offered or answered, with its parameters in the order in which they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extension<'a> {
    pub(crate) name: &'a str,
    /// Names and values; a value that came in quotes is here without them.
    pub(crate) params: Vec<(&'a str, Option<Cow<'a, str>>)>,
}

/// Reads all extensions of all `Sec-WebSocket-Extensions` headers, which are one list (RFC 6455 §9.1).
pub(crate) fn extensions(headers: &HeaderMap) -> Result<Vec<Extension<'_>>, Malformed> {
    let mut extensions = Vec::new();
    for value in headers.get_all(SEC_WEBSOCKET_EXTENSIONS) {
        let mut cursor = Cursor(value.to_str().map_err(|_| Malformed)?);
        loop {
            // Empty elements don't count (RFC 9110 §5.6.1.2).
            while cursor.eat(',') {}
            if cursor.0.is_empty() {
                break;
            }
            extensions.push(cursor.extension()?);
            if !cursor.0.is_empty() && !cursor.eat(',') {
                return Err(Malformed);
            }
        }
    }
    Ok(extensions)
}

/// What is left to read. Blanks may surround every token and separator.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn extension(&mut self) -> Result<Extension<'a>, Malformed> {
        let name = self.token()?;
        let mut params = Vec::new();
        while self.eat(';') {
            let name = self.token()?;
            let value = if self.eat('=') {
                Some(self.value()?)
            } else {
                None
            };
            params.push((name, value));
        }
        Ok(Extension { name, params })
    }

    fn value(&mut self) -> Result<Cow<'a, str>, Malformed> {
        if self.eat('"') {
            self.quoted().map(Cow::Owned)
        } else {
            self.token().map(Cow::Borrowed)
        }
    }

    fn token(&mut self) -> Result<&'a str, Malformed> {
        self.skip_blanks();
        let end = self.0.bytes().position(|byte| !is_token_byte(byte));
        let (token, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        self.skip_blanks();
        if token.is_empty() {
            Err(Malformed)
        } else {
            Ok(token)
        }
    }

    /// Reads on from an opening quote. What the quotes hold must be a token once it is unescaped (RFC 6455 §9.1).
    fn quoted(&mut self) -> Result<String, Malformed> {
        let mut value = String::new();
        let mut chars = self.0.chars();
        loop {
            match chars.next() {
                Some('"') => break,
                Some('\\') => value.push(chars.next().ok_or(Malformed)?),
                Some(char) => value.push(char),
                None => return Err(Malformed),
            }
        }
        self.0 = chars.as_str();
        self.skip_blanks();
        if is_token(&value) {
            Ok(value)
        } else {
            Err(Malformed)
        }
    }

    fn eat(&mut self, separator: char) -> bool {
        self.skip_blanks();
        match self.0.strip_prefix(separator) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let value = |value| {
            (
                SEC_WEBSOCKET_EXTENSIONS,
                HeaderValue::from_str(value).unwrap(),
            )
        };
        values.iter().copied().map(value).collect()
    }

    /// What was read, written out again without blanks and quotes.
    fn read(values: &[&str]) -> Result<String, Malformed> {
        let headers = headers(values);
        let extensions = extensions(&headers)?.into_iter().map(|extension| {
            let params = extension
                .params
                .into_iter()
                .map(|(name, value)| match value {
                    Some(value) => format!(";{name}={value}"),
                    None => format!(";{name}"),
                });
            format!("{}{}", extension.name, params.collect::<String>())
        });
        Ok(extensions.collect::<Vec<_>>().join(","))
    }

    #[test]
    fn extensions_are_read_with_blanks_quotes_and_repeated_headers() {
        for (values, expected) in [
            (&[][..], ""),
            (&["", " ,, "], ""),
            (&["a"], "a"),
            (&["a; b=10;c"], "a;b=10;c"),
            (&["\ta ;b = 10 ; c , d,"], "a;b=10;c,d"),
            (&["a; b=\"10\"", "c; d=\"\\1\\0\" , e"], "a;b=10,c;d=10,e"),
            (&["a;b;b=1;b"], "a;b;b=1;b"),
        ] {
            assert_eq!(read(values).unwrap(), expected);
        }
    }

    #[test]
    fn what_breaks_the_grammar_is_malformed() {
        for value in [
            "a b",
            "a;",
            "a;;b",
            ";",
            "a;=1",
            "a;b=",
            "a;b=,c",
            "a;b=\"",
            "a;b=\"1",
            "a;b=\"\"",
            "a;b=\"1 0\"",
            "a;b=\"1\\",
            "a;b=\"1\"c",
            "a;b=1 c",
            "a=1",
            "(a)",
            "a;b=\"1,2\"",
        ] {
            assert_eq!(read(&[value]), Err(Malformed), "{value}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics_and_what_is_read_reads_the_same_again(value in "[ab1;=,\"\\\\ \t\\PC]{0,40}") {
            if HeaderValue::from_str(&value).is_ok() && let Ok(once) = read(&[&value]) {
                prop_assert_eq!(read(&[&once]), Ok(once));
            }
        }
    }
}
