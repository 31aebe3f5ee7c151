//! Against our own server: what each says the other hears.

use std::sync::{Arc, Mutex};

use http::{Request, Response};
use sockeye_client::{
    Close, CloseCode, Connector, Deflate, Direction, FrameHead, Initiator, Message, Observer,
    Reached,
};
use sockeye_endpoint::{Endpoints, HandlerResult, Socket};

use crate::support::{Served, patiently};

async fn echo(mut socket: Socket) -> HandlerResult {
    while let Some(message) = socket.recv().await {
        socket.send(message).await?;
    }
    Ok(())
}

fn echoing() -> Served {
    Served::new(
        Endpoints::new()
            .at("/echo", echo)
            .protocols(["v1"])
            .deflate(Deflate::default()),
    )
}

#[tokio::test]
async fn messages_of_both_kinds_and_all_sizes_come_back() {
    let served = echoing();
    for deflate in [None, Some(Deflate::default())] {
        let connector = Connector::new().protocols(["v2", "v1"]).deflate(deflate);
        let mut connection = patiently(connector.connect(served.uri("/echo")))
            .await
            .unwrap();
        assert_eq!(connection.protocol(), Some("v1"));
        assert_eq!(connection.deflate_agreed().is_some(), deflate.is_some());
        assert_eq!(connection.peer_addr(), Some(served.addr));
        assert_eq!(connection.response().status(), 101);
        for len in [0, 1, 125, 126, 65_535, 65_536, 1 << 20] {
            for message in [
                Message::text("a".repeat(len)),
                Message::binary(vec![7; len]),
            ] {
                connection.send(message.clone()).await.unwrap();
                assert_eq!(patiently(connection.recv()).await, Some(message));
            }
        }
        connection.close(Close::new(CloseCode::new(4000), "enough").unwrap());
        assert_eq!(patiently(connection.recv()).await, None);
        let closed = patiently(connection.wait_closed()).await;
        assert_eq!(closed.code, CloseCode::new(4000));
        assert_eq!(closed.initiator, Initiator::Client);
        assert_eq!(connection.closed(), Some(closed));
    }
}

#[tokio::test]
async fn a_ping_comes_back_and_says_how_long_it_took() {
    let served = echoing();
    let connection = Connector::new().connect(served.uri("/echo")).await.unwrap();
    let taken = patiently(connection.ping("there?")).await.unwrap();
    assert!(!taken.is_zero());
}

#[derive(Debug, Default)]
struct Notes(Mutex<Vec<String>>);

impl Notes {
    fn take(&self, note: String) {
        self.0.lock().unwrap().push(note);
    }
}

impl Observer for Notes {
    fn on_dialed(&self, reached: &Reached) {
        self.take(format!("dialed {}", reached.uri.path()));
    }

    fn on_request(&self, request: &Request<()>) {
        self.take(format!("asked {}", request.uri()));
    }

    fn on_response(&self, response: &Response<()>) {
        self.take(format!("answered {}", response.status().as_u16()));
    }

    fn on_frame(&self, direction: Direction, frame: FrameHead) {
        let FrameHead {
            opcode,
            masked,
            length,
            control,
            ..
        } = frame;
        let control = control.map(|payload| String::from_utf8_lossy(&payload).into_owned());
        self.take(format!(
            "{direction:?} {opcode:x} {masked} {length} {control:?}"
        ));
    }
}

#[tokio::test]
async fn an_observer_sees_the_handshake_and_every_frame() {
    let served = echoing();
    let notes = Arc::new(Notes::default());
    let connector = Connector::new().observer(Arc::clone(&notes) as Arc<dyn Observer>);
    let mut connection = connector.connect(served.uri("/echo")).await.unwrap();
    connection.send("hello").await.unwrap();
    patiently(connection.recv()).await.unwrap();
    patiently(connection.ping("p")).await.unwrap();
    connection.close(Close::normal());
    patiently(connection.wait_closed()).await;
    assert_eq!(
        *notes.0.lock().unwrap(),
        [
            "dialed /echo",
            "asked /echo",
            "answered 101",
            "Sent 1 true 5 None",
            "Received 1 false 5 None",
            "Sent 9 true 1 Some(\"p\")",
            "Received a false 1 Some(\"p\")",
            "Sent 8 true 2 Some(\"\\u{3}\u{fffd}\")",
            "Received 8 false 2 Some(\"\\u{3}\u{fffd}\")",
        ]
    );
}
