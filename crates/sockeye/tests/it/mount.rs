//! Endpoints in HTTP servers of others: after the upgrade, the driver owns the TCP stream.

use std::{any::type_name, future::pending, net::SocketAddr, time::Duration};

use axum::Router;
use bytes::Bytes;
use http::{Request, Version};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use sockeye::{Close, CloseCode, EndpointService, Endpoints, HandlerResult, IntoService, Socket};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::Instant,
};

use crate::{
    client::{Client, ask},
    opened::{listen, stream_at},
    scribe::Scribe,
};

fn service(path: &str) -> EndpointService {
    listen();
    Endpoints::new()
        .at(path, Scribe::default())
        .into_service()
        .unwrap()
}

async fn bound() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

async fn has_echo(mut client: Client) {
    client.send("hello").await;
    assert_eq!(client.text().await, "hello");
    client.close(Close::normal()).await;
    assert_eq!(client.closed().await.code(), CloseCode::NORMAL);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_axum_the_driver_owns_the_tcp_stream() {
    let (listener, addr) = bound().await;
    let app = Router::new().fallback_service(service("/under-axum"));
    tokio::spawn(axum::serve(listener, app).into_future());
    has_echo(Client::connect(addr, "/under-axum").await).await;
    assert_eq!(stream_at("/under-axum"), type_name::<TcpStream>());
}

#[tokio::test]
async fn under_hyper_the_driver_owns_the_tcp_stream() {
    let (listener, addr) = bound().await;
    let service = TowerToHyperService::new(service("/under-hyper"));
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        connection.with_upgrades().await.unwrap();
    });
    has_echo(Client::connect(addr, "/under-hyper").await).await;
    assert_eq!(stream_at("/under-hyper"), type_name::<TcpStream>());
}

#[tokio::test]
async fn under_hyper_with_http2_the_driver_owns_the_tcp_stream() {
    let (listener, addr) = bound().await;
    let service = TowerToHyperService::new(service("/under-auto"));
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let server = auto::Builder::new(TokioExecutor::new());
        let connection = server.serve_connection_with_upgrades(TokioIo::new(stream), service);
        connection.await.unwrap();
    });
    has_echo(Client::connect(addr, "/under-auto").await).await;
    assert_eq!(stream_at("/under-auto"), type_name::<TcpStream>());
}

#[tokio::test]
async fn under_axum_a_session_in_http2_is_a_stream_of_the_connection() {
    let (listener, addr) = bound().await;
    let app = Router::new().fallback_service(service("/under-axum-http2"));
    tokio::spawn(axum::serve(listener, app).into_future());
    let stream = TcpStream::connect(addr).await.unwrap();
    let (mut requests, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let uri = "http://here/under-axum-http2";
    let page = Request::get(uri).version(Version::HTTP_2).body(()).unwrap();
    let (answer, _) = requests.send_request(page, true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 405);
    // With the answer, the server's settings are there.
    assert!(requests.is_extended_connect_protocol_enabled());
    let request = Request::connect(uri)
        .version(Version::HTTP_2)
        .extension(h2::ext::Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13")
        .header("origin", "http://here");
    let (answer, mut frames) = requests
        .send_request(request.body(()).unwrap(), false)
        .unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    // Masked with zeros: a message, and a close.
    let sent = Bytes::from_static(b"\x81\x82\0\0\0\0hi\x88\x80\0\0\0\0");
    frames.send_data(sent, true).unwrap();
    let mut heard = Vec::new();
    let mut body = answer.into_body();
    while let Some(data) = body.data().await {
        heard.extend(data.unwrap());
    }
    assert_eq!(heard, b"\x81\x02hi\x88\x00");
    assert_ne!(stream_at("/under-axum-http2"), type_name::<TcpStream>());
}

#[tokio::test]
async fn a_stream_that_is_not_tcp_is_driven_where_it_is() {
    let (ours, theirs) = tokio::io::duplex(1 << 10);
    let service = TowerToHyperService::new(service("/under-duplex"));
    tokio::spawn(async move {
        let connection = http1::Builder::new().serve_connection(TokioIo::new(ours), service);
        connection.with_upgrades().await.unwrap();
    });
    let request = ask(([127, 0, 0, 1], 80).into(), "/under-duplex");
    has_echo(Client::over(theirs, request).await.unwrap()).await;
    assert_ne!(stream_at("/under-duplex"), type_name::<TcpStream>());
}

#[tokio::test]
async fn what_comes_in_one_piece_with_the_handshake_and_a_close_is_heard_and_answered() {
    let (listener, addr) = bound().await;
    let app = Router::new().fallback_service(service("/glued"));
    tokio::spawn(axum::serve(listener, app).into_future());
    let head =
        b"GET /glued HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    // Masked with zeros: a message, then a close or a frame with a reserved opcode.
    let message = b"\x81\x82\0\0\0\0hi";
    for (end, answer_to_end) in [
        (b"\x88\x80\0\0\0\0", &b"\x88\x00"[..]),
        (b"\x83\x80\0\0\0\0", b"\x88"),
    ] {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let sent = [&head[..], message, end].concat();
        stream.write_all(&sent).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 101 "));
        let head_end = answer
            .windows(4)
            .position(|bytes| bytes == b"\r\n\r\n")
            .unwrap();
        let frames = answer.split_off(head_end + 4);
        let expected = [&b"\x81\x02hi"[..], answer_to_end].concat();
        assert!(frames.starts_with(&expected), "{frames:?}");
    }
}

/// The HTTP server is done with a connection before the session on it has opened: a shutdown just then must not miss
/// it.
#[tokio::test]
async fn a_shutdown_waits_for_a_session_whose_101_is_on_its_way() {
    let scribe = Scribe::default();
    let endpoints = Endpoints::new().at("/", scribe.clone());
    let service = endpoints.into_service().unwrap();
    let (ours, theirs) = tokio::io::duplex(1 << 10);
    let client = tokio::spawn(async {
        let request = ask(([127, 0, 0, 1], 80).into(), "/");
        let mut client = Client::over(theirs, request).await.unwrap();
        client.closed().await
    });
    let hyper_service = TowerToHyperService::new(service.clone());
    let connection = http1::Builder::new().serve_connection(TokioIo::new(ours), hyper_service);
    connection.with_upgrades().await.unwrap();
    service
        .shut_down(Close::going_away(), Duration::from_secs(20))
        .await;
    assert_eq!(scribe.notes(), ["open", "close 1001"]);
    assert_eq!(client.await.unwrap().code(), CloseCode::GOING_AWAY);
}

/// Answers, and then never comes to an end.
async fn stubborn(socket: Socket) -> HandlerResult {
    socket.send("never").await?;
    pending().await
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_gives_up_on_a_handler_at_its_deadline() {
    let endpoints = Endpoints::new().at("/", stubborn);
    let service = endpoints.into_service().unwrap();
    let (ours, theirs) = tokio::io::duplex(1 << 10);
    let hyper_service = TowerToHyperService::new(service.clone());
    let connection = http1::Builder::new().serve_connection(TokioIo::new(ours), hyper_service);
    tokio::spawn(connection.with_upgrades());
    let request = ask(([127, 0, 0, 1], 80).into(), "/");
    let mut client = Client::over(theirs, request).await.unwrap();
    assert_eq!(client.text().await, "never");
    let told = tokio::spawn(async move { client.closed().await });

    let (start, deadline) = (Instant::now(), Duration::from_secs(3600));
    service.shut_down(Close::going_away(), deadline).await;
    assert!((deadline..deadline * 2).contains(&start.elapsed()));
    assert_eq!(told.await.unwrap().code(), CloseCode::GOING_AWAY);
    assert_eq!(service.sessions(), 1);
}
