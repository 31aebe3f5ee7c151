//! The proxy that the environment names, by the conventions that [`Proxy::from_environment`] documents.
//!
//! [`Proxy::from_environment`]: super::Proxy::from_environment

use std::net::IpAddr;

use super::{
    no_proxy,
    proxy_server::{InvalidProxy, ProxyServer},
};
use crate::address::{Address, Security};

/// A variable names no proxy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InvalidVariable {
    pub(super) variable: String,
    pub(super) source: InvalidProxy,
}

const FOR_WSS: [&str; 4] = ["wss_proxy", "https_proxy", "all_proxy", "socks_proxy"];
const FOR_WS: [&str; 4] = ["ws_proxy", "http_proxy", "all_proxy", "socks_proxy"];

/// The proxy before an address, if `lookup` gives the value of a variable.
pub(super) fn proxy_before(
    address: &Address,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Option<ProxyServer>, InvalidVariable> {
    if is_loopback(&address.host) {
        return Ok(None);
    }
    let spelt = |name: &str| {
        let value = lookup(name).filter(|value| !value.is_empty())?;
        Some((name.to_owned(), value))
    };
    let either = |name: &str| {
        spelt(name).or_else(|| match name {
            // In a CGI program this is the header `Proxy` of the request.
            "http_proxy" => None,
            _ => spelt(&name.to_ascii_uppercase()),
        })
    };
    let names = match address.security {
        Security::Tls => FOR_WSS,
        Security::Plain => FOR_WS,
    };
    let Some((variable, value)) = names.into_iter().find_map(either) else {
        return Ok(None);
    };
    if let Some((_, list)) = either("no_proxy")
        && no_proxy::lists(&list, &address.host, address.port)
    {
        return Ok(None);
    }
    match ProxyServer::parse(&with_scheme(&variable, value)) {
        Ok(server) => Ok(Some(server)),
        Err(source) => Err(InvalidVariable { variable, source }),
    }
}

/// Whether a host is this machine, by its name alone (RFC 6761 §6.3).
fn is_loopback(host: &str) -> bool {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return ip.to_canonical().is_loopback();
    }
    no_proxy::is_at_or_below(host, "localhost")
}

/// A value as an address with a scheme, which may be left out there.
fn with_scheme(variable: &str, value: String) -> String {
    if variable.eq_ignore_ascii_case("socks_proxy") {
        let bare = value.strip_prefix("http://").unwrap_or(&value);
        return match bare.contains("://") {
            true => value,
            false => format!("socks5h://{bare}"),
        };
    }
    match value.contains("://") {
        true => value,
        false => format!("http://{value}"),
    }
}

#[cfg(test)]
mod tests {
    use http::Uri;

    use super::*;

    /// The proxy before an address in an environment, as text; `!` and the variable for a bad one.
    fn before(address: &str, environment: &[(&str, &str)]) -> Option<String> {
        let address = Address::of(&address.parse::<Uri>().unwrap()).unwrap();
        let lookup = |name: &str| {
            let (_, value) = environment.iter().find(|(key, _)| *key == name)?;
            Some((*value).to_owned())
        };
        match proxy_before(&address, lookup) {
            Ok(server) => server.map(|server| server.to_string()),
            Err(invalid) => Some(format!("!{}", invalid.variable)),
        }
    }

    #[test]
    fn the_nearest_variable_wins() {
        let names = [
            "wss_proxy",
            "WSS_PROXY",
            "https_proxy",
            "HTTPS_PROXY",
            "all_proxy",
        ];
        let names = [&names[..], &["ALL_PROXY", "socks_proxy", "SOCKS_PROXY"]].concat();
        let values: Vec<_> = (1..=names.len())
            .map(|n| format!("socks5h://p:{n}"))
            .collect();
        let all: Vec<_> = names
            .into_iter()
            .zip(values.iter().map(|value| &**value))
            .collect();
        for skipped in 0..all.len() {
            let expected = Some(all[skipped].1.to_owned());
            assert_eq!(before("wss://a.example/", &all[skipped..]), expected);
        }
        assert_eq!(before("wss://a.example/", &[]), None);
        let plain = [("ws_proxy", "http://p:1"), ("http_proxy", "http://p:2")];
        assert_eq!(before("ws://a.example/", &plain).unwrap(), "http://p:1");
        assert_eq!(
            before("ws://a.example/", &plain[1..]).unwrap(),
            "http://p:2"
        );
        assert_eq!(before("wss://a.example/", &plain), None);
    }

    #[test]
    fn a_header_of_a_cgi_request_names_no_proxy() {
        assert_eq!(
            before("ws://a.example/", &[("HTTP_PROXY", "http://evil:1")]),
            None
        );
    }

    #[test]
    fn an_empty_variable_is_none() {
        let environment = [("wss_proxy", ""), ("https_proxy", "p:1"), ("no_proxy", "")];
        assert_eq!(
            before("wss://a.example/", &environment).unwrap(),
            "http://p:1"
        );
    }

    #[test]
    fn the_scheme_may_be_left_out() {
        assert_eq!(
            before("ws://a/", &[("all_proxy", "p:1")]).unwrap(),
            "http://p:1"
        );
        for value in ["p:1", "http://p:1", "socks5h://p:1"] {
            let found = before("ws://a/", &[("socks_proxy", value)]);
            assert_eq!(found.unwrap(), "socks5h://p:1", "{value}");
        }
    }

    #[test]
    fn a_bad_variable_is_named() {
        assert_eq!(
            before("ws://a/", &[("ALL_PROXY", "ftp://p")]).unwrap(),
            "!ALL_PROXY"
        );
    }

    #[test]
    fn who_is_listed_and_who_is_here_is_reached_directly() {
        let environment = [("all_proxy", "p:1"), ("NO_PROXY", "b.example,10.0.0.0/8")];
        for (address, direct) in [
            ("ws://a.example/", false),
            ("ws://x.b.example/", true),
            ("ws://10.1.2.3/", true),
            ("ws://localhost:1/", true),
            ("ws://a.LOCALHOST./", true),
            ("ws://127.9.9.9/", true),
            ("ws://[::1]/", true),
            ("ws://[::ffff:127.0.0.1]/", true),
            ("ws://notlocalhost/", false),
        ] {
            assert_eq!(before(address, &environment).is_none(), direct, "{address}");
        }
    }
}
