//! `[proxy]`: who is believed, and what is answered to a mistake.

use super::*;

#[test]
fn proxies_are_trusted_by_address_and_believed_by_what_they_write() {
    let proxy = |n: usize, file: &str| {
        let file = format!("[proxy]\n{file}\n");
        let config = from(&format!("proxy-{n}"), &file, &[], Flags::default())
            .and_then(|resolved| resolved.check());
        config.map(|config| config.proxy).map_err(rendered)
    };
    let defaults = proxy(0, "").unwrap();
    assert!(defaults.trusted.is_empty());
    assert_eq!(defaults.headers, sockeye::Forwarded::Off);
    assert_eq!(defaults.protocol, sockeye::ProxyProtocol::Off);
    assert_eq!(defaults.protocol_bytes, 2048);

    let set = proxy(
        1,
        "trusted = ['loopback', '10.1.0.0/16']\nheaders = 'x-forwarded'\n\
         protocol = 'required'\nprotocol_bytes = 232",
    )
    .unwrap();
    assert!(set.trusted.contains([10, 1, 2, 3].into()));
    assert!(!set.trusted.contains([10, 2, 2, 3].into()));
    assert_eq!(set.headers, sockeye::Forwarded::XForwarded);
    assert_eq!(set.protocol, sockeye::ProxyProtocol::Required);

    for (n, (file, words)) in [
        ("trusted = ['proxy.test']", "\"proxy.test\" is no proxy"),
        (
            "headers = 'forwarded'",
            "proxy.headers: proxy.trusted names nobody",
        ),
        (
            "protocol = 'required'",
            "proxy.protocol: proxy.trusted names nobody",
        ),
        ("headers = 'x-real-ip'", "`off`, `forwarded`, `x-forwarded`"),
        ("protocol = 'optional'", "`off` or `required`"),
        ("protocol_bytes = 231", "231 bytes are less than the 232"),
    ]
    .iter()
    .enumerate()
    {
        assert_says(
            &proxy(n + 2, file).unwrap_err(),
            &[words, "sockeye.toml:2:"],
        );
    }
}
