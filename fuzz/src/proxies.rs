//! What stands in front of a request: PROXY headers, and what proxies write of their clients.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::{HeaderMap, HeaderName, HeaderValue};
use sockeye_server::{Forwarded, ProxyHeader, TrustedProxies};

/// How long a header of version 2 may be here.
const MOST: usize = 536;

/// Any bytes at the start of a connection: what a header is does not depend on what follows or how it is cut.
pub fn proxy_protocol(data: &[u8]) {
    let whole = ProxyHeader::parse(data, MOST);
    let Ok(Some(header)) = whole else {
        return;
    };
    assert!(header.len <= data.len().min(MOST));
    for end in 0..header.len {
        let cut = data.get(..end).unwrap_or_default();
        assert_eq!(ProxyHeader::parse(cut, MOST), Ok(None));
    }
    let alone = data.get(..header.len).unwrap_or_default();
    assert_eq!(ProxyHeader::parse(alone, MOST), whole);
}

/// Any values, one a line, that a client sent through a trusted proxy which adds the client's address.
pub fn forwarded(data: &[u8]) {
    let trusted = TrustedProxies::named(["loopback"]).unwrap_or_default();
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    for (which, name, own) in [
        (Forwarded::Forwarded, "forwarded", "for=192.0.2.1;host=own"),
        (Forwarded::XForwarded, "x-forwarded-for", "192.0.2.1"),
    ] {
        let mut headers = HeaderMap::new();
        let name = HeaderName::from_static(name);
        for line in data.split(|byte| *byte == b'\n') {
            if let Ok(value) = HeaderValue::from_bytes(line) {
                headers.append(&name, value);
            }
        }
        // Whatever this one names: it must not panic.
        assert!(which.client(&headers, peer, &trusted).is_some());
        headers.append(&name, HeaderValue::from_static(own));
        let client = which.client(&headers, peer, &trusted);
        let ip = client.map(|client| client.addr.ip());
        assert_eq!(ip, Some(IpAddr::from([192, 0, 2, 1])));
    }
}
