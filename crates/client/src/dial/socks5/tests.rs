//! Exchanges with SOCKS proxies, in all pieces.

use proptest::{collection::vec, prelude::*};

use super::*;

const REPLY: &[u8] = &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80];

fn name(name: &str) -> Target {
    Target::Name {
        name: name.to_owned(),
        port: 443,
    }
}

fn credentials() -> Option<Credentials> {
    Some(Credentials {
        user: "me".to_owned(),
        password: "pw".to_owned(),
    })
}

/// What becomes of an exchange: whether the tunnel is open and what is behind the reply, or the error in words.
type Ended = Result<(Progress, Vec<u8>), String>;

/// What is said to a proxy that answers with these bytes, and what becomes of it.
fn run<'a>(mut exchange: Socks5, answers: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Ended) {
    let (mut input, mut out) = (BytesMut::new(), BytesMut::new());
    let mut progress = exchange.decode(&mut input, &mut out).unwrap();
    for answer in answers {
        input.extend_from_slice(answer);
        if progress == Progress::Waiting {
            match exchange.decode(&mut input, &mut out) {
                Ok(now) => progress = now,
                Err(error) => {
                    let words = match error {
                        ProxyError::Socks(failure) => failure.to_string(),
                        other => other.to_string(),
                    };
                    return (out.to_vec(), Err(words));
                }
            }
            assert!(progress == Progress::Open || input.len() < 4 + 1 + 255 + 2);
        }
    }
    (out.to_vec(), Ok((progress, input.to_vec())))
}

#[test]
fn without_credentials_a_name_is_asked_for_at_once() {
    let (said, ended) = run(Socks5::new(name("a.b"), None), [&[5, 0], REPLY, b"xyz"]);
    assert_eq!(said, b"\x05\x01\x00\x05\x01\x00\x03\x03a.b\x01\xbb");
    assert_eq!(ended, Ok((Progress::Open, b"xyz".to_vec())));
}

#[test]
fn addresses_are_asked_for_as_such() {
    let (said, _) = run(
        Socks5::new(Target::Ip("1.2.3.4:80".parse().unwrap()), None),
        [&[5, 0][..]],
    );
    assert_eq!(said[3..], *b"\x05\x01\x00\x01\x01\x02\x03\x04\x00\x50");
    let six = Socks5::new(Target::Ip("[::1]:80".parse().unwrap()), None);
    let (said, _) = run(six, [&[5, 0][..]]);
    let expected = b"\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50";
    assert_eq!(said[3..], *expected);
}

#[test]
fn user_and_password_are_said_when_the_proxy_asks() {
    let (said, ended) = run(
        Socks5::new(name("a"), credentials()),
        [&[5, 2][..], &[1, 0], REPLY],
    );
    assert_eq!(
        said,
        b"\x05\x02\x00\x02\x01\x02me\x02pw\x05\x01\x00\x03\x01a\x01\xbb"
    );
    assert_eq!(ended, Ok((Progress::Open, vec![])));
    let (said, ended) = run(Socks5::new(name("a"), credentials()), [&[5, 0], REPLY]);
    assert_eq!(said, b"\x05\x02\x00\x02\x05\x01\x00\x03\x01a\x01\xbb");
    assert!(ended.is_ok());
}

#[test]
fn each_type_of_bound_address_is_read_over() {
    let v6 = [&[5, 0, 0, 4][..], &[0; 18], b"x"].concat();
    let domain = [&[5, 0, 0, 3, 255][..], &[b'n'; 255], &[0; 2], b"x"].concat();
    let empty = [5, 0, 0, 3, 0, 0, 0, b'x'];
    for reply in [&v6[..], &domain, &empty] {
        let (_, ended) = run(Socks5::new(name("a"), None), [&[5, 0], reply]);
        assert_eq!(ended, Ok((Progress::Open, b"x".to_vec())));
    }
}

#[test]
fn each_reply_has_its_error() {
    for reply in 1..=255 {
        let (_, ended) = run(Socks5::new(name("a"), None), [&[5, 0][..], &[5, reply]]);
        let words = failure_of(reply).unwrap_err().to_string();
        assert_eq!(ended, Err(words));
    }
    assert_eq!(failure_of(2), Err(SocksFailure::NotAllowed));
    assert_eq!(failure_of(8), Err(SocksFailure::AddressTypeNotSupported));
    assert_eq!(failure_of(9), Err(SocksFailure::Unassigned(9)));
}

#[test]
fn refused_credentials_and_methods_have_their_errors() {
    let (_, ended) = run(
        Socks5::new(name("a"), credentials()),
        [&[5, 2][..], &[1, 1]],
    );
    assert_eq!(ended, Err(ProxyError::Unauthorized.to_string()));
    let (_, ended) = run(Socks5::new(name("a"), None), [&[5, 0xFF][..]]);
    assert_eq!(ended, Err(ProxyError::NoAcceptableMethod.to_string()));
}

#[test]
fn what_is_not_socks_5_is_refused() {
    let not_socks = Err(ProxyError::NotSocks.to_string());
    for answers in [
        &[&b"HTTP/1.1 400"[..]][..],
        &[&[4, 0]],
        // A method that was not offered.
        &[&[5, 2]],
        &[&[5, 1]],
        &[&[5, 0], &[4, 0, 0, 1]],
        &[&[5, 0], &[5, 0, 0, 2]],
    ] {
        let (_, ended) = run(Socks5::new(name("a"), None), answers.iter().copied());
        assert_eq!(ended, not_socks, "{answers:?}");
    }
    let (_, ended) = run(
        Socks5::new(name("a"), credentials()),
        [&[5, 2][..], &[5, 0]],
    );
    assert_eq!(ended, not_socks);
}

#[test]
fn a_name_has_at_most_255_bytes() {
    let long = "n".repeat(255);
    let (said, _) = run(Socks5::new(name(&long), None), [&[5, 0][..]]);
    assert_eq!(said.len(), 3 + 4 + 1 + 255 + 2);
    let (_, ended) = run(Socks5::new(name(&(long + "n")), None), [&[5, 0][..]]);
    assert_eq!(ended, Err(SocksFailure::Name.to_string()));
}

/// Answers, as they should be and otherwise.
fn answers() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just(vec![5, 0]),
        Just(vec![5, 2]),
        Just(vec![1, 0]),
        Just(REPLY.to_vec()),
        Just(vec![5, 0, 0, 3, 5]),
        Just(vec![5, 0, 0, 4]),
        vec(any::<u8>(), 0..20),
    ];
    vec(part, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_split_gives_the_same_exchange(
        answer in answers(),
        cuts in vec(0usize..100, 0..8),
        introduce in any::<bool>(),
    ) {
        let begin = || Socks5::new(name("a"), credentials().filter(|_| introduce));
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(answer.len())).collect();
        cuts.extend([0, answer.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &answer[cut[0]..cut[1]]);
        let at_once = run(begin(), [&answer[..]]);
        prop_assert_eq!(&run(begin(), pieces), &at_once);
        prop_assert_eq!(&run(begin(), answer.chunks(1)), &at_once);
    }
}
