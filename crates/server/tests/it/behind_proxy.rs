//! Servers behind proxies: who the client is by a PROXY header or by what proxies write into requests, which origin is
//! the server's own then, and that nobody is believed who is not trusted.

use std::{convert::Infallible, net::SocketAddr, num::NonZeroUsize};

use bytes::Bytes;
use http::{Request, Response};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use sockeye_endpoint::{Endpoints, HandlerResult, Scheme, Site, Socket};
use sockeye_server::{
    Forwarded, IntoService, PeerAddr, ProxyProtocol, ServeError, Server, TrustedProxies,
};
use tokio::{sync::oneshot, task::JoinHandle};
use tower_service::Service;

use crate::{
    client::{Client, TEXT, handshake, masked, patiently},
    served::{LATE, SOON},
};

const V1: &[u8] = b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n";
const V2: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x01\x12\x67\x01\xbb";
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00";

/// Says who its peer is by the server's knowledge, then echoes.
async fn who(mut socket: Socket) -> HandlerResult {
    let peer = socket.session().peer_addr().unwrap();
    socket.send(peer.to_string()).await?;
    while let Some(message) = socket.recv().await {
        socket.send(message).await?;
    }
    Ok(())
}

struct Running {
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    fn start(set_up: impl FnOnce(Server) -> Server) -> Self {
        let endpoints = Endpoints::new().at("/", who);
        let server = set_up(Server::new(endpoints).workers(NonZeroUsize::MIN));
        let bound = server.bind("127.0.0.1:0").unwrap();
        let addr = bound.local_addr();
        let (stop, stopped) = oneshot::channel();
        let done = tokio::spawn(bound.run_until(async {
            let _ = stopped.await;
        }));
        Self { addr, stop, done }
    }

    /// Trusts what connects from this machine, which is every client of these tests.
    fn trusting(set_up: impl FnOnce(Server) -> Server) -> Self {
        let loopback = TrustedProxies::named(["loopback"]).unwrap();
        Self::start(|server| set_up(server.trusted_proxies(loopback)))
    }

    fn with_protocol() -> Self {
        Self::trusting(|server| server.proxy_protocol(ProxyProtocol::Required))
    }

    fn with_headers(which: Forwarded) -> Self {
        Self::trusting(|server| server.forwarded(which))
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        patiently(self.done).await.unwrap().unwrap();
    }

    /// Sends this before anything else, opens a session and returns who its peer is.
    async fn peer_behind(&self, header: &[u8], more: &str) -> String {
        let mut client = Client::connect(self.addr).await;
        client.send(header).await;
        client.shake_hands("/", more).await;
        said(&mut client).await
    }

    /// Opens no session: returns the status of the refusal, or 101.
    async fn status(&self, host: &str, more: &str) -> u16 {
        let mut client = Client::connect(self.addr).await;
        let request = handshake("/", more).replace("sockeye.test", host);
        client.send(request.as_bytes()).await;
        client.reply().await.status
    }

    /// Says this, and is cut without an answer.
    async fn assert_cut(&self, bytes: &[u8]) {
        let mut client = Client::connect(self.addr).await;
        // The server may be gone before the last byte is taken.
        let _ = client.try_send(bytes).await;
        assert_eq!(client.rest().await, [], "{bytes:?}");
    }
}

/// A header and a handshake that would be answered if anyone read it.
fn asking(header: &[u8]) -> Vec<u8> {
    [header, handshake("/", "").as_bytes()].concat()
}

async fn said(client: &mut Client) -> String {
    String::from_utf8(client.frame().await.unwrap().payload).unwrap()
}

#[tokio::test]
async fn a_proxy_header_names_the_peer_of_the_session() {
    let running = Running::with_protocol();
    for header in [V1, V2] {
        assert_eq!(running.peer_behind(header, "").await, "192.0.2.1:4711");
    }
    running.stop().await;
}

#[tokio::test]
async fn not_a_byte_behind_a_proxy_header_is_lost_nor_does_it_matter_how_it_is_cut() {
    let running = Running::with_protocol();
    let long = [b"PROXY UNKNOWN ".to_vec(), vec![b'x'; 91], b"\r\n".to_vec()].concat();
    for header in [V1, V2, LOCAL, &long] {
        let mut glued = Client::connect(running.addr).await;
        let all = [
            header,
            handshake("/", "").as_bytes(),
            &masked(TEXT, b"at once"),
        ]
        .concat();
        glued.send(&all).await;
        assert_eq!(glued.reply().await.status, 101);
        said(&mut glued).await;
        assert_eq!(said(&mut glued).await, "at once");

        let mut dripped = Client::connect(running.addr).await;
        dripped.io.set_nodelay(true).unwrap();
        for byte in header {
            dripped.send(&[*byte]).await;
        }
        dripped.shake_hands("/", "").await;
        said(&mut dripped).await;
        dripped.echo("bit by bit").await;
    }
    running.stop().await;
}

#[tokio::test]
async fn a_proxy_that_names_nobody_is_the_peer_itself() {
    let running = Running::with_protocol();
    for header in [LOCAL, b"PROXY UNKNOWN\r\n"] {
        let peer = running.peer_behind(header, "").await;
        assert!(peer.starts_with("127.0.0.1:"), "{peer}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_connection_without_a_sound_proxy_header_is_cut_and_others_are_served() {
    let running = Running::with_protocol();
    for bytes in [
        &b""[..],
        b"PROXY TCP4 nobody 198.51.100.1 4711 443\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x11\x11\x00\x0c",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff",
        &[&b"PROXY UNKNOWN "[..], &[b'x'; 200]].concat(),
    ] {
        running.assert_cut(&asking(bytes)).await;
    }
    assert_eq!(running.peer_behind(V1, "").await, "192.0.2.1:4711");
    running.stop().await;
}

#[tokio::test]
async fn a_proxy_header_of_version_2_may_be_as_long_as_is_set() {
    let running = Running::trusting(|server| {
        let server = server.proxy_protocol(ProxyProtocol::Required);
        server.proxy_bytes(300)
    });
    let header = |len: u16| {
        let mut header = V2.to_vec();
        header[14..16].copy_from_slice(&(len - 16).to_be_bytes());
        header.resize(len.into(), 0xee);
        header
    };
    assert_eq!(
        running.peer_behind(&header(300), "").await,
        "192.0.2.1:4711"
    );
    running.assert_cut(&asking(&header(301))).await;
    running.stop().await;
}

#[tokio::test]
async fn a_proxy_header_of_who_is_not_trusted_is_not_read() {
    let running = Running::start(|server| server.proxy_protocol(ProxyProtocol::Required));
    for header in [V1, V2, LOCAL, b""] {
        running.assert_cut(&asking(header)).await;
    }
    running.stop().await;
}

#[tokio::test]
async fn a_proxy_header_that_does_not_come_is_not_waited_for() {
    let running = Running::trusting(|server| {
        let server = server.proxy_protocol(ProxyProtocol::Required);
        server.handshake_time(SOON)
    });
    running.assert_cut(b"").await;
    running.assert_cut(b"PROXY TCP4").await;
    running.stop().await;
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_proxy_header() {
    let running = Running::trusting(|server| {
        let server = server.proxy_protocol(ProxyProtocol::Required);
        server.handshake_time(LATE).shutdown_time(LATE)
    });
    let mut silent = Client::connect(running.addr).await;
    silent.send(b"PROXY ").await;
    // Whoever comes later is served: the first is there as well.
    running.peer_behind(V1, "").await;
    running.stop().await;
    assert_eq!(silent.rest().await, []);
}

#[tokio::test]
async fn where_none_is_expected_a_proxy_header_is_a_malformed_request() {
    let running = Running::trusting(|server| server);
    let mut client = Client::connect(running.addr).await;
    client.send(V1).await;
    assert_eq!(client.reply().await.status, 400);
    running.stop().await;
}

#[tokio::test]
async fn the_headers_of_a_trusted_proxy_name_the_peer_of_the_session() {
    let lines = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 192.0.2.1, 127.0.0.7\r\n\
                 Forwarded: for=203.0.113.9, for=\"[2001:db8::1]:4711\"\r\n";
    for (which, expected) in [
        (Forwarded::XForwarded, "192.0.2.1:0"),
        (Forwarded::Forwarded, "[2001:db8::1]:4711"),
    ] {
        let running = Running::with_headers(which);
        assert_eq!(running.peer_behind(b"", lines).await, expected);
        running.stop().await;
    }
    for running in [
        Running::with_headers(Forwarded::Off),
        Running::start(|server| server.forwarded(Forwarded::XForwarded)),
    ] {
        let peer = running.peer_behind(b"", lines).await;
        assert!(peer.starts_with("127.0.0.1:"), "{peer}");
        running.stop().await;
    }
}

#[tokio::test]
async fn headers_count_if_the_source_of_the_proxy_header_is_a_trusted_proxy_too() {
    let running = Running::trusting(|server| {
        let server = server.proxy_protocol(ProxyProtocol::Required);
        server.forwarded(Forwarded::XForwarded)
    });
    let lines = "X-Forwarded-For: 203.0.113.9\r\n";
    let proxied = b"PROXY TCP4 127.0.0.9 127.0.0.1 1 2\r\n";
    assert_eq!(running.peer_behind(proxied, lines).await, "203.0.113.9:0");
    assert_eq!(running.peer_behind(V1, lines).await, "192.0.2.1:4711");
    running.stop().await;
}

#[tokio::test]
async fn the_own_origin_is_the_one_that_a_trusted_proxy_was_asked_for() {
    let x = |host: &str, proto: &str, origin: &str| {
        format!("X-Forwarded-Host: {host}\r\nX-Forwarded-Proto: {proto}\r\nOrigin: {origin}\r\n")
    };
    let standard = |host: &str, proto: &str, origin: &str| {
        format!("Forwarded: for=192.0.2.1;host=\"{host}\";proto={proto}\r\nOrigin: {origin}\r\n")
    };
    for (which, lines) in [
        (
            Forwarded::XForwarded,
            &x as &dyn Fn(&str, &str, &str) -> String,
        ),
        (Forwarded::Forwarded, &standard),
    ] {
        let running = Running::with_headers(which);
        for (host, proto, origin, expected) in [
            ("a.test", "https", "https://a.test", 101),
            ("a.test:8443", "wss", "https://a.test:8443", 101),
            ("a.test", "http", "http://a.test", 101),
            ("a.test", "unheard-of", "https://a.test", 101),
            ("a.test", "https", "https://inner.test", 403),
            ("a.test", "https", "https://evil.test", 403),
            ("a.test", "https", "https://a.test:8443", 403),
            ("a.test", "https", "http://a.test", 403),
            ("a.test", "http", "https://a.test", 403),
        ] {
            let status = running
                .status("inner.test", &lines(host, proto, origin))
                .await;
            assert_eq!(status, expected, "{host} {proto} {origin}");
        }
        // Without their word it is the host of the request.
        let bare = running
            .status("inner.test", "Origin: https://inner.test\r\n")
            .await;
        assert_eq!(bare, 101);
        running.stop().await;
    }
    let running = Running::start(|server| server.forwarded(Forwarded::XForwarded));
    let lines = x("evil.test", "https", "https://evil.test");
    assert_eq!(running.status("a.test", &lines).await, 403);
    running.stop().await;
}

#[tokio::test]
async fn pages_see_the_client_as_well() {
    let running = Running::trusting(|server| {
        server.forwarded(Forwarded::XForwarded).pages(|head| {
            let PeerAddr(peer) = head.extensions.get()?;
            let site = head.extensions.get::<Site>()?;
            let seen = format!("{peer} {:?} {:?}", site.scheme, site.authority);
            Some(Response::new(Bytes::from(seen)))
        })
    });
    let mut client = Client::connect(running.addr).await;
    let request = "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1:7\r\n\
                   X-Forwarded-Proto: https\r\nX-Forwarded-Host: a.test\r\n\r\n";
    client.send(request.as_bytes()).await;
    let seen = client.reply().await.body;
    assert_eq!(seen, "192.0.2.1:7 Some(Https) Some(\"a.test\")");
    running.stop().await;
}

/// Asks endpoints that are mounted in a server which knows this of their site.
async fn mounted_status(site: Option<Site>, more: &str) -> u16 {
    let service = Endpoints::new().at("/", who).into_service().unwrap();
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    let answer = service_fn(move |mut request: Request<_>| {
        request
            .extensions_mut()
            .insert(PeerAddr(([192, 0, 2, 1], 1).into()));
        if let Some(site) = &site {
            request.extensions_mut().insert(site.clone());
        }
        let mut service = service.clone();
        async move { Ok::<_, Infallible>(service.call(request).await.unwrap()) }
    });
    let server = http1::Builder::new();
    tokio::spawn(
        server
            .serve_connection(TokioIo::new(theirs), answer)
            .with_upgrades(),
    );
    let mut client = Client::over(ours);
    client.send(handshake("/", more).as_bytes()).await;
    client.reply().await.status
}

#[tokio::test]
async fn mounted_endpoints_believe_what_their_host_tells_and_no_header() {
    let forwarded = "X-Forwarded-Host: a.test\r\nForwarded: host=a.test\r\n";
    let lines = |origin: &str| format!("{forwarded}Origin: {origin}\r\n");
    assert_eq!(mounted_status(None, &lines("https://a.test")).await, 403);
    assert_eq!(
        mounted_status(None, &lines("https://sockeye.test")).await,
        101
    );
    let site = Site::default().scheme(Some(Scheme::Https));
    let named = site.clone().authority(Some("b.test".to_owned()));
    for (site, origin, expected) in [
        (&named, "https://b.test", 101),
        (&named, "http://b.test", 403),
        (&named, "https://sockeye.test", 403),
        (&site, "https://sockeye.test", 101),
        (&site, "http://sockeye.test", 403),
    ] {
        let status = mounted_status(Some(site.clone()), &lines(origin)).await;
        assert_eq!(status, expected, "{origin} for {site:?}");
    }
}
