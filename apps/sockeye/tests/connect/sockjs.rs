//! A SockJS prefix: what carries the talk, and what it does not carry.

use std::{net::SocketAddr, num::NonZeroUsize, thread};

use sockeye::{Endpoints, HandlerResult, Server, SockJs, Socket};

use crate::{expect, talk, text};

async fn echo(mut socket: Socket) -> HandlerResult {
    while let Some(message) = socket.recv().await {
        socket.send(message).await?;
    }
    Ok(())
}

/// A server without WebSocket, for as long as the tests run.
fn without_websocket() -> SocketAddr {
    let sockjs = SockJs::default().without_websocket();
    let bound = Server::new(Endpoints::new().at("/echo", echo).sockjs(sockjs))
        .workers(NonZeroUsize::MIN)
        .bind("127.0.0.1:0")
        .unwrap();
    let address = bound.local_addr();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let _ = runtime.block_on(bound.run_until(std::future::pending()));
    });
    address
}

#[test]
fn where_there_is_no_websocket_http_carries_the_talk() {
    let url = format!("ws://{}/echo", without_websocket());
    for (flags, carrier) in [
        (&["--sockjs"][..], "xhr-streaming"),
        (&["--sockjs", "--transport", "xhr-polling"], "xhr-polling"),
        (&["--sockjs", "--reconnect"], "xhr-streaming"),
    ] {
        let output = talk(&[flags, &["-n3", &url]].concat(), "1\n안녕\n3\n".as_bytes());
        expect(&output, 0, "1\n안녕\n3\n".as_bytes());
        let said = text(&output.stderr);
        assert!(
            said.contains(&format!("* connected by {carrier}\n")),
            "{said}"
        );
    }
}

#[test]
fn binary_is_not_sent_where_only_text_travels_and_that_is_told() {
    let url = format!("ws://{}/echo", without_websocket());
    let output = talk(&["--sockjs", "--send-as", "hex", &url], b"00ff\n");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let told = "* not sent: the connection carries text only\n";
    assert!(said.contains(told), "{said}");
}

#[test]
fn what_was_tried_is_told_when_nothing_gets_through() {
    let url = format!("ws://{}/nowhere", without_websocket());
    let output = talk(&["--sockjs", &url], b"");
    expect(&output, 4, b"");
    let said = text(&output.stderr);
    let told = "websocket: the server answered with 404 Not Found; xhr-streaming: the server answered with 404";
    assert!(said.contains(told), "{said}");
}
