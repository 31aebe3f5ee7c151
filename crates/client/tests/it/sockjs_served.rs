//! SockJS against our own server, over each transport: the same handler, the same words.

use std::sync::{Arc, Mutex};

use http::Request;
use sockeye_client::{
    Close, CloseCode, Connection, Connector, Fallback, Initiator, Message, Observer, SendError,
    Transport,
};
use sockeye_endpoint::{Closed, Endpoints, Handler, HandlerResult, Session, SockJs, Socket};
use tokio::sync::mpsc;

use crate::support::{Served, patiently};

const TRANSPORTS: [Transport; 3] = [
    Transport::WebSocket,
    Transport::XhrStreaming,
    Transport::XhrPolling,
];

async fn echo(mut socket: Socket) -> HandlerResult {
    while let Some(message) = socket.recv().await {
        if message == Message::from("go away") {
            socket.close(Close::new(CloseCode::new(4001), "gladly").unwrap());
        }
        socket.send(message).await?;
    }
    Ok(())
}

async fn connected(served: &Served, path: &str, transport: Transport) -> Connection {
    let connector = Connector::new().fallback(Fallback::default().transports([transport]));
    let connection = patiently(connector.connect(served.uri(path)))
        .await
        .unwrap();
    assert_eq!(connection.transport(), transport);
    connection
}

#[tokio::test]
async fn messages_come_back_in_order_however_many_responses_that_takes() {
    let sockjs = SockJs::default().stream_bytes(4096);
    let served = Served::new(Endpoints::new().at("/echo", echo).sockjs(sockjs));
    for transport in TRANSPORTS {
        let mut connection = connected(&served, "/echo", transport).await;
        let sender = connection.sender();
        let sending = tokio::spawn(async move {
            for n in 0..2000 {
                sender
                    .send(format!("{n} \u{1f600}\"\\\u{2028}"))
                    .await
                    .unwrap();
            }
        });
        for n in 0..2000 {
            let expected = format!("{n} \u{1f600}\"\\\u{2028}");
            let message = patiently(connection.recv()).await;
            assert_eq!(message, Some(expected.into()), "{transport}");
        }
        patiently(sending).await.unwrap();
        for len in [0, 4096, 1 << 20] {
            let message = Message::text("a".repeat(len));
            connection.send(message.clone()).await.unwrap();
            assert!(patiently(connection.recv()).await == Some(message), "{len}");
        }
        assert!(patiently(connection.ping("there?")).await.is_ok());
    }
}

#[tokio::test]
async fn the_handlers_close_arrives_with_its_code_and_words() {
    let served = Served::new(Endpoints::new().at("/echo", echo).with_sockjs());
    for transport in TRANSPORTS {
        let mut connection = connected(&served, "/echo", transport).await;
        connection.send("go away").await.unwrap();
        while patiently(connection.recv()).await.is_some() {}
        let closed = patiently(connection.wait_closed()).await;
        assert_eq!(closed.code, CloseCode::new(4001), "{transport}");
        assert_eq!(closed.reason, "gladly");
        assert_eq!(closed.initiator, Initiator::Peer);
    }
}

/// Tells which transports its sessions had and how they closed.
#[derive(Debug)]
struct Notes(mpsc::UnboundedSender<(Transport, u16)>);

impl Handler for Notes {
    async fn on_message(&self, _: &Session, _: Message) -> HandlerResult {
        Ok(())
    }

    async fn on_close(&self, session: &Session, closed: Closed) {
        let _ = self.0.send((session.transport(), closed.code.as_u16()));
    }
}

#[tokio::test]
async fn the_servers_handler_learns_at_once_that_a_client_has_closed() {
    let (notes, mut noted) = mpsc::unbounded_channel();
    let served = Served::new(Endpoints::new().at("/notes", Notes(notes)).with_sockjs());
    for transport in TRANSPORTS {
        let connection = connected(&served, "/notes", transport).await;
        connection.send("heard").await.unwrap();
        connection.close(Close::new(CloseCode::new(4000), "enough").unwrap());
        let closed = patiently(connection.wait_closed()).await;
        assert_eq!(closed.code, CloseCode::new(4000));
        // SockJS has no close of the client's.
        let code = if transport.is_http() { 1006 } else { 4000 };
        assert_eq!(patiently(noted.recv()).await, Some((transport, code)));
    }
}

/// Notes the cookies of requests.
#[derive(Debug, Default)]
struct Watching(Mutex<Vec<Option<String>>>);

impl Observer for Watching {
    fn on_request(&self, request: &Request<()>) {
        let cookie = request.headers().get("cookie");
        let cookie = cookie.map(|cookie| cookie.to_str().unwrap().to_owned());
        self.0.lock().unwrap().push(cookie);
    }
}

#[tokio::test]
async fn a_cookie_that_the_server_sets_goes_back_with_every_further_request() {
    let sockjs = SockJs::default().needs_cookie();
    let served = Served::new(Endpoints::new().at("/echo", echo).sockjs(sockjs));
    let watching = Arc::new(Watching::default());
    let fallback = Fallback::default().transports([Transport::XhrPolling]);
    let connector = Connector::new()
        .fallback(fallback)
        .observer(Arc::clone(&watching) as Arc<dyn Observer>);
    let mut connection = patiently(connector.connect(served.uri("/echo")))
        .await
        .unwrap();
    connection.send("1").await.unwrap();
    assert_eq!(patiently(connection.recv()).await, Some("1".into()));
    let cookies = watching.0.lock().unwrap().clone();
    assert_eq!(cookies[0], None);
    assert!(cookies.len() >= 3);
    let set = Some("JSESSIONID=dummy".to_owned());
    assert!(
        cookies[1..].iter().all(|cookie| *cookie == set),
        "{cookies:?}"
    );
}

#[tokio::test]
async fn a_server_without_websocket_is_reached_and_remembered() {
    let sockjs = SockJs::default().without_websocket();
    let endpoints = Endpoints::new().at("/echo", echo).sockjs(sockjs);
    let served = Served::new(endpoints);
    let connector = Arc::new(Connector::new().fallback(Fallback::default()));
    for _ in 0..2 {
        let connection = patiently(connector.connect(served.uri("/echo"))).await;
        let connection = connection.unwrap();
        assert_eq!(connection.transport(), Transport::XhrStreaming);
        let refused = connection.send(vec![1]).await;
        assert!(matches!(refused, Err(SendError::Binary(_))));
    }
}
