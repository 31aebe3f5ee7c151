//! One handler for every transport: what it sees, who is asked before it, and what becomes of its failures.

use sockeye_endpoint::{
    Closed, Endpoints, Group, Handler, HandlerError, HandlerResult,
    Initiator::Handler as ByHandler, Interceptor, Refusal, Session, UpgradeRequest,
};
use sockeye_types::{Message, Transport};

use super::{
    by::By,
    served::{at, patient, telling},
};
use crate::{
    client::{Client, TEXT, handshake, masked},
    served::{Echo, Served, Watch},
};

#[tokio::test]
async fn a_handler_sees_the_request_that_opened_the_session() {
    let (served, mut told) = telling(patient(), |all| all).await;
    for by in By::ALL {
        let ask = by.ask(&format!("/echo/0/{by:?}")).field("X-Seen", "yes");
        ask.begin(served.addr).await;
        let session = told.session().await;
        assert_eq!(session.request().header("x-seen"), Some("yes"), "{by:?}");
        assert!(session.peer_addr().unwrap().ip().is_loopback());
        let transport = match by {
            By::Xhr => Transport::XhrPolling,
            By::XhrStreaming => Transport::XhrStreaming,
            By::EventSource => Transport::EventSource,
            By::HtmlFile => Transport::HtmlFile,
            By::Jsonp => Transport::JsonpPolling,
        };
        assert_eq!(session.transport(), transport);
    }
    Client::open(served.addr, "/echo/0/s/websocket").await;
    let session = told.session().await;
    assert_eq!(session.transport(), Transport::SockJsWebSocket);
}

/// Lets in who knows the word.
struct Knows;

impl Interceptor for Knows {
    async fn before_upgrade(&self, request: &mut UpgradeRequest<'_>) -> Result<(), Refusal> {
        let knows = request.headers().contains_key("x-word");
        knows
            .then_some(())
            .ok_or_else(|| Refusal::new(http::StatusCode::UNAUTHORIZED, "the word?\n"))
    }
}

#[tokio::test]
async fn whoever_an_interceptor_refuses_opens_nothing_on_any_transport() {
    let served = Served::endpoints(|watch| {
        at(Endpoints::new(), "/echo", Echo(watch), patient()).interceptor(Knows)
    })
    .await;
    for by in By::ALL {
        let session = format!("/echo/0/{by:?}");
        let refused = by.ask(&session).answer(served.addr).await;
        assert_eq!(refused.status(), 401, "{by:?}");
        assert_eq!(by.send(served.addr, &session, "[]").await.status(), 404);
    }
    for path in ["/echo", "/echo/websocket", "/echo/0/s/websocket"] {
        let mut client = Client::connect(served.addr).await;
        client.send(handshake(path, "").as_bytes()).await;
        assert_eq!(client.reply().await.status, 401, "{path}");
    }
    assert_eq!(served.ends.opened(), 0);
    for by in By::ALL {
        let ask = by.ask(&format!("/echo/0/{by:?}")).field("X-Word", "sesame");
        assert_eq!(ask.begin(served.addr).await.head.status, 200, "{by:?}");
    }
    assert_eq!(served.ends.opened(), 5);
}

/// Fails at each message.
struct Fails(Watch);

impl Handler for Fails {
    async fn on_open(&self, _: &Session) -> HandlerResult {
        self.0.opened();
        Ok(())
    }

    async fn on_message(&self, _: &Session, message: Message) -> HandlerResult {
        assert_ne!(message.as_text(), Some("panic"), "as the test wants it");
        Err(HandlerError::new("as the test wants it"))
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        self.0.ended(closed);
    }
}

#[tokio::test]
async fn a_handler_that_fails_or_panics_closes_its_session_with_1011_and_once() {
    let mut served =
        Served::endpoints(|watch| at(Endpoints::new(), "/echo", Fails(watch), patient())).await;
    for (number, word) in ["error", "panic"].into_iter().enumerate() {
        for by in By::ALL {
            let session = format!("/echo/0/{number}{by:?}");
            let mut receiver = by.open(served.addr, &session).await;
            by.send(served.addr, &session, &format!("[\"{word}\"]"))
                .await;
            if !by.is_streaming() {
                receiver = by.receive(served.addr, &session).await;
            }
            let close = receiver.http.part().await.unwrap();
            assert!(close.contains("c[1011,"), "{by:?}: {close}");
            assert!(!close.contains("as the test"), "{close}");
            receiver.ends().await;
            assert_eq!(served.ends.next().await, (1011, ByHandler), "{by:?}");
        }
    }
    served.finish().await;
}

/// Sends to all what one says.
struct Says(Group);

impl Handler for Says {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.0.join(session);
        Ok(session.send("joined").await?)
    }

    async fn on_message(&self, _: &Session, message: Message) -> HandlerResult {
        self.0.send(message);
        Ok(())
    }
}

#[tokio::test]
async fn what_one_says_on_any_transport_all_hear_on_all() {
    let served = Served::endpoints(|_| {
        let says = Says(Group::new());
        at(Endpoints::new(), "/say", says, patient())
    })
    .await;
    let mut raw = Client::open(served.addr, "/say").await;
    assert_eq!(raw.frame().await.unwrap().payload, b"joined");
    let mut streams = Vec::new();
    for by in By::STREAMING {
        let mut stream = by.open(served.addr, &format!("/say/0/{by:?}")).await;
        stream.expect(r#"a["joined"]"#).await;
        streams.push(stream);
    }
    for by in By::STREAMING {
        let said = format!("from {by:?}: 100% <b>");
        let session = format!("/say/0/{by:?}");
        by.send(served.addr, &session, &format!("[\"{said}\"]"))
            .await;
        assert_eq!(raw.frame().await.unwrap().payload, said.as_bytes());
        for stream in &mut streams {
            let frame = stream.http.part().await.unwrap();
            let escaped = match stream.by {
                By::EventSource => said.replace('%', "%25"),
                By::HtmlFile => said.replace('<', "\\u003c"),
                _ => said.clone(),
            };
            assert!(frame.contains(&escaped), "{:?}: {frame}", stream.by);
        }
    }
    raw.send(&masked(TEXT, b"from raw")).await;
    for stream in &mut streams {
        stream.expect(r#"a["from raw"]"#).await;
    }
}
