//! Who the client is, by what its proxies and it itself wrote.

use proptest::prelude::*;

use super::*;

const PROXY: &str = "10.0.0.1:9";

fn client(which: Forwarded, peer: &str, lines: &[(&str, &str)]) -> Option<ForwardedClient> {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, value.parse().unwrap());
    }
    let trusted = TrustedProxies::named(["10.0.0.0/8", "fd00::/8"]).unwrap();
    which.client(&headers, peer.parse().unwrap(), &trusted)
}

fn by_x(lines: &[&str]) -> String {
    let lines: Vec<_> = lines
        .iter()
        .map(|line| ("x-forwarded-for", *line))
        .collect();
    let client = client(Forwarded::XForwarded, PROXY, &lines);
    client.unwrap().addr.to_string()
}

fn by_standard(lines: &[&str]) -> ForwardedClient {
    let lines: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
    client(Forwarded::Forwarded, PROXY, &lines).unwrap()
}

#[test]
fn the_first_from_the_right_that_is_no_proxy_of_ours_is_the_client() {
    for (lines, expected) in [
        (&["192.0.2.1"][..], "192.0.2.1:0"),
        (&["192.0.2.1:1234"], "192.0.2.1:1234"),
        (&["2001:db8::1"], "[2001:db8::1]:0"),
        (&["[2001:db8::1]"], "[2001:db8::1]:0"),
        (&["[2001:db8::1]:443"], "[2001:db8::1]:443"),
        (&["::ffff:192.0.2.1"], "192.0.2.1:0"),
        (&["192.0.2.1, 10.0.0.3,10.0.0.2"], "192.0.2.1:0"),
        (&["192.0.2.1", "10.0.0.3", "fd00::2"], "192.0.2.1:0"),
        // What the client wrote itself.
        (&["198.51.100.9, 192.0.2.1, 10.0.0.2"], "192.0.2.1:0"),
        (&["10.0.0.7, 192.0.2.1"], "192.0.2.1:0"),
        (&["198.51.100.9", "192.0.2.1"], "192.0.2.1:0"),
        // A client among our proxies.
        (&["10.0.0.3, 10.0.0.2"], "10.0.0.3:0"),
        (&["192.0.2.1, , ,\t10.0.0.2 ,"], "192.0.2.1:0"),
    ] {
        assert_eq!(by_x(lines), expected, "{lines:?}");
    }
}

#[test]
fn behind_what_is_malformed_nothing_is_read() {
    for (lines, expected) in [
        (&[][..], PROXY),
        (&[""], PROXY),
        (&["unknown"], PROXY),
        (&["192.0.2.1, unknown"], PROXY),
        (&["192.0.2.1, nonsense, 10.0.0.2"], "10.0.0.2:0"),
        (&["192.0.2.1", "\u{e9}", "10.0.0.2"], "10.0.0.2:0"),
        (&["\"192.0.2.1\""], PROXY),
        (&["192.0.2.1:99999"], PROXY),
        (&["192.0.2.01"], PROXY),
        (&["[192.0.2.1]"], PROXY),
        (&["[2001:db8::1"], PROXY),
        (&["192.0.2.1 10.0.0.2"], PROXY),
    ] {
        assert_eq!(by_x(lines), expected, "{lines:?}");
    }
}

#[test]
fn beyond_16_proxies_nobody_is_looked_for() {
    let chain = |proxies: usize| format!("192.0.2.1{}", ", 10.0.0.2".repeat(proxies));
    assert_eq!(by_x(&[&chain(15)]), "192.0.2.1:0");
    assert_eq!(by_x(&[&chain(16)]), "10.0.0.2:0");
    let chain = |proxies: usize| format!("for=192.0.2.1{}", ", for=10.0.0.2".repeat(proxies));
    let addr = |proxies| by_standard(&[&chain(proxies)]).addr.to_string();
    assert_eq!(addr(15), "192.0.2.1:0");
    assert_eq!(addr(16), "10.0.0.2:0");
}

#[test]
fn a_peer_that_is_not_trusted_is_not_believed_nor_are_other_headers_than_those_chosen() {
    let lines = [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-host", "x.test"),
        ("forwarded", "for=192.0.2.2;host=f.test"),
    ];
    for which in [Forwarded::Forwarded, Forwarded::XForwarded] {
        assert_eq!(client(which, "192.0.2.3:9", &lines), None);
    }
    assert_eq!(client(Forwarded::Off, PROXY, &lines), None);
    let host = |which| client(which, PROXY, &lines).unwrap().site.authority;
    assert_eq!(host(Forwarded::XForwarded).as_deref(), Some("x.test"));
    assert_eq!(host(Forwarded::Forwarded).as_deref(), Some("f.test"));
    assert!(client(Forwarded::XForwarded, "[::ffff:10.0.0.1]:9", &lines).is_some());
}

#[test]
fn the_scheme_and_host_of_the_nearest_proxy_count() {
    let site = |lines: &[(&str, &str)]| client(Forwarded::XForwarded, PROXY, lines).unwrap().site;
    let told = site(&[
        ("x-forwarded-proto", "http, https"),
        ("x-forwarded-host", "evil.test"),
        ("x-forwarded-host", "a.test:8443"),
    ]);
    let expected = Site::default().scheme(Some(Scheme::Https));
    assert_eq!(told, expected.authority(Some("a.test:8443".to_owned())));
    assert_eq!(site(&[("x-forwarded-proto", "gopher")]), Site::default());
}

#[test]
fn an_element_of_the_standard_tells_of_the_client_it_names() {
    let found = by_standard(&[
        "for=198.51.100.9;host=evil.test, For=\"[2001:DB8::1]:4711\";Proto=https;by=10.0.0.2;\
         HOST=\"a.test:8443\" , for=10.0.0.2;proto=http;host=inner",
    ]);
    assert_eq!(found.addr.to_string(), "[2001:db8::1]:4711");
    let expected = Site::default().scheme(Some(Scheme::Https));
    assert_eq!(
        found.site,
        expected.authority(Some("a.test:8443".to_owned()))
    );
}

#[test]
fn nodes_are_addresses_or_hide() {
    for (element, expected) in [
        ("for=192.0.2.1", "192.0.2.1:0"),
        ("for=\"192.0.2.1:80\"", "192.0.2.1:80"),
        ("for=\"192.0.2.1:_port\"", "192.0.2.1:0"),
        ("for=\"[2001:db8::1]\"", "[2001:db8::1]:0"),
        ("for=\"\\192.0.\\2.1\"", "192.0.2.1:0"),
        (";for=192.0.2.1; ;ext=\"a,b;c=\\\"\";", "192.0.2.1:0"),
        // They hide.
        ("for=unknown", PROXY),
        ("for=_hidden", PROXY),
        ("for=\"_SEVKISEK.a-b:_p\"", PROXY),
        ("proto=https", PROXY),
        // They are malformed.
        ("for=[2001:db8::1]", PROXY),
        ("for=\"2001:db8::1\"", PROXY),
        ("for=192.0.2.1:80", PROXY),
        ("for=\"192.0.2.1:\"", PROXY),
        ("for=\"192.0.2.1:70000\"", PROXY),
        ("for=\"[192.0.2.1]\"", PROXY),
        ("for=\"192.0.2.1\"x", PROXY),
        ("for=192.0.2.1;for=192.0.2.1", PROXY),
        ("for=192.0.2.1;@=1", PROXY),
        ("for=192.0.2.1;by=\"", PROXY),
        ("for=_", PROXY),
        ("for", PROXY),
        ("for=", PROXY),
        ("for =192.0.2.1", PROXY),
    ] {
        assert_eq!(
            by_standard(&[element]).addr.to_string(),
            expected,
            "{element}"
        );
        let behind = format!("for=203.0.113.1, {element}");
        assert_eq!(
            by_standard(&[&behind]).addr.to_string(),
            expected,
            "{behind}"
        );
    }
}

#[test]
fn who_hides_still_came_by_some_scheme_to_some_host() {
    let hidden = by_standard(&["for=_hidden;proto=https;host=a.test"]);
    assert_eq!(hidden.site.scheme, Some(Scheme::Https));
    assert_eq!(hidden.site.authority.as_deref(), Some("a.test"));
}

proptest! {
    /// The client writes what it likes; what our proxies add is read all the same.
    #[test]
    fn nothing_on_the_left_changes_what_is_read_on_the_right(left in "[ -~\t]{0,60}") {
        let lines = [
            format!("{left}, for=\"192.0.2.1:1\";proto=https, for=10.0.0.2"),
            format!("{left},for=192.0.2.1;host=\"a,b\\\"\""),
        ];
        prop_assert_eq!(by_standard(&[&lines[0]]).addr.to_string(), "192.0.2.1:1");
        prop_assert_eq!(by_standard(&[&left, &lines[1]]).addr.to_string(), "192.0.2.1:0");
        prop_assert_eq!(by_x(&[&format!("{left}, 192.0.2.1")]), "192.0.2.1:0");
    }

    /// Only a proxy's word makes anyone else than the peer the client.
    #[test]
    fn any_line_names_a_client_or_leaves_the_peer(line in "[ -~\t]{0,80}") {
        let _ = by_standard(&[&line]);
        let _ = by_x(&[&line]);
    }
}
