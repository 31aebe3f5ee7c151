//! A handler whose methods are called: when, how often, and what its failures do.

use std::{
    future::{Future, pending},
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use futures_executor::block_on;
use sockeye_endpoint::{
    Closed, Endpoints, Found, Handler, HandlerResult, Initiator, MemoryPeer, Opening, RequestHead,
    Session,
};
use sockeye_types::{Close, CloseCode, Message};

/// Writes down what it is told, and does what messages ask for.
#[derive(Clone, Default)]
struct Scribe(Arc<Mutex<Vec<String>>>);

impl Scribe {
    fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn notes(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Handler for Scribe {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.note("open");
        match session.request().query() {
            Some("fail") => Err("no".into()),
            Some("panic") => panic!("no"),
            _ => Ok(()),
        }
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        self.note(message.as_text().unwrap_or("binary"));
        match message.as_text() {
            Some("fail") => return Err("it failed".into()),
            Some("panic") => panic!("it panicked"),
            Some("close") => session.close(Close::new(CloseCode::new(4000), "as asked")?),
            Some("wait") => pending().await,
            _ => session.send(message).await?,
        }
        Ok(())
    }

    async fn on_close(&self, session: &Session, closed: Closed) {
        assert!(!session.is_open());
        self.note(format!("close {closed}"));
    }
}

fn scribe(target: &str) -> (Scribe, MemoryPeer) {
    let scribe = Scribe::default();
    let peer = MemoryPeer::at(Endpoints::new().at("/", scribe.clone()), target)
        .unwrap()
        .unwrap();
    (scribe, peer)
}

#[test]
fn a_session_is_opened_heard_and_closed_once() {
    let (scribe, mut peer) = scribe("/");
    block_on(async {
        peer.send("hello").await;
        assert_eq!(peer.recv().await, Some("hello".into()));
        let closed = peer.close(Close::normal()).await;
        assert_eq!(
            (closed.code, closed.initiator),
            (CloseCode::NORMAL, Initiator::Peer)
        );
        assert_eq!(peer.lose().await, closed, "the first end counts");
        assert_eq!(peer.recv().await, None);
        peer.send("too late").await;
    });
    assert_eq!(
        scribe.notes(),
        ["open", "hello", "close 1000 (normal) by peer"]
    );
}

#[test]
fn an_error_or_a_panic_closes_with_1011_after_what_was_sent_before() {
    for trouble in ["fail", "panic"] {
        let (scribe, mut peer) = scribe("/");
        block_on(async {
            peer.send("before").await;
            peer.send(trouble).await;
            assert_eq!(peer.recv().await, Some("before".into()));
            let closed = peer.closed().await;
            assert_eq!(
                (closed.code, closed.initiator),
                (CloseCode::INTERNAL_ERROR, Initiator::Handler)
            );
            assert!(
                !closed.reason.contains(trouble),
                "what failed stays in the log"
            );
        });
        let end = "close 1011 (internal error) by handler: internal error";
        assert_eq!(scribe.notes(), ["open", "before", trouble, end]);
    }
}

#[test]
fn trouble_while_opening_closes_as_well() {
    for target in ["/?fail", "/?panic"] {
        let (scribe, mut peer) = scribe(target);
        let closed = block_on(peer.closed());
        assert_eq!(closed.code, CloseCode::INTERNAL_ERROR);
        assert_eq!(
            scribe.notes(),
            [
                "open",
                "close 1011 (internal error) by handler: internal error"
            ]
        );
    }
}

#[test]
fn a_handler_closes_with_its_own_code() {
    let (scribe, mut peer) = scribe("/");
    let closed = block_on(async {
        peer.send("close").await;
        peer.closed().await
    });
    assert_eq!(
        closed,
        Closed::new(
            &Close::new(CloseCode::new(4000), "as asked").unwrap(),
            Initiator::Handler
        )
    );
    assert_eq!(
        scribe.notes().last().unwrap(),
        "close 4000 by handler: as asked"
    );
}

#[test]
fn a_lost_connection_is_told_as_1006() {
    let (_, mut peer) = scribe("/");
    block_on(async {
        peer.send("x").await;
        let closed = peer.lose().await;
        assert_eq!(
            (closed.code, closed.initiator),
            (CloseCode::ABNORMAL, Initiator::Network)
        );
    });
}

#[test]
fn a_busy_handler_gets_the_next_message_when_it_is_done() {
    let (scribe, mut peer) = scribe("/");
    let mut cx = Context::from_waker(Waker::noop());
    block_on(peer.send("wait"));
    {
        let mut next = pin!(peer.send("next"));
        assert!(next.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!(scribe.notes(), ["open", "wait"]);
}

#[test]
fn a_handler_that_never_returns_is_not_told_of_the_end_before_it_does() {
    let (scribe, mut peer) = scribe("/");
    block_on(peer.send("wait"));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(
        pin!(peer.lose()).poll(&mut cx).is_pending(),
        "calls for one session never overlap"
    );
    assert_eq!(scribe.notes(), ["open", "wait"]);
}

#[test]
fn the_session_knows_path_protocol_and_attributes() {
    struct Asker;
    impl Handler for Asker {
        async fn on_message(&self, session: &Session, _: Message) -> HandlerResult {
            let visits = session.attribute::<u32>().unwrap_or_default() + 1;
            session.insert_attribute(visits);
            let room = session.param("room").unwrap_or("-");
            session
                .send(format!(
                    "{room} {} {visits}",
                    session.protocol().unwrap_or("-")
                ))
                .await?;
            Ok(())
        }
    }
    let routes = Endpoints::new()
        .at("/rooms/{room}", Asker)
        .into_routes()
        .unwrap();
    let Found {
        endpoint, params, ..
    } = routes.find("/rooms/blue").unwrap();
    let mut opening = Opening::default();
    opening.params = params;
    opening.protocol = Some("v1".into());
    opening.attributes.insert(7u32);
    let mut peer = MemoryPeer::open(endpoint, opening);
    block_on(async {
        peer.send("?").await;
        peer.send("?").await;
        assert_eq!(peer.recv().await, Some("blue v1 8".into()));
        assert_eq!(peer.recv().await, Some("blue v1 9".into()));
    });
    assert_eq!(peer.session().request(), &RequestHead::default());
}
