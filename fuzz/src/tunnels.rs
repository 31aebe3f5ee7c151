//! Proxies before a client: what they answer, how they are named, and who is reached without them.

use std::net::IpAddr;

use sockeye_client::fuzzing::{Exchanged, exchanged, is_listed, shown_proxy};

/// How long the head of an answer to CONNECT may be here.
const MOST: usize = 256;

/// Answers to CONNECT. The first byte says how long the pieces are.
pub fn http_connect(data: &[u8]) {
    let Some((answer, talk)) = answered("http://me:secret@proxy", data) else {
        return;
    };
    let request = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\
        Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n";
    assert_eq!(talk.said, request.as_bytes());
    if let Ok(Some(behind)) = talk.end {
        let heads = answer.strip_suffix(&*behind).unwrap_or_default();
        assert!(heads.len() <= MOST && heads.starts_with(b"HTTP/1."));
        assert!(heads.ends_with(b"\n\n") || heads.ends_with(b"\n\r\n"));
    }
}

/// Answers of a SOCKS proxy. The lowest bit of the first byte says whether there is a password, the others how long the
/// pieces are.
pub fn socks5(data: &[u8]) {
    let proxies = ["socks5h://proxy", "socks5h://me:pw@proxy"];
    let choice = usize::from(data.first().is_some_and(|first| first & 1 != 0));
    let Some((answer, talk)) = proxies.get(choice).and_then(|proxy| answered(proxy, data)) else {
        return;
    };
    let (greeting, secret, wish) = (
        [&[5, 1, 0][..], &[5, 2, 0, 2]],
        b"\x01\x02me\x02pw",
        b"\x05\x01\0\x03\x09a.example\x01\xbb",
    );
    let rest = greeting
        .get(choice)
        .and_then(|greeting| talk.said.strip_prefix(*greeting));
    let rest = rest.unwrap_or(b"no greeting");
    let without = rest.strip_prefix(secret).unwrap_or(rest);
    assert!(
        choice == 1 || without == rest,
        "a password that nobody gave"
    );
    assert!(without.is_empty() || without == wish, "{rest:x?}");
    if let Ok(Some(behind)) = talk.end {
        let replies = answer.strip_suffix(&*behind).unwrap_or_default();
        let reply = if without == rest {
            replies.strip_prefix(b"\x05\0")
        } else {
            replies.strip_prefix(b"\x05\x02\x01\0")
        };
        let length = reply_bytes(reply.unwrap_or_default());
        assert_eq!(reply.map(<[u8]>::len), Some(length));
    }
}

/// How long a reply is that opens the tunnel (RFC 1928 §6); 0 for any other.
fn reply_bytes(reply: &[u8]) -> usize {
    match reply {
        [5, 0, _, 1, ..] => 10,
        [5, 0, _, 4, ..] => 22,
        [5, 0, _, 3, length, ..] => 7 + usize::from(*length),
        _ => 0,
    }
}

/// What comes of an answer, after a byte for the length of its pieces, however it is cut.
fn answered<'a>(proxy: &str, data: &'a [u8]) -> Option<(&'a [u8], Exchanged)> {
    let (&cut, answer) = data.split_first()?;
    let server = "wss://a.example/";
    let whole = exchanged(proxy, server, MOST, [answer]);
    let pieces = answer.chunks(usize::from(cut / 2) + 1);
    assert_eq!(whole, exchanged(proxy, server, MOST, pieces));
    whole.map(|whole| (answer, whole))
}

/// A proxy's address: as it is shown it names the same proxy, without user and password.
pub fn proxy_address(data: &[u8]) {
    let Ok(address) = str::from_utf8(data) else {
        return;
    };
    if let Ok(shown) = shown_proxy(address) {
        assert!(!shown.contains('@'), "{shown}");
        assert_eq!(shown_proxy(&shown).as_ref(), Ok(&shown));
    }
}

/// A host, and in the second line a list of those who are reached directly.
pub fn no_proxy(data: &[u8]) {
    let Some((host, list)) = str::from_utf8(data).ok().and_then(|t| t.split_once('\n')) else {
        return;
    };
    let is_in = |list: &str| is_listed(list, host, 80);
    let any = list.split([',', ' ', '\t']).any(is_in);
    assert_eq!(is_in(list), any, "an entry depends on others");
    assert_eq!(is_in(&list.to_ascii_uppercase()), any);
    assert!(is_in(&format!("{list},*")));
    let Ok(ip) = host.parse::<IpAddr>() else {
        return;
    };
    let ip = ip.to_canonical();
    let most = if ip.is_ipv4() { 32 } else { 128 };
    for bits in 0..=most {
        assert!(is_in(&format!("{list} {ip}/{bits}")), "{bits}");
    }
    assert_eq!(is_in(&format!("{list} {ip}/{}", most + 1)), any);
}
