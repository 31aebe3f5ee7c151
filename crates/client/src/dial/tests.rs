//! Whole ways to servers, over a scripted network: the test plays proxies and servers.

pub(super) mod authority;
pub(super) mod script;

use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::{
    io::AsyncWriteExt,
    join,
    net::{TcpListener, TcpSocket},
    select,
};

use self::{
    authority::Authority,
    script::{
        Script, accept, direct, expect, expect_end, patiently, serve, through, use_it, words,
    },
};
use super::*;

const SOCKS_REPLY: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

fn is_send(_: impl Send) {}

#[test]
fn dialling_may_move_between_threads() {
    let address = Address::of(&http::Uri::from_static("wss://a/")).unwrap();
    is_send(dial(&address, &Route::default()));
}

#[tokio::test]
async fn a_real_socket_is_reached_by_a_name() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    // Where the name is `::1` too, that refuses: the port is held there, and no one listens.
    let _held = TcpSocket::new_v6().inspect(|socket| {
        let _ = socket.bind((Ipv6Addr::LOCALHOST, address.port()).into());
    });
    let uri = format!("ws://localhost:{}/", address.port());
    let wanted = Address::of(&uri.parse().unwrap()).unwrap();
    let (route, accepted) = (direct(), patiently(listener.accept()));
    let (dialed, accepted) = join!(patiently(dial(&wanted, &route)), accepted);
    let (mut dialed, (mut accepted, _)) = (dialed.unwrap(), accepted.unwrap());
    assert_eq!(dialed.peer_addr, address);
    assert_eq!((dialed.via, dialed.secured), (None, None));
    join!(serve(&mut accepted), use_it(&mut dialed.stream));
}

#[tokio::test]
async fn what_is_behind_the_proxys_answer_comes_from_the_server() {
    let (network, mut arrivals) = Script::new([("proxy", vec!["192.0.2.1"])]);
    let route = through("http://me:secret@proxy:3128");
    let proxy = async {
        let mut stream = arrivals.at("192.0.2.1:3128").await;
        expect(
            &mut stream,
            b"CONNECT server:80 HTTP/1.1\r\nHost: server:80\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n",
        )
        .await;
        stream
            .write_all(b"HTTP/1.1 200 Fine\r\n\r\nfrom the server")
            .await
            .unwrap();
        serve(&mut stream).await;
    };
    let client = async {
        let mut dialed = network.dial("ws://server/", &route).await.unwrap();
        assert_eq!(dialed.peer_addr.to_string(), "192.0.2.1:3128");
        assert_eq!(dialed.via.as_deref(), Some("http://proxy:3128"));
        expect(&mut dialed.stream, b"from the server").await;
        use_it(&mut dialed.stream).await;
    };
    join!(proxy, client);
}

#[tokio::test]
async fn tls_to_the_server_goes_through_tls_to_the_proxy() {
    let authority = Authority::new();
    let (network, mut arrivals) = Script::new([("proxy", vec!["192.0.2.1"])]);
    let route = Route {
        tls: Tls::only_roots_pem(&authority.pem).unwrap(),
        ..through("https://proxy")
    };
    let proxy = async {
        let stream = arrivals.at("192.0.2.1:443").await;
        let mut stream = accept(stream, authority.issue("proxy").server())
            .await
            .unwrap();
        expect(
            &mut stream,
            b"CONNECT server:444 HTTP/1.1\r\nHost: server:444\r\n\r\n",
        )
        .await;
        stream.write_all(b"HTTP/1.1 200 \r\n\r\n").await.unwrap();
        stream.flush().await.unwrap();
        let mut stream = accept(stream, authority.issue("server").server())
            .await
            .unwrap();
        serve(&mut stream).await;
    };
    let client = async {
        let mut dialed = network.dial("wss://server:444/", &route).await.unwrap();
        assert_eq!(dialed.secured.as_ref().unwrap().version, "TLS 1.3");
        assert_eq!(dialed.via.as_deref(), Some("https://proxy:443"));
        use_it(&mut dialed.stream).await;
    };
    join!(proxy, client);
}

#[tokio::test]
async fn exemptions_for_servers_are_none_for_proxies() {
    let (network, mut arrivals) = Script::new([("proxy", vec!["192.0.2.1"])]);
    let (trusted, made_up) = (Authority::new(), Authority::new());
    let tls = Tls::only_roots_pem(&trusted.pem).unwrap();
    let route = Route {
        tls: tls.danger_accept_invalid_certificates(),
        ..through("https://proxy")
    };

    let proxy = async {
        let stream = arrivals.at("192.0.2.1:443").await;
        let mut stream = accept(stream, trusted.issue("proxy").server())
            .await
            .unwrap();
        stream.write_all(b"HTTP/1.1 200 \r\n\r\n").await.unwrap();
        stream.flush().await.unwrap();
        expect(
            &mut stream,
            b"CONNECT server:443 HTTP/1.1\r\nHost: server:443\r\n\r\n",
        )
        .await;
        accept(stream, made_up.issue("server").server())
            .await
            .unwrap()
    };
    let (_stream, dialed) = join!(proxy, network.dial("wss://server/", &route));
    assert!(dialed.is_ok(), "{dialed:?}");

    let proxy = async {
        let stream = arrivals.at("192.0.2.1:443").await;
        assert!(
            accept(stream, made_up.issue("proxy").server())
                .await
                .is_err()
        );
    };
    let (_, dialed) = join!(proxy, network.dial("wss://server/", &route));
    assert_eq!(
        words(&dialed.unwrap_err()),
        "no way through the proxy https://proxy:443: no TLS connection to it: its certificate is not trusted: no trusted root has certified it"
    );
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_without_the_password() {
    for (answer, why) in [
        (
            &b"HTTP/1.1 407 \r\nProxy-Authenticate: Basic\r\n\r\n"[..],
            "it answered CONNECT with 407 Proxy Authentication Required",
        ),
        (
            b"HTTP/1.1 200 ",
            "it closed the connection before the tunnel was open",
        ),
        (b"SSH-2.0", "its answer is not HTTP/1"),
    ] {
        let (network, mut arrivals) = Script::new([]);
        let route = through("http://me:secret@192.0.2.1:1");
        let proxy = async {
            let mut stream = arrivals.at("192.0.2.1:1").await;
            stream.write_all(answer).await.unwrap();
            stream.shutdown().await.unwrap();
            expect_end(&mut stream).await;
        };
        let (_, dialed) = join!(proxy, network.dial("ws://server/", &route));
        let error = dialed.unwrap_err();
        let expected = format!("no way through the proxy http://192.0.2.1:1: {why}");
        assert_eq!(words(&error), expected);
        assert!(!format!("{error:?} {route:?}").contains("secret"));
    }
}

#[tokio::test]
async fn the_limit_of_a_proxys_answer_is_the_settings() {
    let answer = b"HTTP/1.1 200 \r\n\r\n";
    for (limit, fits) in [(answer.len(), true), (answer.len() - 1, false)] {
        let (network, mut arrivals) = Script::new([]);
        let proxy = Proxy::at("http://192.0.2.1:1").unwrap();
        let route = Route {
            proxy: proxy.max_response_head(limit),
            ..direct()
        };
        let proxy = async {
            let mut stream = arrivals.at("192.0.2.1:1").await;
            stream.write_all(answer).await.unwrap();
            stream
        };
        let (_stream, dialed) = join!(proxy, network.dial("ws://server/", &route));
        assert_eq!(dialed.is_ok(), fits);
    }
}

#[tokio::test]
async fn socks_lets_the_proxy_look_names_up() {
    let (network, mut arrivals) = Script::new([]);
    let route = through("socks5h://me:pw@[::1]:1");
    let proxy = async {
        let mut stream = arrivals.at("[::1]:1").await;
        expect(&mut stream, &[5, 2, 0, 2]).await;
        stream.write_all(&[5, 2]).await.unwrap();
        expect(&mut stream, b"\x01\x02me\x02pw").await;
        stream.write_all(&[1, 0]).await.unwrap();
        expect(&mut stream, b"\x05\x01\0\x03\x06server\0\x50").await;
        stream.write_all(SOCKS_REPLY).await.unwrap();
        serve(&mut stream).await;
    };
    let client = async {
        let mut dialed = network.dial("ws://server/", &route).await.unwrap();
        assert_eq!(dialed.via.as_deref(), Some("socks5h://[::1]:1"));
        use_it(&mut dialed.stream).await;
    };
    join!(proxy, client);
}

#[tokio::test]
async fn socks_with_our_own_names_tries_one_address_after_the_other() {
    let (network, mut arrivals) = Script::new([("server", vec!["192.0.2.7", "2001:db8::7"])]);
    let route = through("socks5://192.0.2.1");
    let proxy = async {
        let mut stream = arrivals.at("192.0.2.1:1080").await;
        expect(&mut stream, &[5, 1, 0]).await;
        stream.write_all(&[5, 0]).await.unwrap();
        let six = b"\x05\x01\0\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\0\x50";
        expect(&mut stream, six).await;
        stream.write_all(&[5, 4]).await.unwrap();
        let mut stream = arrivals.at("192.0.2.1:1080").await;
        expect(&mut stream, &[5, 1, 0]).await;
        stream.write_all(&[5, 0]).await.unwrap();
        expect(&mut stream, b"\x05\x01\0\x01\xc0\0\x02\x07\0\x50").await;
        stream.write_all(SOCKS_REPLY).await.unwrap();
        serve(&mut stream).await;
    };
    let client = async {
        let mut dialed = network.dial("ws://server/", &route).await.unwrap();
        use_it(&mut dialed.stream).await;
    };
    join!(proxy, client);
}

#[tokio::test]
async fn what_the_proxys_rules_forbid_is_asked_for_once() {
    let (network, mut arrivals) = Script::new([("server", vec!["192.0.2.7", "192.0.2.8"])]);
    let route = through("socks5://192.0.2.1");
    let proxy = async {
        let mut stream = arrivals.at("192.0.2.1:1080").await;
        stream.write_all(&[5, 0, 5, 2]).await.unwrap();
        stream
    };
    let (_stream, dialed) = join!(proxy, network.dial("ws://server/", &route));
    let said = words(&dialed.unwrap_err());
    assert!(
        said.ends_with("the proxy's rules do not allow it"),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_reached_says_why() {
    let many: Vec<_> = vec!["192.0.2.7"; 40];
    let names = [
        ("no", vec![]),
        ("two", vec!["192.0.2.7", "::7"]),
        ("many", many),
    ];
    let (network, _arrivals) = Script::new(names);
    let refused = |address: &'static str, route: Route| {
        let network = &network;
        async move { network.dial(address, &route).await.unwrap_err() }
    };
    assert_eq!(
        words(&refused("ws://no/", direct()).await),
        "no has no address"
    );
    assert_eq!(
        words(&refused("ws://unknown/", direct()).await),
        "can't look up unknown: entity not found"
    );
    assert_eq!(
        words(&refused("ws://two:9/", direct()).await),
        "can't connect to two: [::7]:9: connection refused; 192.0.2.7:9: connection refused"
    );
    assert_eq!(
        words(&refused("ws://two/", through("http://two:9")).await),
        "no way through the proxy http://two:9: can't connect to two: [::7]:9: connection refused; 192.0.2.7:9: connection refused"
    );
    let DialError::Unreachable(Unreachable::Connect { source, .. }) =
        refused("ws://many:9/", direct()).await
    else {
        panic!("it was reached");
    };
    assert_eq!(source.iter().count(), 16);
}

/// Dials until `reached` is done, gives up, and returns what that gave.
async fn give_up<T>(
    network: &Script,
    address: &str,
    route: &Route,
    reached: impl Future<Output = T>,
) -> T {
    select! {
        biased;
        dialed = network.dial(address, route) => panic!("{dialed:?}"),
        reached = reached => reached,
    }
}

#[tokio::test]
async fn dropped_at_any_stage_it_closes_what_it_opened() {
    let authority = Authority::new();
    let (network, mut arrivals) = Script::new([]);
    let secure = Route {
        tls: Tls::only_roots_pem(&authority.pem).unwrap(),
        ..direct()
    };

    // Resolving, connecting: there is nothing yet to be closed.
    give_up(&network, "ws://hangs/", &secure, async {}).await;
    give_up(&network, "ws://192.0.2.1:10/", &secure, async {}).await;

    for (proxy, said) in [
        ("http://192.0.2.1:1", &b"CONNECT"[..]),
        ("socks5h://192.0.2.1:1", &[5, 1, 0]),
        ("https://192.0.2.1:1", &[0x16, 3]),
    ] {
        let route = Route {
            proxy: Proxy::at(proxy).unwrap(),
            ..secure.clone()
        };
        let reached = async {
            let mut stream = arrivals.at("192.0.2.1:1").await;
            expect(&mut stream, said).await;
            stream
        };
        let mut stream = give_up(&network, "ws://server/", &route, reached).await;
        expect_end(&mut stream).await;
    }

    let reached = async {
        let mut stream = arrivals.at("192.0.2.1:443").await;
        expect(&mut stream, &[0x16, 3]).await;
        stream
    };
    let mut stream = give_up(&network, "wss://192.0.2.1/", &secure, reached).await;
    expect_end(&mut stream).await;
}
