//! Broadcast groups: who hears what, and what becomes of the slow.

use std::sync::Arc;

use futures_executor::block_on;
use sockeye_endpoint::{
    Closed, Endpoint, Endpoints, Group, Handler, HandlerResult, Initiator, MemoryPeer, Opening,
    Overflow, Session,
};
use sockeye_types::{Close, CloseCode, Limits, Message};

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
    let endpoint: Arc<Endpoint> = Arc::clone(routes.find("/").unwrap().endpoint);
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
