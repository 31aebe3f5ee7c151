//! The request that opened a session, kept in one small block.

use std::{
    fmt,
    net::{SocketAddr, SocketAddrV4, SocketAddrV6},
};

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

/// Names that most browsers and proxies send: they take two bytes each.
const WELL_KNOWN: [&str; 24] = [
    "host",
    "user-agent",
    "origin",
    "cookie",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "pragma",
    "sec-websocket-protocol",
    "authorization",
    "accept",
    "referer",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
    "x-request-id",
    "forwarded",
    "traceparent",
    "via",
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
                put_name(&mut block, name.as_str());
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
        let (_, rest) = take_field(&self.0).unwrap_or_default();
        let mut block = Vec::with_capacity(self.0.len() + 32);
        put_peer(&mut block, peer_addr);
        block.extend_from_slice(rest);
        Self(block.into_boxed_slice())
    }

    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        let (field, _) = take_field(&self.0)?;
        read_peer(field)
    }

    /// Returns path and query, as sent.
    pub fn target(&self) -> &str {
        let target = take_field(&self.0).and_then(|(_, rest)| take_field(rest));
        target
            .and_then(|(target, _)| str::from_utf8(target).ok())
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
        let behind_peer = take_field(&self.0).map(|(_, rest)| rest);
        let behind_target = behind_peer.and_then(take_field).map(|(_, rest)| rest);
        let mut rest = behind_target.unwrap_or_default();
        std::iter::from_fn(move || {
            let (name, behind) = take_name(rest)?;
            let (value, behind) = take_field(behind)?;
            rest = behind;
            Some((name, value))
        })
    }
}

/// Appends who sent the request: address and port, and what else belongs to the address if there is any.
fn put_peer(block: &mut Vec<u8>, peer: SocketAddr) {
    let port = peer.port().to_be_bytes();
    match peer {
        SocketAddr::V4(v4) => put(block, &[&v4.ip().octets()[..], &port].concat()),
        SocketAddr::V6(v6) => {
            let more = [v6.flowinfo().to_be_bytes(), v6.scope_id().to_be_bytes()].concat();
            let more = if more == [0; 8] { &[] } else { &*more };
            put(block, &[&v6.ip().octets()[..], &port, more].concat());
        }
    }
}

fn read_peer(field: &[u8]) -> Option<SocketAddr> {
    if let Ok([a, b, c, d, port @ ..]) = <[u8; 6]>::try_from(field) {
        let port = u16::from_be_bytes(port);
        return Some(SocketAddrV4::new([a, b, c, d].into(), port).into());
    }
    let (ip, rest) = field.split_first_chunk::<16>()?;
    let (port, rest) = rest.split_first_chunk()?;
    let number = |four: Option<&[u8; 4]>| four.copied().map_or(0, u32::from_be_bytes);
    let (flow, scope) = (number(rest.first_chunk()), number(rest.last_chunk()));
    let port = u16::from_be_bytes(*port);
    Some(SocketAddrV6::new((*ip).into(), port, flow, scope).into())
}

/// Appends the name of a header: one that is well known as its place behind a length of nothing, which no name has.
fn put_name(block: &mut Vec<u8>, name: &str) {
    let place = WELL_KNOWN.iter().position(|known| *known == name);
    match place.and_then(|place| u8::try_from(place).ok()) {
        Some(place) => block.extend_from_slice(&[0, place]),
        None => put(block, name.as_bytes()),
    }
}

fn take_name(rest: &[u8]) -> Option<(&str, &[u8])> {
    if let [0, place, behind @ ..] = rest {
        return Some((WELL_KNOWN.get(usize::from(*place))?, behind));
    }
    let (name, behind) = take_field(rest)?;
    Some((str::from_utf8(name).ok()?, behind))
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

fn take_field(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, behind) = take_length(rest)?;
    behind.split_at_checked(length)
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
    fn whoever_sent_it_is_read_back() {
        let addrs = [
            "192.0.2.1:80",
            "[2001:db8::1]:443",
            "[fe80::1%7]:65535",
            "[::]:0",
        ];
        for addr in addrs {
            let addr: Option<SocketAddr> = Some(addr.parse().unwrap());
            let head = head("/say", &[("host", "h")]).with_peer(addr);
            assert_eq!((head.peer_addr(), head.target()), (addr, "/say"));
            assert_eq!(head.with_peer(addr).header("host"), Some("h"));
        }
        let flow = SocketAddrV6::new([1; 16].into(), 2, 3, 0).into();
        assert_eq!(head("/", &[]).with_peer(Some(flow)).peer_addr(), Some(flow));
        assert_eq!(head("/", &[]).peer_addr(), None);
    }

    #[test]
    fn well_known_names_are_as_others() {
        for name in WELL_KNOWN {
            let name: HeaderName = name.parse().unwrap();
            let head = head("/", &[(name.as_str(), "a"), ("x-other", "b")]);
            let headers: Vec<_> = head.headers().collect();
            assert_eq!(headers, [(name.as_str(), &b"a"[..]), ("x-other", b"b")]);
        }
    }

    #[test]
    fn a_bare_request_fits_thirty_two_bytes() {
        let head = head(
            "/say",
            &[("host", "localhost:8080"), ("upgrade", "websocket")],
        );
        let head = head.with_peer("127.0.0.1:54321".parse().ok());
        assert_eq!(head.0.len(), 29);
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
