//! SockJS over WebSocket, with frames and without, and handshakes that are refused.

use sockeye_endpoint::{
    Endpoints,
    Initiator::{Handler as ByHandler, Network, Peer},
    SockJs,
};
use sockeye_types::Transport;

use super::{
    by::By,
    served::{at, closing, default_echo, echo, telling},
    wire::Ask,
};
use crate::{
    client::{BINARY, CLOSE, Client, PING, TEXT, close_frame, handshake, masked},
    closing::Closes,
    served::{Echo, SOON, Served},
};

const FRAMED: &str = "/echo/0/s/websocket";

/// Connects to a framed WebSocket and hears that it is open.
async fn framed(served: &Served) -> Client {
    let mut client = Client::open(served.addr, FRAMED).await;
    expect(&mut client, "o").await;
    client
}

/// This comes next, as one text message.
async fn expect(client: &mut Client, frame: &str) {
    let heard = client.frame().await.unwrap();
    assert_eq!(heard.first, TEXT);
    assert_eq!(String::from_utf8(heard.payload).unwrap(), frame);
}

async fn say(client: &mut Client, text: &str) {
    client.send(&masked(TEXT, text.as_bytes())).await;
}

#[tokio::test]
async fn below_a_session_each_frame_is_a_text_message() {
    let mut served = default_echo().await;
    let mut client = framed(&served).await;
    for (said, heard) in [
        (r#"["a"]"#, r#"a["a"]"#),
        (r#""bare""#, r#"a["bare"]"#),
        (r#"["é\u2028%"]"#, r#"a["é\u2028%"]"#),
    ] {
        say(&mut client, said).await;
        expect(&mut client, heard).await;
    }
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.ends.next().await, (1000, Peer));
    served.finish().await;
}

#[tokio::test]
async fn an_empty_message_and_an_empty_array_say_nothing() {
    let served = default_echo().await;
    let mut client = framed(&served).await;
    for nothing in ["", "[]", " [ ] "] {
        say(&mut client, nothing).await;
    }
    say(&mut client, r#"["x"]"#).await;
    expect(&mut client, r#"a["x"]"#).await;
}

#[tokio::test]
async fn many_messages_of_one_array_all_arrive() {
    let served = default_echo().await;
    let mut client = framed(&served).await;
    say(&mut client, r#"["1","2","3"]"#).await;
    let mut heard = String::new();
    while !heard.contains('3') {
        let frame = client.frame().await.unwrap();
        heard.push_str(str::from_utf8(&frame.payload).unwrap());
    }
    assert_eq!(heard.replace("]a[", ","), r#"a["1","2","3"]"#);
}

#[tokio::test]
async fn what_is_no_array_of_strings_ends_the_connection() {
    let mut served = default_echo().await;
    for broken in ["[\"a", "[1]", "nothing", "{}", "[\"a\"]]"] {
        let mut client = framed(&served).await;
        say(&mut client, broken).await;
        let code = client.close_code().await;
        assert!(
            matches!(code, Some(1002 | 1003 | 1007 | 1008 | 3000..)),
            "{broken}: {code:?}"
        );
        client.send(&close_frame(1000)).await;
        assert_eq!(client.rest().await, []);
        let (told, _) = served.ends.next().await;
        assert_eq!(Some(told), code, "{broken}");
    }
    served.finish().await;
}

#[tokio::test]
async fn binary_is_no_frame_of_sockjs() {
    let mut served = default_echo().await;
    let mut client = framed(&served).await;
    client.send(&masked(BINARY, br#"["x"]"#)).await;
    assert_eq!(client.close_code().await, Some(1003));
    client.send(&close_frame(1003)).await;
    assert_eq!(served.ends.next().await.0, 1003);
}

#[tokio::test]
async fn a_handlers_close_is_a_frame_and_then_a_closing_handshake() {
    let mut served = closing(SockJs::default()).await;
    let mut client = Client::open(served.addr, "/close/0/s/websocket").await;
    expect(&mut client, "o").await;
    expect(&mut client, r#"c[3000,"Go away!"]"#).await;
    let close = client.frame().await.unwrap();
    assert_eq!(close.first, CLOSE);
    client.send(&close_frame(1000)).await;
    assert_eq!(client.rest().await, []);
    assert_eq!(served.ends.next().await, (3000, ByHandler));
    served.finish().await;
}

#[tokio::test]
async fn sessions_of_websockets_may_share_their_name() {
    let served = default_echo().await;
    let mut one = framed(&served).await;
    let mut other = framed(&served).await;
    say(&mut one, r#"["one"]"#).await;
    expect(&mut one, r#"a["one"]"#).await;
    say(&mut other, r#"["other"]"#).await;
    expect(&mut other, r#"a["other"]"#).await;
    // Neither can be sent to, or received, by requests.
    assert_eq!(
        By::Xhr.send(served.addr, "/echo/0/s", "[]").await.status(),
        404
    );
    By::Xhr.open(served.addr, "/echo/0/s").await;
    assert_eq!(served.ends.opened(), 3);
}

#[tokio::test]
async fn a_lost_websocket_ends_its_session() {
    let mut served = default_echo().await;
    let client = framed(&served).await;
    client.reset();
    assert_eq!(served.ends.next().await, (1006, Network));
    served.finish().await;
}

#[tokio::test]
async fn a_framed_websocket_is_asked_by_pings() {
    use sockeye_types::Heartbeat;
    let heartbeat = Heartbeat::default().period(SOON);
    let served = Served::endpoints(|watch| {
        at(Endpoints::new(), "/echo", Echo(watch), SockJs::default()).heartbeat(heartbeat)
    })
    .await;
    let mut client = framed(&served).await;
    assert_eq!(client.frame().await.unwrap().first, PING);
}

#[tokio::test]
async fn below_the_prefix_and_on_it_a_websocket_is_raw() {
    let (mut served, mut told) = telling(SockJs::default(), |all| all).await;
    for path in ["/echo", "/echo/websocket"] {
        let mut client = Client::open(served.addr, path).await;
        assert_eq!(told.session().await.transport(), Transport::WebSocket);
        client.echo("Hello world!\u{ffff}").await;
        client.echo("[\"as it is\"]").await;
        client.send(&masked(BINARY, b"\0\xff")).await;
        assert_eq!(client.frame().await.unwrap().payload, b"\0\xff");
        client.send(&close_frame(4000)).await;
        assert_eq!(client.verdict().await, Some(4000));
        assert_eq!(served.ends.next().await, (4000, Peer));
    }
    served.finish().await;
}

#[tokio::test]
async fn a_raw_websocket_is_closed_with_the_handlers_reason() {
    let mut served = closing(SockJs::default()).await;
    let mut client = Client::open(served.addr, "/close/websocket").await;
    let close = client.frame().await.unwrap();
    assert_eq!(close.first, CLOSE);
    assert_eq!(
        close.payload,
        [&3000u16.to_be_bytes()[..], b"Go away!"].concat()
    );
    client.send(&close_frame(3000)).await;
    assert_eq!(served.ends.next().await, (3000, ByHandler));
}

#[tokio::test]
async fn a_plain_request_for_a_websocket_is_bad() {
    let served = default_echo().await;
    for url in [FRAMED, "/echo/websocket"] {
        let plain = Ask::get(url);
        let closes = plain
            .clone()
            .field("Upgrade", "websocket")
            .field("Connection", "close")
            .field("Sec-WebSocket-Version", "13")
            .field("Sec-WebSocket-Key", "AAECAwQFBgcICQoLDA0ODw==");
        let keyless = plain
            .clone()
            .field("Upgrade", "websocket")
            .field("Connection", "Upgrade")
            .field("Sec-WebSocket-Version", "13");
        for ask in [plain, closes, keyless] {
            assert_eq!(ask.answer(served.addr).await.status(), 400, "{ask:?}");
        }
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn a_post_with_the_fields_of_a_handshake_is_not_allowed() {
    let served = default_echo().await;
    let ask = Ask::post(FRAMED)
        .field("Upgrade", "websocket")
        .field("Connection", "Upgrade");
    let refused = ask.answer(served.addr).await;
    assert_eq!(refused.status(), 405);
    assert!(refused.head.field("allow").unwrap().contains("GET"));
    assert_eq!(refused.head.field("content-type"), None);
}

#[tokio::test]
async fn a_handshake_may_name_other_tokens_in_any_case() {
    let served = default_echo().await;
    let request = handshake(FRAMED, "")
        .replace("Connection: Upgrade", "Connection: keep-alive, UPGRADE")
        .replace("Upgrade: websocket", "Upgrade: WebSocket");
    let mut client = Client::connect(served.addr).await;
    client.send(request.as_bytes()).await;
    let reply = client.reply().await;
    assert_eq!(reply.status, 101);
    assert!(!reply.head.contains("content-length"), "{}", reply.head);
    assert!(
        reply.head.contains("sec-websocket-accept: "),
        "{}",
        reply.head
    );
    expect(&mut client, "o").await;
}

#[tokio::test]
async fn without_websockets_neither_url_is_there() {
    let served = echo(SockJs::default().without_websocket()).await;
    for url in [FRAMED, "/echo/websocket"] {
        let mut client = Client::connect(served.addr).await;
        client.send(handshake(url, "").as_bytes()).await;
        assert_eq!(client.reply().await.status, 404, "{url}");
        assert_eq!(
            Ask::get(url).answer(served.addr).await.status(),
            404,
            "{url}"
        );
    }
    // The endpoint's own path is WebSocket's, whatever SockJS offers.
    Client::open(served.addr, "/echo").await.echo("raw").await;
}

#[tokio::test]
async fn a_message_to_a_framed_websocket_has_the_endpoints_limit() {
    use sockeye_types::Limits;
    let served = Served::endpoints(|watch| {
        at(Endpoints::new(), "/echo", Echo(watch), SockJs::default())
            .limits(Limits::default().message_bytes(64))
    })
    .await;
    let mut client = framed(&served).await;
    let most = format!("[\"{}\"]", "x".repeat(60));
    say(&mut client, &most).await;
    expect(&mut client, &format!("a{most}")).await;
    say(&mut client, &format!("[\"{}\"]", "x".repeat(65))).await;
    assert_eq!(client.close_code().await, Some(1009));
}

#[tokio::test]
async fn a_session_that_the_handler_ends_is_told_in_a_frame_first() {
    let served =
        Served::endpoints(|watch| at(Endpoints::new(), "/echo", Closes(watch), SockJs::default()))
            .await;
    let mut client = framed(&served).await;
    say(&mut client, r#"["bye"]"#).await;
    expect(&mut client, r#"c[4002,"enough"]"#).await;
    assert_eq!(client.frame().await.unwrap().first, CLOSE);
}
