//! Which peers are proxies whose word about their clients counts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use thiserror::Error;

/// Networks of this machine itself.
const LOOPBACK: [IpNet; 2] = [v4([127, 0, 0, 0], 8), v6([0, 0, 0, 0, 0, 0, 0, 1], 128)];
/// Networks that nobody on the internet has (RFC 1918, RFC 4193).
const PRIVATE: [IpNet; 4] = [
    v4([10, 0, 0, 0], 8),
    v4([172, 16, 0, 0], 12),
    v4([192, 168, 0, 0], 16),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),
];

const fn v4(octets: [u8; 4], bits: u8) -> IpNet {
    let [a, b, c, d] = octets;
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits))
}

const fn v6(segments: [u16; 8], bits: u8) -> IpNet {
    let [a, b, c, d, e, f, g, h] = segments;
    IpNet::V6(Ipv6Net::new_assert(
        Ipv6Addr::new(a, b, c, d, e, f, g, h),
        bits,
    ))
}

/// Addresses of proxies whose word about their clients counts. None by default.
///
/// Whoever has one of them can claim to be any client and, on plain connections, to have come by `https`. Name the
/// proxies alone, not the network that clients are in as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// What was given as a trusted proxy is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no proxy: write an address, a network such as 10.1.0.0/16, `loopback` or `private`"
)]
pub struct InvalidProxy(String);

impl TrustedProxies {
    /// Nobody's word counts.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Those at these addresses (`192.0.2.7`, `2001:db8::7`), in these networks (`10.1.0.0/16`), on this machine
    /// (`loopback`: `127.0.0.0/8`, `::1`), or in private networks (`private`: `10.0.0.0/8`, `172.16.0.0/12`,
    /// `192.168.0.0/16`, `fc00::/7`).
    ///
    /// # Errors
    /// [`InvalidProxy`] names the first that is none.
    pub fn named<S: AsRef<str>>(
        proxies: impl IntoIterator<Item = S>,
    ) -> Result<Self, InvalidProxy> {
        let mut networks = Vec::new();
        for proxy in proxies {
            match proxy.as_ref().trim() {
                "loopback" => networks.extend(LOOPBACK),
                "private" => networks.extend(PRIVATE),
                text => {
                    networks.push(network(text).ok_or_else(|| InvalidProxy(text.to_owned()))?);
                }
            }
        }
        Ok(Self(networks))
    }

    /// Says whether a proxy that is trusted has this address. An IPv4 address that is written as IPv6 is one of IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Says whether nobody's word counts.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn network(text: &str) -> Option<IpNet> {
    match text.parse::<IpAddr>() {
        Ok(address) => Some(address.to_canonical().into()),
        Err(_) => text.parse::<IpNet>().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts(proxies: &[&str], address: &str) -> bool {
        TrustedProxies::named(proxies)
            .unwrap()
            .contains(address.parse().unwrap())
    }

    #[test]
    fn addresses_networks_and_names_are_matched_at_their_edges() {
        for (proxy, inside, outside) in [
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("2001:db8::7", "2001:db8::7", "2001:db8::8"),
            ("10.1.0.0/16", "10.1.255.255", "10.2.0.0"),
            ("10.1.2.3/16", "10.1.0.0", "10.0.255.255"),
            ("2001:db8::/32", "2001:db8:ffff::", "2001:db9::"),
            ("loopback", "127.255.0.1", "128.0.0.1"),
            ("loopback", "::1", "::2"),
            ("private", "10.255.255.255", "11.0.0.0"),
            ("private", "172.31.255.255", "172.32.0.0"),
            ("private", "192.168.0.0", "192.167.255.255"),
            ("private", "fdff::1", "fe00::1"),
            (" loopback ", "127.0.0.1", "10.0.0.1"),
        ] {
            assert!(trusts(&[proxy], inside), "{inside} in {proxy}");
            assert!(!trusts(&[proxy], outside), "{outside} in {proxy}");
        }
        assert!(trusts(&["10.0.0.1", "private"], "192.168.1.1"));
        assert!(!trusts(&["private"], "127.0.0.1"));
        assert!(!trusts(&[], "127.0.0.1"));
    }

    #[test]
    fn an_ipv4_address_written_as_ipv6_is_the_same_proxy() {
        assert!(trusts(&["192.0.2.7"], "::ffff:192.0.2.7"));
        assert!(trusts(&["::ffff:192.0.2.7"], "192.0.2.7"));
        assert!(trusts(&["loopback"], "::ffff:127.0.0.1"));
    }

    #[test]
    fn what_is_no_proxy_is_named_in_the_error() {
        for bad in [
            "",
            "proxy",
            "10.0.0.0/33",
            "10.0.0",
            "::1/129",
            "any",
            "*",
            "10.0.0.1:80",
        ] {
            let error = TrustedProxies::named([bad]).unwrap_err().to_string();
            assert!(error.contains(&format!("`{bad}`")), "{error}");
        }
    }
}
