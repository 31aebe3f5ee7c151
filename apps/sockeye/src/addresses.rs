//! The addresses that people can open, given the one that is listened on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// An address that documentation uses and nobody has (RFC 5737): the way there is the way out.
const ELSEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// Returns the addresses to open, the one for this machine first.
///
/// `local` are the machine's own addresses; they count where the program listens on all of them.
pub(crate) fn to_open(scheme: &str, bound: SocketAddr, local: &[IpAddr]) -> Vec<String> {
    let port = bound.port();
    let url = |host: &str| format!("{scheme}://{host}:{port}/say");
    if !bound.ip().is_unspecified() {
        return vec![match bound.ip() {
            ip if ip.is_loopback() && ip.is_ipv4() => url("localhost"),
            IpAddr::V6(ip) => url(&format!("[{ip}]")),
            IpAddr::V4(ip) => url(&ip.to_string()),
        }];
    }
    let reachable = reachable(local).filter_map(|ip| match ip {
        IpAddr::V4(ip) => Some(url(&ip.to_string())),
        IpAddr::V6(ip) if bound.is_ipv6() => Some(url(&format!("[{ip}]"))),
        IpAddr::V6(_) => None,
    });
    std::iter::once(url("localhost")).chain(reachable).collect()
}

/// Returns the one of these addresses that a phone on the same network most likely reaches: the first that is not for
/// this machine alone.
pub(crate) fn for_a_phone(to_open: &[String]) -> Option<&str> {
    let is_own = |url: &&String| {
        let host = url.split("://").nth(1).unwrap_or_default();
        host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]")
    };
    to_open.iter().find(|url| !is_own(url)).map(String::as_str)
}

/// Those of the machine's own addresses that others can reach it by.
pub(crate) fn reachable(local: &[IpAddr]) -> impl Iterator<Item = IpAddr> {
    local.iter().copied().filter(|ip| match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local(),
    })
}

/// Returns the machine's own addresses, the one it reaches others by first; none if the system does not tell.
pub(crate) fn local() -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<_> = interfaces.iter().map(if_addrs::Interface::ip).collect();
    let outward = outward();
    addresses.sort_by_key(|ip| Some(*ip) != outward);
    addresses
}

/// Connecting a datagram socket sends nothing: the system only picks the address it would send from.
fn outward() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ELSEWHERE).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(bound: &str, local: &[&str]) -> Vec<String> {
        let local: Vec<_> = local.iter().map(|ip| ip.parse().unwrap()).collect();
        to_open("http", bound.parse().unwrap(), &local)
    }

    #[test]
    fn every_address_others_can_reach_is_named_when_all_are_listened_on() {
        let local = [
            "127.0.0.1",
            "192.168.0.7",
            "169.254.1.1",
            "::1",
            "fe80::1",
            "fd00::7",
        ];
        let v4 = ["http://localhost:8080/say", "http://192.168.0.7:8080/say"];
        assert_eq!(urls("0.0.0.0:8080", &local), v4);
        let both = [v4[0], v4[1], "http://[fd00::7]:8080/say"];
        assert_eq!(urls("[::]:8080", &local), both);
    }

    #[test]
    fn only_the_address_listened_on_is_named_when_it_is_one() {
        let local = ["192.168.0.7"];
        assert_eq!(urls("127.0.0.1:80", &local), ["http://localhost:80/say"]);
        assert_eq!(urls("10.0.0.1:9000", &local), ["http://10.0.0.1:9000/say"]);
        assert_eq!(urls("[::1]:9000", &local), ["http://[::1]:9000/say"]);
    }

    #[test]
    fn a_phone_gets_an_address_that_is_not_this_machine_s_own() {
        let found = urls("0.0.0.0:80", &["127.0.0.1", "192.168.0.7"]);
        assert_eq!(for_a_phone(&found), Some("http://192.168.0.7:80/say"));
        for alone in ["127.0.0.1:80", "127.0.0.2:80", "[::1]:80"] {
            assert_eq!(for_a_phone(&urls(alone, &["192.168.0.7"])), None);
        }
    }
}
