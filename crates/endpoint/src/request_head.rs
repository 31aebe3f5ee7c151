//! The request that opened a session, kept in one small block.

use std::{fmt, net::SocketAddr};

use http::{
    HeaderName,
    header::{
        CONNECTION, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
    },
    request::Parts,
};

/// The head of the request that opened a session: its target and its headers, but for those of the handshake itself
/// (`Connection`, `Upgrade`, `Sec-WebSocket-Key`, `-Version`, `-Extensions`), which say nothing about the client.
///
/// It is copied into one block of its own size, since sessions are many and live long, and an [`http::HeaderMap`]
/// would keep some kilobytes and the buffer it was read into.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RequestHead(Box<[u8]>);

const OF_THE_HANDSHAKE: [HeaderName; 5] = [
    CONNECTION,
    UPGRADE,
    SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION,
    SEC_WEBSOCKET_EXTENSIONS,
];

impl RequestHead {
    /// Copies what a request says.
    pub fn new(parts: &Parts) -> Self {
        let target = parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let mut block = Vec::with_capacity(512);
        put(&mut block, b"");
        put(&mut block, target.as_bytes());
        for (name, value) in &parts.headers {
            if !OF_THE_HANDSHAKE.contains(name) {
                put(&mut block, name.as_str().as_bytes());
                put(&mut block, value.as_bytes());
            }
        }
        Self(block.into_boxed_slice())
    }

    /// Writes down who sent it, in the same block.
    pub(crate) fn with_peer(self, peer_addr: Option<SocketAddr>) -> Self {
        let Some(peer_addr) = peer_addr else {
            return self;
        };
        let mut block = Vec::with_capacity(self.0.len() + 48);
        put(&mut block, peer_addr.to_string().as_bytes());
        for field in self.fields().skip(1) {
            put(&mut block, field);
        }
        Self(block.into_boxed_slice())
    }

    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        str::from_utf8(self.fields().next()?).ok()?.parse().ok()
    }

    /// Returns path and query, as sent.
    pub fn target(&self) -> &str {
        self.fields()
            .nth(1)
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
        let mut fields = self.fields().skip(2);
        std::iter::from_fn(move || {
            let name = str::from_utf8(fields.next()?).ok()?;
            Some((name, fields.next()?))
        })
    }

    fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            let (length, behind) = take_length(rest)?;
            let (field, behind) = behind.split_at_checked(length)?;
            rest = behind;
            Some(field)
        })
    }
}

/// Appends a field behind its length, which takes a byte for each seven bits.
fn put(block: &mut Vec<u8>, field: &[u8]) {
    let mut length = field.len();
    loop {
        let [low, ..] = length.to_le_bytes();
        length >>= 7;
        if length == 0 {
            block.push(low);
            break;
        }
        block.push(low | 0x80);
    }
    block.extend_from_slice(field);
}

fn take_length(mut rest: &[u8]) -> Option<(usize, &[u8])> {
    let (mut length, mut shift) = (0, 0);
    loop {
        let (byte, behind) = rest.split_first()?;
        rest = behind;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((length, rest));
        }
        shift += 7;
    }
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
    fn the_peer_and_long_fields_fit_the_block() {
        let long = "v".repeat(70_000);
        let addr = "[2001:db8::1]:443".parse().ok();
        let head = head("/say", &[("x-long", &long), ("upgrade", "websocket")]).with_peer(addr);
        assert_eq!((head.peer_addr(), head.path()), (addr, "/say"));
        assert_eq!(head.header("x-long"), Some(&*long));
        assert_eq!(
            head.header("upgrade"),
            None,
            "the handshake's own are left away"
        );
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
