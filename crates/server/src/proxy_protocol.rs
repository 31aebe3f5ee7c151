//! The PROXY protocol, versions 1 and 2: what a proxy that passes bytes on says of its client before the first of them
//! (haproxy.org, `proxy-protocol.txt`).
//!
//! Read by hand: it is two short formats, and the crate `ppp` takes some lines that are cut short for wrong ones, and a
//! `LOCAL` whose addresses it can't read as well.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;

/// How a header of version 1 begins (§2.1).
const V1: &[u8] = b"PROXY ";
/// The longest line of version 1, its end included (§2.1).
const V1_BYTES: usize = 107;
/// How a header of version 2 begins (§2.2).
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// What stands before the addresses: the beginning, version and command, family, length.
const V2_FIXED_BYTES: usize = 16;
/// The longest header of version 2 that holds addresses alone: those of two Unix sockets.
pub(crate) const V2_LEAST_BYTES: usize = V2_FIXED_BYTES + 216;

/// Whether connections begin with a PROXY header.
///
/// There is no mode that looks whether one is there: a client whose proxy adds none could then write its own (§2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyProtocol {
    /// None does. A client that sends one sends no HTTP.
    #[default]
    Off,
    /// Each does, of version 1 or 2, and comes from a trusted proxy; others are closed.
    Required,
}

/// A PROXY header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProxyHeader {
    /// Who connected to the proxy; `None` if the proxy does not say, or speaks for itself (`UNKNOWN`, `LOCAL`, a
    /// family other than TCP over IP).
    pub source: Option<SocketAddr>,
    /// How many bytes the header is long.
    pub len: usize,
}

/// The peer does not begin with a PROXY header that could be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidProxyHeader {
    /// It begins otherwise.
    #[error("the connection does not begin with a PROXY header")]
    Missing,
    /// It is longer than it may be.
    #[error("the PROXY header is too long")]
    TooLong,
    /// A field in it is not as it must be.
    #[error("the PROXY header is malformed")]
    Malformed,
}

impl ProxyHeader {
    /// Reads a header at the start of what has arrived; `None` if more must arrive first, all of which then is the
    /// header's own. One of version 2 may be up to `most` bytes long, one of version 1 up to 107.
    ///
    /// What a header holds behind its addresses (TLVs) is passed over.
    ///
    /// # Errors
    /// [`InvalidProxyHeader`] as soon as it is certain.
    pub fn parse(bytes: &[u8], most: usize) -> Result<Option<Self>, InvalidProxyHeader> {
        if begins(bytes, V2) {
            version_2(bytes, most)
        } else if begins(bytes, V1) {
            version_1(bytes)
        } else {
            Err(InvalidProxyHeader::Missing)
        }
    }
}

/// Says whether some bytes begin like this, as far as they go.
fn begins(bytes: &[u8], like: &[u8]) -> bool {
    bytes.iter().zip(like).all(|(byte, like)| byte == like)
}

fn version_1(bytes: &[u8]) -> Result<Option<ProxyHeader>, InvalidProxyHeader> {
    let seen = bytes.get(..V1_BYTES).unwrap_or(bytes);
    let Some(end) = seen.windows(2).position(|pair| pair == b"\r\n") else {
        return if seen.len() < V1_BYTES {
            Ok(None)
        } else {
            Err(InvalidProxyHeader::TooLong)
        };
    };
    let fields = seen.get(V1.len()..end);
    let text = fields.and_then(|fields| str::from_utf8(fields).ok());
    let source = text
        .and_then(version_1_source)
        .ok_or(InvalidProxyHeader::Malformed)?;
    Ok(Some(ProxyHeader {
        source,
        len: end + 2,
    }))
}

/// The outer `None` is for fields that are malformed.
#[expect(
    clippy::option_option,
    reason = "the inner one is a source that is not told"
)]
fn version_1_source(fields: &str) -> Option<Option<SocketAddr>> {
    let mut fields = fields.split(' ');
    let family = fields.next()?;
    if family == "UNKNOWN" {
        // Whatever follows is to be passed over (§2.1).
        return Some(None);
    }
    let mut address = || -> Option<IpAddr> {
        let text = fields.next()?;
        match family {
            "TCP4" => text.parse::<Ipv4Addr>().ok().map(IpAddr::from),
            "TCP6" => text.parse::<Ipv6Addr>().ok().map(IpAddr::from),
            _ => None,
        }
    };
    let (source, _) = (address()?, address()?);
    let (port, _) = (port(fields.next()?)?, port(fields.next()?)?);
    fields.next().is_none().then(|| Some(whole(source, port)))
}

/// A port in decimal digits, without leading zeros (§2.1).
fn port(text: &str) -> Option<u16> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    (is_plain && (text == "0" || !text.starts_with('0')))
        .then(|| text.parse().ok())
        .flatten()
}

fn version_2(bytes: &[u8], most: usize) -> Result<Option<ProxyHeader>, InvalidProxyHeader> {
    let Some((fixed, rest)) = bytes.split_first_chunk::<V2_FIXED_BYTES>() else {
        return Ok(None);
    };
    let [.., command, family, high, low] = *fixed;
    if command >> 4 != 2 {
        return Err(InvalidProxyHeader::Malformed);
    }
    let behind = usize::from(u16::from_be_bytes([high, low]));
    let len = V2_FIXED_BYTES + behind;
    if len > most {
        return Err(InvalidProxyHeader::TooLong);
    }
    let Some(body) = rest.get(..behind) else {
        return Ok(None);
    };
    let source = match command & 0x0f {
        // The proxy's own connection, such as a health check: the rest is not to be looked at (§2.2).
        0 => None,
        1 => version_2_source(family, body)?,
        _ => return Err(InvalidProxyHeader::Malformed),
    };
    Ok(Some(ProxyHeader { source, len }))
}

fn version_2_source(family: u8, body: &[u8]) -> Result<Option<SocketAddr>, InvalidProxyHeader> {
    let source = match family {
        0x11 => body
            .first_chunk::<12>()
            .map(|[a, b, c, d, _, _, _, _, high, low, _, _]| {
                let address = Ipv4Addr::new(*a, *b, *c, *d);
                whole(address.into(), u16::from_be_bytes([*high, *low]))
            }),
        0x21 => body.first_chunk::<36>().and_then(|addresses| {
            let (source, rest) = addresses.split_first_chunk::<16>()?;
            let ports = rest.get(16..)?.first_chunk::<2>()?;
            let address = Ipv6Addr::from(*source);
            Some(whole(address.into(), u16::from_be_bytes(*ports)))
        }),
        // Unspecified, datagrams, Unix sockets: nothing to know a client by.
        0x00 | 0x12 | 0x22 | 0x31 | 0x32 => return Ok(None),
        _ => None,
    };
    source.map(Some).ok_or(InvalidProxyHeader::Malformed)
}

/// An IPv4 address that is written as IPv6 is one of IPv4.
fn whole(address: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(address.to_canonical(), port)
}

#[cfg(test)]
mod tests;
