//! Connecting from many addresses of the loopback, so that ports are enough for any number of connections.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs},
    time::Duration,
};

use http::Uri;
use rustix::{
    io::Errno,
    net::{self, AddressFamily, SocketFlags, SocketType, sockopt},
};

use super::{ClientArgs, handshake::Handshake};

/// Where to connect, and from where.
#[derive(Debug)]
pub(super) struct Dial {
    targets: Vec<Target>,
    source: Option<Ipv4Addr>,
    per_source: u32,
}

#[derive(Debug)]
struct Target {
    addr: SocketAddr,
    handshake: Handshake,
}

impl Dial {
    /// Finds the addresses of the targets.
    pub(super) fn new(args: &ClientArgs) -> Result<Self, String> {
        let targets: Result<Vec<_>, String> = args.urls.iter().map(target).collect();
        Ok(Self {
            targets: targets?,
            source: args.source,
            per_source: args.per_source.max(1),
        })
    }

    /// Begins to connect. It is done, one way or the other, once the socket is writable.
    pub(super) fn begin(&self, index: usize) -> Result<TcpStream, String> {
        let addr = self.target(index)?.addr;
        let failed = |what: &str, error: Errno| format!("{what}: {error}");
        let family = match addr {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = net::socket_with(family, SocketType::STREAM, flags, None)
            .map_err(|error| failed("a connection can't be made", error))?;
        if let Some(source) = self.source_of(index) {
            net::bind(&socket, &SocketAddr::from((source, 0)))
                .map_err(|error| failed(&format!("no port of {source} is free"), error))?;
        }
        match net::connect(&socket, &addr) {
            Ok(()) | Err(Errno::INPROGRESS) => Ok(socket.into()),
            Err(error) => Err(failed(&format!("can't connect to {addr}"), error)),
        }
    }

    /// What is asked of and answered by the target of a connection.
    pub(super) fn handshake(&self, index: usize) -> Result<&Handshake, String> {
        self.target(index).map(|target| &target.handshake)
    }

    fn target(&self, index: usize) -> Result<&Target, String> {
        let turn = index.checked_rem(self.targets.len());
        turn.and_then(|turn| self.targets.get(turn))
            .ok_or_else(|| "there is nothing to connect to".to_owned())
    }

    fn source_of(&self, index: usize) -> Option<IpAddr> {
        let nth = u32::try_from(index).ok()?.checked_div(self.per_source)?;
        let source = self.source?.to_bits().checked_add(nth)?;
        Some(Ipv4Addr::from_bits(source).into())
    }
}

fn target(url: &Uri) -> Result<Target, String> {
    Ok(Target {
        addr: address(url)?,
        handshake: Handshake::new(url),
    })
}

/// The address that a URL names.
pub(in crate::bench) fn address(url: &Uri) -> Result<SocketAddr, String> {
    let host = url.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let found = (host, url.port_u16().unwrap_or(80)).to_socket_addrs();
    let mut found = found.map_err(|error| format!("{host} has no address: {error}"))?;
    found.next().ok_or_else(|| format!("{host} has no address"))
}

/// Cuts a connection at once: the peer learns of it, and the port is free again (no `TIME_WAIT`).
pub(super) fn cut(stream: TcpStream) -> Result<(), String> {
    sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).map_err(|it| it.to_string())?;
    drop(stream);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_connections_come_from_one_address_and_the_next_from_the_next() {
        let dial = Dial {
            targets: Vec::new(),
            source: Some(Ipv4Addr::new(127, 1, 0, 255)),
            per_source: 10,
        };
        let source = |index| dial.source_of(index).unwrap().to_string();
        assert_eq!(
            (source(0), source(9)),
            ("127.1.0.255".into(), "127.1.0.255".into())
        );
        assert_eq!(
            (source(10), source(20)),
            ("127.1.1.0".into(), "127.1.1.1".into())
        );
    }

    #[test]
    fn a_url_names_an_address() {
        let of = |url| address(&Uri::from_static(url)).unwrap().to_string();
        assert_eq!(of("ws://127.0.0.1:9000/say"), "127.0.0.1:9000");
        assert_eq!(of("ws://[::1]/say"), "[::1]:80");
    }
}
