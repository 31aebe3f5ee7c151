//! The list of those who are reached without a proxy, as `no_proxy` holds it.

use std::net::IpAddr;

/// Whether a list has an entry for a host and port. Entries that make no sense match nobody.
pub(super) fn lists(list: &str, host: &str, port: u16) -> bool {
    let ip = host.parse().ok().map(|ip: IpAddr| ip.to_canonical());
    list.split([',', ' ', '\t'])
        .filter(|entry| !entry.is_empty())
        .any(|entry| covers(entry, host, ip, port))
}

fn covers(entry: &str, host: &str, ip: Option<IpAddr>, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    let Some((entry, entry_port)) = split_port(entry) else {
        return false;
    };
    if entry_port.is_some_and(|entry_port| entry_port != port) {
        return false;
    }
    if let Some((network, bits)) = entry.split_once('/') {
        return match (network.parse(), bits.parse(), ip) {
            (Ok(network), Ok(bits), Some(ip)) => contains(network, bits, ip),
            _ => false,
        };
    }
    match (entry.parse::<IpAddr>(), ip) {
        (Ok(listed), Some(ip)) => listed.to_canonical() == ip,
        (Err(_), None) => {
            let entry = entry.strip_prefix('*').unwrap_or(entry);
            is_at_or_below(host, entry.strip_prefix('.').unwrap_or(entry))
        }
        _ => false,
    }
}

/// An entry without brackets, and its port if it has one; nothing if the port is none.
fn split_port(entry: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match entry.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        // More than one colon: an IPv6 address.
        None => match entry.split_once(':') {
            Some((host, port)) if !port.contains(':') => {
                return Some((host, Some(port.parse().ok()?)));
            }
            _ => return Some((entry, None)),
        },
    };
    match port.strip_prefix(':') {
        Some(port) => Some((host, Some(port.parse().ok()?))),
        None => port.is_empty().then_some((host, None)),
    }
}

/// Whether an address is in a network of so many leading bits (RFC 4632 §3.1).
fn contains(network: IpAddr, bits: u32, ip: IpAddr) -> bool {
    match (network, ip) {
        (IpAddr::V4(network), IpAddr::V4(ip)) if bits <= 32 => {
            let differs = u32::from(network) ^ u32::from(ip);
            differs.checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(network), IpAddr::V6(ip)) if bits <= 128 => {
            let differs = u128::from(network) ^ u128::from(ip);
            differs.checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// Whether a host is a name or one below it, in any case and with or without the root's dot.
pub(super) fn is_at_or_below(host: &str, name: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).as_bytes();
    let name = name.strip_suffix('.').unwrap_or(name).as_bytes();
    let Some((above, tail)) = host
        .len()
        .checked_sub(name.len())
        .and_then(|at| host.split_at_checked(at))
    else {
        return false;
    };
    !name.is_empty()
        && tail.eq_ignore_ascii_case(name)
        && above.last().is_none_or(|before| *before == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_cover_names_addresses_networks_and_ports() {
        for (list, host, listed) in [
            ("*", "a", true),
            ("a.example", "a.example", true),
            ("a.example", "A.Example.", true),
            ("a.example", "b.a.example", true),
            (".a.example", "b.a.example", true),
            (".a.example", "a.example", true),
            ("*.a.example", "b.a.example", true),
            ("a.example.", "a.example", true),
            ("a.example", "ba.example", false),
            ("b.a.example", "a.example", false),
            ("x, y  a.example", "a.example", true),
            (",,", "a", false),
            (".", "a", false),
            ("a:80", "a", true),
            ("a:81", "a", false),
            ("a:x", "a", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("::ffff:192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7:80", "192.0.2.7", true),
            ("192.0.2.7", "x.192.0.2.7", false),
            ("2.7", "192.0.2.7", false),
            ("192.0.2.0/24", "192.0.2.7", true),
            ("192.0.2.0/24:81", "192.0.2.7", false),
            ("192.0.2.0/31", "192.0.2.7", false),
            ("192.0.2.0/33", "192.0.2.7", false),
            ("192.0.2.7/32", "192.0.2.7", true),
            ("0.0.0.0/0", "192.0.2.7", true),
            ("0.0.0.0/0", "::1", false),
            ("192.0.2.0/24", "::ffff:192.0.2.7", true),
            ("192.0.2.0/24", "a.example", false),
            ("2001:db8::1", "2001:db8:0::1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("[2001:db8::1]", "2001:db8::1", true),
            ("[2001:db8::1]:80", "2001:db8::1", true),
            ("[2001:db8::1]:81", "2001:db8::1", false),
            ("[2001:db8::1]x", "2001:db8::1", false),
            ("[2001:db8::1", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
        ] {
            assert_eq!(lists(list, host, 80), listed, "{list} {host}");
        }
    }
}
