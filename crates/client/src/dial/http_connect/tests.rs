//! Answers of HTTP proxies, in all pieces.

use http::Uri;
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

fn exchange(address: &str, proxy: &str, limit: usize) -> HttpConnect {
    let address = Address::of(&address.parse::<Uri>().unwrap()).unwrap();
    HttpConnect::new(&address, &ProxyServer::parse(proxy).unwrap(), limit)
}

fn request(address: &str, proxy: &str) -> String {
    let mut out = BytesMut::new();
    let progress = exchange(address, proxy, 100).decode(&mut BytesMut::new(), &mut out);
    assert_eq!(progress.unwrap(), Progress::Waiting);
    String::from_utf8(out.to_vec()).unwrap()
}

/// What becomes of an answer that comes in these pieces: whether the tunnel is open and what is behind the head, or the
/// error in words.
fn answered<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    limit: usize,
) -> Result<(Progress, Vec<u8>), String> {
    let mut exchange = exchange("ws://a/", "http://p", limit);
    let (mut input, mut out) = (BytesMut::new(), BytesMut::new());
    exchange.decode(&mut input, &mut out).unwrap();
    out.clear();
    let mut progress = Progress::Waiting;
    for piece in pieces {
        input.extend_from_slice(piece);
        if progress == Progress::Waiting {
            let decoded = exchange.decode(&mut input, &mut out);
            progress = decoded.map_err(|error| error.to_string())?;
            assert!(progress == Progress::Open || input.len() <= limit);
        }
    }
    assert!(out.is_empty());
    Ok((progress, input.to_vec()))
}

fn whole(answer: &str) -> Result<(Progress, Vec<u8>), String> {
    answered([answer.as_bytes()], 1000)
}

#[test]
fn the_request_names_the_server_and_who_asks() {
    assert_eq!(
        request("ws://a.example/say", "http://p"),
        "CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n"
    );
    assert_eq!(
        request("wss://[::1]:9/", "https://Aladdin:open%20sesame@p"),
        "CONNECT [::1]:9 HTTP/1.1\r\nHost: [::1]:9\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"
    );
}

#[test]
fn a_2xx_opens_the_tunnel_and_what_is_behind_it_stays() {
    let open = |rest: &str| Ok((Progress::Open, rest.as_bytes().to_vec()));
    assert_eq!(whole("HTTP/1.1 200 OK\r\n\r\nabc"), open("abc"));
    assert_eq!(whole("HTTP/1.0 200\r\nA: b\r\n\r\n"), open(""));
    assert_eq!(whole("HTTP/1.1 204 x\nA: b\n\n\r\n"), open("\r\n"));
    let with_length = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    assert_eq!(whole(with_length), open("abc"));
    let after_interim = "HTTP/1.1 100 \r\n\r\nHTTP/1.1 103 \r\nA: b\r\n\r\nHTTP/1.1 200 \r\n\r\nx";
    assert_eq!(whole(after_interim), open("x"));
    // The interim head ends where the whole of the next one comes.
    let interim = "HTTP/1.1 103 \r\nA: a header that is long\r\n\r";
    let pieces = [interim, "\nHTTP/1.1 200 \r\n\r\nx"].map(str::as_bytes);
    assert_eq!(answered(pieces, 1000), open("x"));
}

#[test]
fn any_other_status_is_an_error_that_names_it() {
    for (status, words) in [
        (407, "407 Proxy Authentication Required"),
        (403, "403 Forbidden"),
        (502, "502 Bad Gateway"),
        (101, "101 Switching Protocols"),
        (301, "301 Moved Permanently"),
    ] {
        let answer = format!("HTTP/1.1 {status} whatever\r\nA: b\r\n\r\n<html>");
        let expected = format!("it answered CONNECT with {words}");
        assert_eq!(whole(&answer), Err(expected));
    }
}

#[test]
fn what_is_not_http_is_refused_at_its_first_wrong_byte() {
    let refused = Err(ProxyError::NotHttp.to_string());
    for answer in [
        "SSH-2.0-x",
        "HTTP/2 200 \r\n\r\n",
        "h",
        "\r\nHTTP/1.1 200 \r\n\r\n",
        "HTTP/1.x 200 \r\n\r\n",
        "HTTP/1.1  200 \r\n\r\n",
        "HTTP/1.1 20\r\n\r\n",
        "HTTP/1.1 2000\r\n\r\n",
        "HTTP/1.1 099 \r\n\r\n",
    ] {
        assert_eq!(whole(answer), refused, "{answer}");
    }
}

#[test]
fn a_head_may_be_as_long_as_the_limit_and_not_a_byte_longer() {
    let head = b"HTTP/1.1 200 OK\r\n\r\n";
    let behind = [&head[..], &[b'x'; 500]].concat();
    assert!(answered([&behind[..]], head.len()).is_ok());
    let too_long = Err(format!(
        "the head of its answer is longer than {} bytes",
        head.len() - 1
    ));
    assert_eq!(answered([&behind[..]], head.len() - 1), too_long);
    assert_eq!(answered(behind.chunks(1), head.len() - 1), too_long);
    let interim = b"HTTP/1.1 100 \r\n\r\n".repeat(100);
    assert!(answered(interim.chunks(7), 200).is_err());
}

#[test]
fn a_fault_beyond_the_limit_is_told_as_too_long_however_it_is_cut() {
    let interim = b"HTTP/1.1 100 \r\n\r\n";
    let answer = [&interim[..], b"HTTP/2"].concat();
    for (limit, words) in [
        (
            interim.len() + 4,
            "the head of its answer is longer than 21 bytes",
        ),
        (interim.len() + 5, "its answer is not HTTP/1"),
    ] {
        let expected = Err(words.to_owned());
        assert_eq!(answered([&answer[..]], limit), expected);
        assert_eq!(answered(answer.chunks(1), limit), expected);
    }
}

/// Things that answers are made of, and bytes that they are not.
fn answers() -> impl Strategy<Value = Vec<u8>> {
    const PARTS: &[&[u8]] = &[
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 \r\n",
        b"HTTP/1.0 407 no\n",
        b"HTTP/1.1 ",
        b"Name: value\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"\xff\0",
    ];
    let like_one = vec(select(PARTS), 0..12).prop_map(|parts| parts.concat());
    prop_oneof![9 => like_one, 1 => vec(any::<u8>(), 0..100)]
}

proptest! {
    #[test]
    fn any_split_gives_the_same_end(answer in answers(), cuts in vec(0usize..100, 0..8), limit in 0usize..120) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(answer.len())).collect();
        cuts.extend([0, answer.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &answer[cut[0]..cut[1]]);
        let at_once = answered([&answer[..]], limit);
        prop_assert_eq!(&answered(pieces, limit), &at_once);
        prop_assert_eq!(&answered(answer.chunks(1), limit), &at_once);
    }
}
