//! The request that opened a session, kept in one small block.

use std::fmt;

use http::request::Parts;

/// The head of the request that opened a session: its target and its headers.
///
/// It is copied into one block of its own size, since sessions are many and live long, and an [`http::HeaderMap`]
/// would keep some kilobytes and the buffer it was read into.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RequestHead(Box<[u8]>);

/// Length of a field's length.
const PREFIX: usize = 4;

impl RequestHead {
    /// Copies what a request says.
    pub fn new(parts: &Parts) -> Self {
        let target = parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let size = PREFIX
            + target.len()
            + parts
                .headers
                .iter()
                .map(|(n, v)| 2 * PREFIX + n.as_str().len() + v.len())
                .sum::<usize>();
        let mut block = Vec::with_capacity(size);
        put(&mut block, target.as_bytes());
        for (name, value) in &parts.headers {
            put(&mut block, name.as_str().as_bytes());
            put(&mut block, value.as_bytes());
        }
        Self(block.into_boxed_slice())
    }

    /// Returns path and query, as sent.
    pub fn target(&self) -> &str {
        self.fields()
            .next()
            .and_then(|target| str::from_utf8(target).ok())
            .unwrap_or("/")
    }

    /// Returns the path, as sent: still percent-encoded.
    pub fn path(&self) -> &str {
        self.target().split('?').next().unwrap_or("/")
    }

    /// Returns the query behind the `?`, as sent.
    pub fn query(&self) -> Option<&str> {
        self.target().split_once('?').map(|(_, query)| query)
    }

    /// Returns the first header of that name, in any case, if it is visible text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| str::from_utf8(value).ok())
    }

    /// Returns all headers in the order of their names' first appearance; names are in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let mut fields = self.fields().skip(1);
        std::iter::from_fn(move || {
            let name = str::from_utf8(fields.next()?).ok()?;
            Some((name, fields.next()?))
        })
    }

    fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_first_chunk::<PREFIX>()?;
            let (field, behind) =
                behind.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
            rest = behind;
            Some(field)
        })
    }
}

fn put(block: &mut Vec<u8>, field: &[u8]) {
    // A field beyond 4 GiB can't be: hyper's limit for a whole head is a 32-bit number's fraction.
    let length = u32::try_from(field.len()).unwrap_or(0);
    block.extend_from_slice(&length.to_le_bytes());
    block.extend_from_slice(field.get(..length as usize).unwrap_or_default());
}

impl fmt::Debug for RequestHead {
    /// Shows the path alone: queries and headers may hold tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestHead").field(&self.path()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(target: &str, headers: &[(&str, &str)]) -> RequestHead {
        let mut request = http::Request::get(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        RequestHead::new(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn what_was_sent_is_read_back() {
        let head = head(
            "/room/%20a?token=x?y",
            &[
                ("Host", "h"),
                ("Cookie", "a=1"),
                ("cookie", "b=2"),
                ("X-Empty", ""),
            ],
        );
        assert_eq!(head.target(), "/room/%20a?token=x?y");
        assert_eq!(
            (head.path(), head.query()),
            ("/room/%20a", Some("token=x?y"))
        );
        assert_eq!(head.header("COOKIE"), Some("a=1"));
        assert_eq!(head.header("x-empty"), Some(""));
        assert_eq!(head.header("x-none"), None);
        let cookies: Vec<_> = head
            .headers()
            .filter(|(name, _)| *name == "cookie")
            .map(|(_, value)| value)
            .collect();
        assert_eq!(cookies, [b"a=1", b"b=2"]);
    }

    #[test]
    fn debug_output_holds_no_token() {
        let shown = format!(
            "{:?}",
            head("/say?token=secret", &[("authorization", "secret")])
        );
        assert_eq!(shown, "RequestHead(\"/say\")");
    }

    #[test]
    fn an_empty_head_reads_as_the_root() {
        assert_eq!(RequestHead::default().target(), "/");
        assert_eq!(RequestHead::default().headers().count(), 0);
    }
}
