//! Opening handshakes that are answered without an HTTP server: to a client they are like all others, but for a session
//! that is open before the answer is there.

use std::{net::SocketAddr, sync::Arc};

use sockeye_endpoint::{
    Endpoints, Group, Handler, HandlerResult, Initiator::Peer, Interceptor, Refusal, Session,
    UpgradeRequest,
};
use sockeye_types::{Deflate, Message};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};

use crate::{
    client::{Client, close_frame, handshake, patiently},
    served::{Echo, SOON, Served, Watch},
};

/// So many more headers than the head parser has room for.
const MANY: usize = 30;

fn endpoints(watch: Watch) -> Endpoints {
    Endpoints::new()
        .at("/", Echo(watch.clone()))
        .at("/chat/{room}", Echo(watch.clone()))
        .protocols(["one", "two"])
        .deflate(Deflate::default())
        .at("/sock", Echo(watch.clone()))
        .with_sockjs()
        .at("/refused", Echo(watch))
        .interceptor(|_: &mut UpgradeRequest<'_>| {
            Err::<(), _>(Refusal::new(http::StatusCode::UNAUTHORIZED, "who?\n"))
        })
}

/// Requests that say much about their answer.
fn corpus() -> Vec<String> {
    let with = |from: &str, to: &str| handshake("/", "").replace(from, to);
    let and = |lines: &str| handshake("/", lines);
    vec![
        handshake("/", ""),
        handshake("/nowhere", ""),
        handshake("/refused", ""),
        and("Origin: https://foreign.example\r\n"),
        and("Origin: http://sockeye.test\r\n"),
        handshake(
            "/chat/a%20b?token=c",
            "Sec-WebSocket-Protocol: two, one\r\n",
        ),
        handshake(
            "/chat/a",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
        ),
        handshake("/sock/websocket", ""),
        handshake("/sock/000/session/websocket", ""),
        handshake("/sock/000/session/xhr", ""),
        handshake("/sock/iframe.html", ""),
        handshake("/sock", ""),
        with("GET / ", "GET http://sockeye.test/ "),
        with("GET / ", "GET * "),
        with("GET / ", "get / "),
        with("GET", "POST"),
        with("HTTP/1.1", "HTTP/1.0"),
        with("HTTP/1.1", "HTTP/2.0"),
        with("Host: sockeye.test\r\n", ""),
        with("Upgrade: websocket\r\n", ""),
        with(": websocket", ": WebSocket"),
        with(": websocket", ": h2c"),
        with(": Upgrade", ": keep-alive, Upgrade"),
        with(": Upgrade", ": close, Upgrade"),
        with(": Upgrade", ": close"),
        with(": 13", ": 8"),
        with("Dw==", ""),
        and("Host: other\r\n"),
        and("Sec-WebSocket-Protocol: a b\r\n"),
        and("Content-Length: 0\r\n"),
        and("Content-Length: 5\r\n") + "hello",
        and("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n",
        and("Expect: 100-continue\r\n"),
        and("Ho st: h\r\n"),
        and("X-Bytes: \u{e9}\r\n"),
        format!("\r\n{}", handshake("/", "")),
        handshake("/", "").replace("\r\n", "\n"),
    ]
}

/// The answer to a request that is sent in these pieces, without its date, and what a second request gets behind a
/// refusal.
async fn answer(addr: SocketAddr, pieces: &[&[u8]]) -> String {
    let mut io = patiently(TcpStream::connect(addr)).await.unwrap();
    io.set_nodelay(true).unwrap();
    for piece in pieces {
        // Whoever answers early may have closed by now.
        let _ = patiently(io.write_all(piece)).await;
        tokio::task::yield_now().await;
    }
    let mut heard = Vec::new();
    while !heard.windows(4).any(|end| end == b"\r\n\r\n") {
        if patiently(io.read_buf(&mut heard)).await.unwrap_or(0) == 0 {
            break;
        }
    }
    if heard.starts_with(b"HTTP/1.1 101 ") {
        let _ = patiently(io.write_all(&close_frame(1000))).await;
    } else {
        let _ =
            patiently(io.write_all(b"GET /then HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
                .await;
    }
    let _ = patiently(io.read_to_end(&mut heard)).await;
    let heard = String::from_utf8_lossy(&heard);
    let lines = heard.split_inclusive('\n');
    lines.filter(|line| !line.starts_with("date: ")).collect()
}

#[tokio::test]
async fn answers_are_those_of_the_http_server() {
    let served = Served::endpoints(endpoints).await;
    for request in corpus() {
        let at_once = answer(served.addr, &[request.as_bytes()]).await;
        // With so many headers it is the HTTP server's.
        let end = if request.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        let many = format!("{end}{}", format!("X-More: x{end}").repeat(MANY));
        let more = request.replacen(&format!(".test{end}"), &format!(".test{many}"), 1);
        if more == request {
            continue;
        }
        let by_server = answer(served.addr, &[more.as_bytes()]).await;
        assert_eq!(at_once, by_server, "{request}");
    }
}

#[tokio::test]
async fn answers_do_not_depend_on_how_a_head_is_cut() {
    let served = Served::endpoints(endpoints).await;
    for (number, request) in corpus().iter().enumerate() {
        let bytes = request.as_bytes();
        let whole = answer(served.addr, &[bytes]).await;
        // The first four at each byte, the others here and there.
        let step = if number < 4 { 1 } else { 23 };
        for at in (1..bytes.len()).step_by(step) {
            let cut = answer(served.addr, &[&bytes[..at], &bytes[at..]]).await;
            assert_eq!(cut, whole, "{request} cut at {at}");
        }
        let drips: Vec<&[u8]> = bytes.chunks(7).collect();
        assert_eq!(answer(served.addr, &drips).await, whole, "{request}");
    }
}

/// Whoever opens a session hears what is said to all.
struct Joins(Group);

impl Handler for Joins {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.0.join(session);
        session.send("welcome").await?;
        Ok(())
    }

    async fn on_message(&self, _: &Session, _: Message) -> HandlerResult {
        Ok(())
    }
}

#[tokio::test]
async fn who_has_seen_the_101_misses_no_broadcast() {
    let everyone = Group::default();
    let joins = Joins(everyone.clone());
    let mut served = Served::endpoints(|_| Endpoints::new().at("/", joins)).await;
    for more in ["", &"X-Long: x\r\n".repeat(20)] {
        for number in 0..50 {
            let mut client = Client::connect(served.addr).await;
            client.shake_hands("/", more).await;
            everyone.send(format!("news {number}"));
            assert_eq!(client.frame().await.unwrap().payload, b"welcome");
            let news = client.frame().await.unwrap().payload;
            assert_eq!(news, format!("news {number}").as_bytes());
        }
    }
    served.innocent_talks().await;
    served.finish().await;
}

/// Opens when it is let go.
struct OpensLate(Arc<Notify>);

impl Handler for OpensLate {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.0.notified().await;
        Ok(session.send("open").await?)
    }

    async fn on_message(&self, _: &Session, _: Message) -> HandlerResult {
        Ok(())
    }
}

#[tokio::test]
async fn a_handler_that_waits_when_it_opens_does_not_hold_the_101() {
    let let_go = Arc::new(Notify::new());
    let late = OpensLate(Arc::clone(&let_go));
    let served = Served::endpoints(|_| Endpoints::new().at("/", late)).await;
    let mut client = served.client().await;
    let_go.notify_one();
    assert_eq!(client.frame().await.unwrap().payload, b"open");
    drop(client);
    served.finish().await;
}

/// Asks for ever, and says when nobody wants to know any more.
struct Asks {
    asked: Arc<Notify>,
    dropped: Arc<Notify>,
}

struct Tells(Arc<Notify>);

impl Drop for Tells {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Interceptor for Asks {
    async fn before_upgrade(&self, _: &mut UpgradeRequest<'_>) -> Result<(), Refusal> {
        let _tells = Tells(Arc::clone(&self.dropped));
        self.asked.notify_one();
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_client_that_leaves_while_it_is_decided_on_is_forgotten() {
    let (asked, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let asks = Asks {
        asked: Arc::clone(&asked),
        dropped: Arc::clone(&dropped),
    };
    let served =
        Served::endpoints(|watch| Endpoints::new().at("/", Echo(watch)).interceptor(asks)).await;
    let mut client = Client::connect(served.addr).await;
    client.send(handshake("/", "").as_bytes()).await;
    patiently(asked.notified()).await;
    drop(client);
    patiently(dropped.notified()).await;
    served.nobody_came().await;
}

#[tokio::test]
async fn half_a_head_is_cut_when_its_time_is_up() {
    let served = Served::server(
        |watch| Endpoints::new().at("/", Echo(watch)),
        |server| server.handshake_time(SOON),
    )
    .await;
    let request = handshake("/", "");
    for end in [1, request.len() / 2, request.len() - 1] {
        let mut client = Client::connect(served.addr).await;
        client.send(&request.as_bytes()[..end]).await;
        assert_eq!(client.rest().await, [], "{end}");
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn a_head_as_large_as_may_be_is_one_and_a_byte_more_is_not() {
    const MOST: usize = 8 << 10;
    let mut served = Served::server(
        |watch| Endpoints::new().at("/", Echo(watch)),
        |server| server.head_bytes(MOST),
    )
    .await;
    let own = handshake("/", "X-Long: \r\n").len();
    let head = |len: usize| handshake("/", &format!("X-Long: {}\r\n", "x".repeat(len - own)));
    let mut client = Client::connect(served.addr).await;
    client.send(head(MOST).as_bytes()).await;
    assert_eq!(client.reply().await.status, 101);
    client.echo("whole").await;
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.ends.next().await, (1000, Peer));
    let mut client = Client::connect(served.addr).await;
    client.send(head(MOST + 1).as_bytes()).await;
    assert_eq!(client.reply().await.status, 431);
    served.finish().await;
}
