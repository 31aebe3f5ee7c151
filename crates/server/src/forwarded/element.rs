//! One element of a list that proxies write, and how lists are cut.

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use sockeye_endpoint::{Scheme, Site};

/// What one proxy says of whoever connected to it (RFC 7239 §4).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// `for`; `None` if it is missing, unknown or hidden (§6.2, §6.3).
    pub(super) client: Option<SocketAddr>,
    /// `proto` and `host`.
    pub(super) site: Site,
}

impl Element {
    /// Reads an element; `None` if it is malformed, be it in what is not of interest.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mut client, mut proto, mut host) = (None, None, None);
        for pair in rsplit(text, b';').map(|pair| pair.trim_matches([' ', '\t'])) {
            // Pairs may be empty (§4).
            if pair.is_empty() {
                continue;
            }
            let (name, value) = pair.split_once('=')?;
            let value = value_of(value)?;
            let seen = match name.to_ascii_lowercase().as_str() {
                "for" => &mut client,
                "proto" => &mut proto,
                "host" => &mut host,
                other if is_token(other) => continue,
                _ => return None,
            };
            // Each may occur once (§4).
            if seen.replace(value).is_some() {
                return None;
            }
        }
        let client = match client {
            Some(node) => node_of(&node)?,
            None => None,
        };
        let site = Site::default()
            .scheme(proto.as_deref().and_then(Scheme::named))
            .authority(host.map(Cow::into_owned));
        Some(Self { client, site })
    }
}

/// Reads a token or a quoted string (RFC 9110 §5.6.2, §5.6.4).
fn value_of(text: &str) -> Option<Cow<'_, str>> {
    let Some(quoted) = text.strip_prefix('"') else {
        return is_token(text).then_some(Cow::Borrowed(text));
    };
    let mut value = String::with_capacity(quoted.len());
    let mut rest = quoted.chars();
    loop {
        match rest.next()? {
            '"' => break,
            '\\' => value.push(rest.next()?),
            other => value.push(other),
        }
    }
    rest.as_str().is_empty().then_some(Cow::Owned(value))
}

fn is_token(text: &str) -> bool {
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_of_token)
}

/// Reads a node (RFC 7239 §6); the outer `None` is for a malformed one, the inner one for one that names no address.
#[expect(
    clippy::option_option,
    reason = "a node that hides is not a malformed one"
)]
fn node_of(node: &str) -> Option<Option<SocketAddr>> {
    let name_end = if node.starts_with('[') {
        node.find(']')? + 1
    } else {
        node.find(':').unwrap_or(node.len())
    };
    let (name, rest) = node.split_at_checked(name_end)?;
    let port = if rest.is_empty() {
        0
    } else {
        port(rest.strip_prefix(':')?)?
    };
    if name.eq_ignore_ascii_case("unknown") || is_obfuscated(name) {
        return Some(None);
    }
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    let ip = match bare {
        Some(v6) => v6.parse::<Ipv6Addr>().ok()?.into(),
        None => name.parse::<Ipv4Addr>().ok()?.into(),
    };
    Some(Some(whole(ip, port)))
}

/// A port, or 0 for one that hides.
fn port(text: &str) -> Option<u16> {
    if is_obfuscated(text) {
        return Some(0);
    }
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten()
}

/// `_` and at least one of the characters that may follow it (RFC 7239 §6.3).
fn is_obfuscated(text: &str) -> bool {
    text.strip_prefix('_').is_some_and(|name| {
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !name.is_empty() && name.bytes().all(is_of_name)
    })
}

/// Reads an element of `X-Forwarded-For`, which nobody specified: an address, in brackets or not, with a port or not.
pub(super) fn address(text: &str) -> Option<SocketAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let alone: Option<IpAddr> = match bare {
        Some(v6) => v6.parse::<Ipv6Addr>().ok().map(IpAddr::from),
        None => text.parse().ok(),
    };
    match alone {
        Some(ip) => Some(whole(ip, 0)),
        None => {
            let addr: SocketAddr = text.parse().ok()?;
            Some(whole(addr.ip(), addr.port()))
        }
    }
}

/// An IPv4 address that is written as IPv6 is one of IPv4.
fn whole(ip: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(ip.to_canonical(), port)
}

/// Splits at a separator outside of quoted strings, from the right. What is well-formed is cut as from the left; but
/// whatever stands on the left, such as a quote that is never closed, changes nothing of what is on its right.
pub(super) fn rsplit(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        match last_separator(text, separator) {
            Some(at) => {
                rest = text.get(..at);
                text.get(at + 1..)
            }
            None => rest.take(),
        }
    })
}

fn last_separator(text: &str, separator: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut is_quoted = false;
    for (at, byte) in bytes.iter().enumerate().rev() {
        if *byte == b'"' && !is_escaped(bytes, at) {
            is_quoted = !is_quoted;
        } else if *byte == separator && !is_quoted {
            return Some(at);
        }
    }
    None
}

/// Says whether a backslash that is not escaped itself stands before a place.
fn is_escaped(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\');
    backslashes.count() % 2 == 1
}
