//! Headers of both versions: good, cut short, too long, and anything.

use proptest::prelude::*;

use super::*;

const MOST: usize = 536;

fn parse(bytes: &[u8]) -> Result<Option<ProxyHeader>, InvalidProxyHeader> {
    ProxyHeader::parse(bytes, MOST)
}

fn source(bytes: &[u8]) -> Option<String> {
    let header = parse(bytes).unwrap().unwrap();
    assert_eq!(header.len, bytes.len());
    header.source.map(|source| source.to_string())
}

fn version_2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap();
    [V2, &[command, family], &len.to_be_bytes(), body].concat()
}

fn over_ipv4(tlvs: usize) -> Vec<u8> {
    let mut body = vec![192, 0, 2, 1, 198, 51, 100, 1, 0xc0, 0, 1, 0xbb];
    body.resize(12 + tlvs, 4);
    version_2(0x21, 0x11, &body)
}

fn over_ipv6() -> Vec<u8> {
    let source = "2001:db8::1".parse::<Ipv6Addr>().unwrap().octets();
    version_2(
        0x21,
        0x21,
        &[&source, &[0; 16][..], &[0, 80, 1, 1]].concat(),
    )
}

#[test]
fn a_line_of_version_1_names_the_source() {
    for (line, expected) in [
        (
            "TCP4 192.0.2.1 198.51.100.1 56324 443",
            Some("192.0.2.1:56324"),
        ),
        ("TCP4 0.0.0.0 255.255.255.255 0 65535", Some("0.0.0.0:0")),
        ("TCP6 2001:db8::1 ::1 1 2", Some("[2001:db8::1]:1")),
        ("TCP6 ::ffff:192.0.2.1 ::1 1 2", Some("192.0.2.1:1")),
        ("UNKNOWN", None),
        ("UNKNOWN ffff:f 1 whatever \r it says", None),
    ] {
        let line = format!("PROXY {line}\r\n");
        assert_eq!(source(line.as_bytes()).as_deref(), expected, "{line}");
    }
}

#[test]
fn a_malformed_line_is_refused() {
    for line in [
        "",
        "TCP4",
        "TCP5 1.1.1.1 2.2.2.2 1 2",
        "tcp4 1.1.1.1 2.2.2.2 1 2",
        "UNKNOWNS",
        " TCP4 1.1.1.1 2.2.2.2 1 2",
        "TCP4  1.1.1.1 2.2.2.2 1 2",
        "TCP4 1.1.1.1 2.2.2.2 1 2 ",
        "TCP4 1.1.1.1 2.2.2.2 1 2 3",
        "TCP4 1.1.1.1 2.2.2.2 1",
        "TCP4 ::1 ::1 1 2",
        "TCP6 1.1.1.1 2.2.2.2 1 2",
        "TCP4 1.1.1 2.2.2.2 1 2",
        "TCP4 1.1.1.1 2.2.2.2 01 2",
        "TCP4 1.1.1.1 2.2.2.2 +1 2",
        "TCP4 1.1.1.1 2.2.2.2 1 65536",
        "TCP4 1.1.1.1 2.2.2.2 1 -2",
        "TCP4 1.1.1.1 host 1 2",
        "TCP4 1.1.1.1\t2.2.2.2 1 2",
    ] {
        let bytes = format!("PROXY {line}\r\n");
        let refused = parse(bytes.as_bytes());
        assert_eq!(refused, Err(InvalidProxyHeader::Malformed), "{line:?}");
    }
}

#[test]
fn a_line_ends_within_107_bytes() {
    let line = |len: usize| {
        let mut line = b"PROXY UNKNOWN ".to_vec();
        line.resize(len - 2, b'x');
        [&line[..], b"\r\n"].concat()
    };
    assert_eq!(source(&line(107)), None);
    assert_eq!(parse(&line(108)), Err(InvalidProxyHeader::TooLong));
    assert_eq!(parse(&line(108)[..106]), Ok(None));
    assert_eq!(parse(&line(108)[..107]), Err(InvalidProxyHeader::TooLong));
}

#[test]
fn a_header_of_version_2_names_the_source() {
    assert_eq!(source(&over_ipv4(0)).as_deref(), Some("192.0.2.1:49152"));
    assert_eq!(source(&over_ipv4(100)).as_deref(), Some("192.0.2.1:49152"));
    assert_eq!(source(&over_ipv6()).as_deref(), Some("[2001:db8::1]:80"));
}

#[test]
fn what_names_no_client_of_tcp_names_none() {
    for family in [0x00, 0x12, 0x22, 0x31, 0x32] {
        assert_eq!(source(&version_2(0x21, family, &[7; 40])), None);
    }
    // A proxy that speaks for itself may write there what it likes.
    for family in 0..=u8::MAX {
        assert_eq!(source(&version_2(0x20, family, b"any")), None);
    }
}

#[test]
fn a_malformed_header_of_version_2_is_refused() {
    for (command, family, len) in [
        (0x11, 0x11, 12),
        (0x31, 0x11, 12),
        (0x22, 0x11, 12),
        (0x2f, 0x11, 12),
        (0x21, 0x11, 11),
        (0x21, 0x21, 35),
        (0x21, 0x10, 12),
        (0x21, 0x41, 216),
    ] {
        let refused = parse(&version_2(command, family, &vec![1; len]));
        assert_eq!(refused, Err(InvalidProxyHeader::Malformed));
    }
}

#[test]
fn a_header_of_version_2_fits_at_its_bound_and_not_one_byte_beyond() {
    let fits = over_ipv4(MOST - V2_FIXED_BYTES - 12);
    assert_eq!(fits.len(), MOST);
    assert!(source(&fits).is_some());
    let exceeds = over_ipv4(MOST - V2_FIXED_BYTES - 11);
    // Its length alone says so.
    let refused = parse(&exceeds[..V2_FIXED_BYTES]);
    assert_eq!(refused, Err(InvalidProxyHeader::TooLong));
}

#[test]
fn anything_else_is_no_header_from_its_first_wrong_byte_on() {
    for (bytes, wrong_at) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], 1),
        (b"PROXX TCP4", 5),
        (b"PROXY\tTCP4", 6),
        (b"\r\n\r\n\0\r\nQUITS", 12),
    ] {
        assert_eq!(parse(&bytes[..wrong_at - 1]), Ok(None));
        assert_eq!(parse(&bytes[..wrong_at]), Err(InvalidProxyHeader::Missing));
    }
}

fn headers() -> impl Strategy<Value = Vec<u8>> {
    let line = (any::<[u8; 4]>(), any::<u16>()).prop_map(|(ip, port)| {
        let ip = Ipv4Addr::from(ip);
        format!("PROXY TCP4 {ip} 192.0.2.1 {port} 80\r\n").into_bytes()
    });
    prop_oneof![line, (0..200_usize).prop_map(over_ipv4), Just(over_ipv6())]
}

proptest! {
    #[test]
    fn a_header_is_whole_at_its_last_byte_whatever_follows(
        header in headers(),
        behind in any::<Vec<u8>>(),
    ) {
        for end in 0..header.len() {
            prop_assert_eq!(parse(&header[..end]), Ok(None));
        }
        let read = parse(&header).unwrap().unwrap();
        prop_assert_eq!(read.len, header.len());
        prop_assert_eq!(parse(&[header, behind].concat()), Ok(Some(read)));
    }

    #[test]
    fn any_bytes_at_all_are_a_header_or_none(bytes in any::<Vec<u8>>()) {
        let _ = parse(&bytes);
        let _ = parse(&[V1, &bytes].concat());
        let _ = parse(&[V2, &bytes].concat());
    }
}
