//! Handlers over the in-memory session: what is promised to those who write them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::{
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use futures_executor::block_on;
use sockeye_endpoint::{
    Closed, Endpoint, Endpoints, Group, Handler, HandlerResult, Initiator, MemoryPeer, Opening,
    Overflow, PingRefused, RequestHead, Session, Socket, TrySendError,
};
use sockeye_types::{Close, CloseCode, Limits, Message};

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
    let (endpoint, params) = routes.find("/rooms/blue").unwrap();
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

async fn echo(mut socket: Socket) -> HandlerResult {
    while let Some(message) = socket.recv().await {
        if message.as_text() == Some("return") {
            return Ok(());
        }
        if message.as_text() == Some("fail") {
            return Err("it failed".into());
        }
        socket.send(message).await?;
    }
    assert_eq!(socket.closed().unwrap().code, CloseCode::GOING_AWAY);
    Ok(())
}

#[test]
fn an_async_fn_serves_a_session_from_its_beginning_to_its_end() {
    block_on(async {
        let mut peer = MemoryPeer::of(echo);
        for text in ["a", "b", "c"] {
            peer.send(text).await;
            assert_eq!(peer.recv().await, Some(text.into()));
        }
        assert_eq!(
            peer.close(Close::going_away()).await.code,
            CloseCode::GOING_AWAY
        );
    });
}

#[test]
fn an_async_fn_that_returns_closes_its_session() {
    for (text, code) in [
        ("return", CloseCode::NORMAL),
        ("fail", CloseCode::INTERNAL_ERROR),
    ] {
        let mut peer = MemoryPeer::of(echo);
        let closed = block_on(async {
            peer.send(text).await;
            peer.closed().await
        });
        assert_eq!((closed.code, closed.initiator), (code, Initiator::Handler));
    }
}

#[test]
fn a_socket_that_was_dropped_takes_no_messages_and_blocks_nothing() {
    let mut peer = MemoryPeer::of(|socket: Socket| async move {
        drop(socket);
        pending().await
    });
    block_on(async {
        for _ in 0..3 {
            peer.send("x").await;
        }
    });
    assert_eq!(peer.try_recv(), None);
}

#[test]
fn a_dropped_recv_loses_no_message() {
    let mut peer = MemoryPeer::of(|mut socket: Socket| async move {
        loop {
            // Each poll makes a new future and drops it: what one of them had taken would be lost.
            let received = poll_fn(|cx| pin!(socket.recv()).poll(cx)).await;
            let Some(message) = received else {
                return Ok(());
            };
            socket.send(message).await?;
        }
    });
    block_on(async {
        for number in 0..10 {
            peer.send(number.to_string()).await;
        }
        for number in 0..10 {
            assert_eq!(peer.recv().await, Some(number.to_string().into()));
        }
    });
}

/// An endpoint whose outbox is full after one message.
fn tight() -> Endpoints {
    Endpoints::new()
        .at("/", |socket: Socket| async move {
            drop(socket);
            pending().await
        })
        .limits(Limits::default().outbox_bytes(1))
}

#[test]
fn a_dropped_send_has_sent_nothing_and_a_finished_one_everything() {
    let mut peer = MemoryPeer::at(tight(), "/").unwrap().unwrap();
    let sender = peer.session().sender();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(pin!(sender.send("first")).poll(&mut cx).is_ready());
    {
        let mut dropped = pin!(sender.send("dropped"));
        assert!(dropped.as_mut().poll(&mut cx).is_pending());
        assert!(dropped.as_mut().poll(&mut cx).is_pending());
    }
    let mut waits = pin!(sender.send("waits"));
    assert!(waits.as_mut().poll(&mut cx).is_pending());
    assert_eq!(peer.try_recv(), Some("first".into()));
    assert!(waits.as_mut().poll(&mut cx).is_ready());
    assert_eq!(peer.try_recv(), Some("waits".into()));
    assert_eq!(peer.try_recv(), None);
}

#[test]
fn a_message_that_can_not_be_sent_comes_back() {
    let mut peer = MemoryPeer::at(tight(), "/").unwrap().unwrap();
    let sender = peer.session().sender();
    sender.try_send("first").unwrap();
    let full = sender.try_send("second").unwrap_err();
    assert!(matches!(&full, TrySendError::Full(message) if *message == Message::from("second")));
    let mut cx = Context::from_waker(Waker::noop());
    let mut waits = pin!(sender.send("waits"));
    assert!(waits.as_mut().poll(&mut cx).is_pending());
    block_on(peer.lose_without_waiting());
    let Poll::Ready(Err(refused)) = waits.as_mut().poll(&mut cx) else {
        panic!("the session is closed")
    };
    assert_eq!(refused.0, Message::from("waits"));
    assert!(matches!(
        sender.try_send("late"),
        Err(TrySendError::Closed(_))
    ));
    assert_eq!(peer.session().ping("late"), Err(PingRefused::Closed));
}

trait LoseWithoutWaiting {
    async fn lose_without_waiting(&mut self);
}

impl LoseWithoutWaiting for MemoryPeer {
    /// The handler above never returns: the end is told, and not waited for.
    async fn lose_without_waiting(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(self.lose()).poll(&mut cx).is_pending());
    }
}

#[test]
fn pings_are_sent_and_checked() {
    let mut peer = MemoryPeer::of(echo);
    peer.session().ping("beat").unwrap();
    assert_eq!(peer.session().ping(vec![0; 126]), Err(PingRefused::TooLong));
    assert_eq!(peer.try_recv_ping().unwrap(), "beat");
}

/// Whatever one says, all hear.
#[derive(Clone, Default)]
struct Say(Group);

impl Handler for Say {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.0.join(session);
        Ok(())
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        match message.as_text() {
            Some("others") => self.0.send_except(session.id(), message),
            Some("leave") => assert!(self.0.leave(session) && !self.0.leave(session)),
            Some("join") => {
                self.0.join(session);
                self.0.join(session);
            }
            _ => self.0.send(message),
        }
        Ok(())
    }

    async fn on_close(&self, session: &Session, _: Closed) {
        self.0.join(session);
        self.0.send("somebody left");
    }
}

fn room(overflow: Overflow, outbox: usize) -> (Say, impl Fn() -> MemoryPeer) {
    let say = Say::default();
    let endpoints = Endpoints::new().at("/", say.clone()).overflow(overflow);
    let routes = endpoints
        .limits(Limits::default().outbox_bytes(outbox))
        .into_routes()
        .unwrap();
    let endpoint: Arc<Endpoint> = Arc::clone(routes.find("/").unwrap().0);
    (say, move || {
        let mut peer = MemoryPeer::open(&endpoint, Opening::default());
        assert_eq!(peer.try_recv(), None);
        peer
    })
}

#[test]
fn all_in_a_group_hear_the_same_and_all_but_one_if_asked() {
    let (say, open) = room(Overflow::Close, 1 << 20);
    let (mut a, mut b) = (open(), open());
    block_on(async {
        a.send("hello").await;
        b.send(vec![1, 2]).await;
        a.send("others").await;
    });
    let heard = |peer: &mut MemoryPeer| std::iter::from_fn(|| peer.try_recv()).collect::<Vec<_>>();
    assert_eq!(
        heard(&mut a),
        [Message::from("hello"), Message::from(vec![1, 2])]
    );
    assert_eq!(
        heard(&mut b),
        [
            Message::from("hello"),
            Message::from(vec![1, 2]),
            Message::from("others")
        ]
    );
    assert_eq!(say.0.len(), 2);
}

#[test]
fn who_left_hears_no_more_and_who_ended_leaves_for_good() {
    let (say, open) = room(Overflow::Close, 1 << 20);
    let (mut a, mut b, mut c) = (open(), open(), open());
    block_on(async {
        b.send("leave").await;
        c.close(Close::normal()).await;
        assert_eq!(say.0.len(), 1);
        a.send("hello").await;
        b.send("join").await;
        a.send("again").await;
    });
    assert_eq!(b.try_recv(), Some("again".into()));
    let heard: Vec<_> = std::iter::from_fn(|| a.try_recv()).collect();
    assert_eq!(
        heard,
        [
            Message::from("somebody left"),
            "hello".into(),
            "again".into()
        ]
    );
    assert_eq!(say.0.len(), 2, "joining twice is joining once");
}

#[test]
fn a_slow_member_is_closed_and_the_others_hear_everything() {
    let (say, open) = room(Overflow::Close, 1000);
    let (mut fast, slow) = (open(), open());
    for number in 0..50 {
        say.0.send(format!("{number:0100}"));
        assert_eq!(fast.try_recv(), Some(format!("{number:0100}").into()));
    }
    assert!(!slow.session().is_open());
    assert!(slow.session().dropped() > 0);
    let mut slow = slow;
    let closed = block_on(slow.closed());
    assert_eq!(
        (closed.code, closed.initiator),
        (CloseCode::TRY_AGAIN_LATER, Initiator::Server)
    );
}

#[test]
fn a_slow_member_may_lose_the_oldest_instead() {
    let (say, open) = room(Overflow::DropOldest, 1000);
    let mut slow = open();
    for number in 0..50 {
        say.0.send(format!("{number:0100}"));
    }
    let heard: Vec<_> = std::iter::from_fn(|| slow.try_recv()).collect();
    assert_eq!(heard.last(), Some(&format!("{:0100}", 49).into()));
    assert_eq!(heard.len() as u64 + slow.session().dropped(), 50);
}

#[test]
fn a_group_closes_its_members() {
    let (say, open) = room(Overflow::Close, 1000);
    let mut peers = [open(), open()];
    say.0.close(&Close::going_away());
    for peer in &mut peers {
        assert_eq!(block_on(peer.closed()).code, CloseCode::GOING_AWAY);
    }
    assert!(say.0.is_empty());
}
