//! A tunnel by SOCKS 5 (RFC 1928), with user and password if need be (RFC 1929).

use std::net::{IpAddr, SocketAddr};

use bytes::{Buf, BufMut, BytesMut};
use thiserror::Error;

use super::{
    error::ProxyError,
    proxy_server::Credentials,
    tunnel::{Exchange, Progress},
};
use crate::address::Address;

const VERSION: u8 = 5;
/// The version of the exchange of user and password (RFC 1929 §2).
const AUTHENTICATION_VERSION: u8 = 1;
const NO_AUTHENTICATION: u8 = 0x00;
const USER_AND_PASSWORD: u8 = 0x02;
const NO_ACCEPTABLE_METHOD: u8 = 0xFF;
const CONNECT: u8 = 0x01;
const IPV4: u8 = 0x01;
const DOMAIN_NAME: u8 = 0x03;
const IPV6: u8 = 0x04;

/// The exchange with a SOCKS proxy.
///
/// ```text
/// Fresh ── greeting ──▶ Greeted ──── no authentication ────▶ Asked ── succeeded ──▶ open
///                          │                                   ▲
///                          └─ user and password ─▶ Introduced ─┘
/// ```
///
/// Any other answer is an error.
#[derive(Debug)]
pub(super) struct Socks5 {
    state: State,
    target: Target,
    credentials: Option<Credentials>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Fresh,
    Greeted,
    Introduced,
    Asked,
}

/// Where a tunnel leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Ip(SocketAddr),
    Name { name: String, port: u16 },
}

/// Why a SOCKS proxy did not connect to a server: its reply (RFC 1928 §6), or a name that can't be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SocksFailure {
    /// Reply 1.
    #[error("general SOCKS server failure")]
    General,
    /// Reply 2.
    #[error("the proxy's rules do not allow it")]
    NotAllowed,
    /// Reply 3.
    #[error("network unreachable")]
    NetworkUnreachable,
    /// Reply 4. Some proxies say so when they can't look a name up.
    #[error("host unreachable")]
    HostUnreachable,
    /// Reply 5.
    #[error("connection refused")]
    ConnectionRefused,
    /// Reply 6.
    #[error("TTL expired")]
    TtlExpired,
    /// Reply 7.
    #[error("the proxy does not know the command CONNECT")]
    CommandNotSupported,
    /// Reply 8.
    #[error("the proxy does not know this type of address")]
    AddressTypeNotSupported,
    /// A reply that the RFC does not name.
    #[error("reply {0}, which has no meaning")]
    Unassigned(u8),
    /// The server's name has more than 255 bytes, or none: SOCKS has no way to say it.
    #[error("the server's name does not fit into a request")]
    Name,
}

impl Target {
    pub(super) fn of(address: &Address) -> Self {
        let port = address.port;
        match address.host.parse::<IpAddr>() {
            Ok(ip) => Self::Ip((ip, port).into()),
            Err(_) => Self::Name {
                name: address.host.clone(),
                port,
            },
        }
    }

    /// Appends type, address and port (RFC 1928 §5).
    fn encode(&self, out: &mut BytesMut) -> Result<(), SocksFailure> {
        match self {
            Self::Ip(SocketAddr::V4(address)) => {
                out.put_u8(IPV4);
                out.put_slice(&address.ip().octets());
                out.put_u16(address.port());
            }
            Self::Ip(SocketAddr::V6(address)) => {
                out.put_u8(IPV6);
                out.put_slice(&address.ip().octets());
                out.put_u16(address.port());
            }
            Self::Name { name, port } => {
                out.put_u8(DOMAIN_NAME);
                put_counted(name, out).ok_or(SocksFailure::Name)?;
                out.put_u16(*port);
            }
        }
        Ok(())
    }
}

/// Appends a length of one byte and so many bytes; nothing if there are none or too many.
fn put_counted(text: &str, out: &mut BytesMut) -> Option<()> {
    let length = u8::try_from(text.len()).ok().filter(|length| *length > 0)?;
    out.put_u8(length);
    out.put_slice(text.as_bytes());
    Some(())
}

impl Socks5 {
    pub(super) fn new(target: Target, credentials: Option<Credentials>) -> Self {
        Self {
            state: State::Fresh,
            target,
            credentials,
        }
    }

    /// Says which methods of authentication there are (RFC 1928 §3).
    fn greet(&mut self, out: &mut BytesMut) {
        out.put_u8(VERSION);
        match self.credentials {
            None => out.put_slice(&[1, NO_AUTHENTICATION]),
            Some(_) => out.put_slice(&[2, NO_AUTHENTICATION, USER_AND_PASSWORD]),
        }
        self.state = State::Greeted;
    }

    /// Takes the method that the proxy has chosen (RFC 1928 §3).
    fn handle_method(&mut self, method: u8, out: &mut BytesMut) -> Result<(), ProxyError> {
        match (method, &self.credentials) {
            (NO_AUTHENTICATION, _) => self.ask(out),
            (USER_AND_PASSWORD, Some(Credentials { user, password })) => {
                out.put_u8(AUTHENTICATION_VERSION);
                put_counted(user, out)
                    .and_then(|()| put_counted(password, out))
                    .ok_or(ProxyError::Unauthorized)?;
                self.state = State::Introduced;
                Ok(())
            }
            (NO_ACCEPTABLE_METHOD, _) => Err(ProxyError::NoAcceptableMethod),
            _ => Err(ProxyError::NotSocks),
        }
    }

    /// Asks for the tunnel (RFC 1928 §4).
    fn ask(&mut self, out: &mut BytesMut) -> Result<(), ProxyError> {
        out.put_slice(&[VERSION, CONNECT, 0]);
        self.target.encode(out)?;
        self.state = State::Asked;
        Ok(())
    }
}

impl Exchange for Socks5 {
    fn decode(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Result<Progress, ProxyError> {
        loop {
            match (self.state, input.first_chunk()) {
                (State::Fresh, _) => self.greet(out),
                (State::Asked, _) => return decode_reply(input),
                (State::Greeted, Some([VERSION, method])) => {
                    let method = *method;
                    input.advance(2);
                    self.handle_method(method, out)?;
                }
                (State::Introduced, Some([AUTHENTICATION_VERSION, 0])) => {
                    input.advance(2);
                    self.ask(out)?;
                }
                (State::Introduced, Some([AUTHENTICATION_VERSION, _])) => {
                    return Err(ProxyError::Unauthorized);
                }
                (State::Greeted | State::Introduced, Some(_)) => return Err(ProxyError::NotSocks),
                (State::Greeted | State::Introduced, None) => return Ok(Progress::Waiting),
            }
        }
    }
}

/// Takes the reply to the request out of `input` (RFC 1928 §6).
fn decode_reply(input: &mut BytesMut) -> Result<Progress, ProxyError> {
    let Some(&[version, reply]) = input.first_chunk() else {
        return Ok(Progress::Waiting);
    };
    if version != VERSION {
        return Err(ProxyError::NotSocks);
    }
    // With a failure some proxies send no address.
    failure_of(reply)?;
    let bound = match input.get(3) {
        None => return Ok(Progress::Waiting),
        Some(&IPV4) => 4,
        Some(&IPV6) => 16,
        Some(&DOMAIN_NAME) => match input.get(4) {
            None => return Ok(Progress::Waiting),
            Some(length) => 1 + usize::from(*length),
        },
        Some(_) => return Err(ProxyError::NotSocks),
    };
    // Version, reply, a reserved byte and the type are before the address, the port is behind it.
    let length = 4 + bound + 2;
    if input.len() < length {
        return Ok(Progress::Waiting);
    }
    input.advance(length);
    Ok(Progress::Open)
}

fn failure_of(reply: u8) -> Result<(), SocksFailure> {
    Err(match reply {
        0 => return Ok(()),
        1 => SocksFailure::General,
        2 => SocksFailure::NotAllowed,
        3 => SocksFailure::NetworkUnreachable,
        4 => SocksFailure::HostUnreachable,
        5 => SocksFailure::ConnectionRefused,
        6 => SocksFailure::TtlExpired,
        7 => SocksFailure::CommandNotSupported,
        8 => SocksFailure::AddressTypeNotSupported,
        other => SocksFailure::Unassigned(other),
    })
}

#[cfg(test)]
mod tests;
