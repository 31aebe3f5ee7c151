//! Broadcast groups: who hears what, and what becomes of the slow.

use std::{collections::VecDeque, sync::Arc};

use futures_executor::block_on;
use proptest::prelude::*;
use sockeye_endpoint::{
    Closed, Conversation, Endpoint, Endpoints, Group, Handler, HandlerResult, Initiator,
    MemoryPeer, Opening, Overflow, Session, SessionId, Shared,
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
fn an_offer_returns_who_has_no_room_and_asks_no_policy() {
    for overflow in [Overflow::Close, Overflow::DropOldest] {
        let (say, open) = room(overflow, 300);
        let (mut fast, mut slow) = (open(), open());
        let mut missed = Vec::new();
        for number in 0..9 {
            let shared = Arc::new(Shared::new(format!("{number:0100}").into()));
            let full = say.0.offer(&shared);
            missed.extend(full.iter().map(|_| number));
            assert!(full.iter().all(|session| session == slow.session()));
            assert_eq!(fast.try_recv(), Some(format!("{number:0100}").into()));
        }
        let heard: Vec<_> = std::iter::from_fn(|| slow.try_recv()).collect();
        assert_eq!(
            (heard.len() + missed.len(), missed.first()),
            (9, Some(&heard.len()))
        );
        assert!(slow.session().is_open() && slow.session().dropped() == 0);
    }
}

#[test]
fn offers_to_a_group_and_to_one_of_it_keep_their_order() {
    let (say, open) = room(Overflow::Close, 1 << 20);
    let (mut a, mut b) = (open(), open());
    let shared = |text: &str| Arc::new(Shared::new(text.into()));
    assert!(say.0.offer(&shared("1")).is_empty() && say.0.offer(&shared("2")).is_empty());
    assert!(a.session().offer(&shared("alone")));
    b.session().try_send("alone").unwrap();
    assert!(say.0.offer(&shared("3")).is_empty());
    for peer in [&mut a, &mut b] {
        let heard: Vec<_> = std::iter::from_fn(|| peer.try_recv()).collect();
        assert_eq!(heard, ["1", "2", "alone", "3"].map(Message::from));
    }
    block_on(a.close(Close::normal()));
    assert!(!a.session().offer(&shared("4")));
    assert!(
        say.0.offer(&shared("5")).is_empty(),
        "who has ended is not full"
    );
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

#[test]
fn broadcasts_go_out_together_until_a_member_has_taken_them_or_somebody_comes() {
    let mut crowd = Crowd::new(&[Overflow::Close; 3], None);
    let together = |crowd: &mut Crowd, who: usize| {
        let due = crowd.members[who].take_batched(usize::MAX, &mut VecDeque::new());
        crowd.members[who].written();
        due.batch.map(|batch| batch.messages().len())
    };
    for text in ["a", "b", "c"] {
        crowd.group.send(text);
    }
    assert_eq!(together(&mut crowd, 0), Some(3));
    crowd.group.send("d");
    // It came behind what had been taken elsewhere.
    assert_eq!(together(&mut crowd, 0), Some(1));
    assert_eq!(together(&mut crowd, 1), Some(1));
    crowd.group.send("e");
    let newcomer = MemoryPeer::of(Say(crowd.group.clone()));
    crowd.group.join(newcomer.session());
    crowd.group.send("f");
    assert_eq!(together(&mut crowd, 0), Some(1));
    drop(newcomer);
}

/// Three members, whose driver is slow or fast as it likes.
struct Crowd {
    group: Group,
    members: Vec<Conversation>,
    /// Some other session's number, if broadcasts go to all but that: to each member by itself.
    nobody: Option<SessionId>,
}

#[derive(Clone, Debug)]
enum Op {
    Say(usize),
    SayToOthers(usize),
    Whisper(usize, usize),
    Take(usize, usize),
    TakeBatched(usize, usize),
    Written(usize),
    Leave(usize),
    Join(usize),
    Close(usize),
    End(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let member = 0usize..3;
    prop_oneof![
        12 => (0usize..400).prop_map(Op::Say),
        1 => member.clone().prop_map(Op::SayToOthers),
        1 => (member.clone(), 0usize..400).prop_map(|(who, len)| Op::Whisper(who, len)),
        2 => (member.clone(), 0usize..2000).prop_map(|(who, most)| Op::Take(who, most)),
        4 => (member.clone(), 0usize..2000).prop_map(|(who, most)| Op::TakeBatched(who, most)),
        5 => member.clone().prop_map(Op::Written),
        1 => member.clone().prop_map(Op::Leave),
        1 => member.clone().prop_map(Op::Join),
        1 => member.clone().prop_map(Op::Close),
        1 => member.prop_map(Op::End),
    ]
}

impl Crowd {
    fn new(policies: &[Overflow; 3], nobody: Option<SessionId>) -> Self {
        let group = Group::new();
        let members = policies.map(|policy| {
            let limits = Limits::default().outbox_bytes(1000);
            let endpoints = Endpoints::new().at("/", Say::default());
            let routes = endpoints.overflow(policy).limits(limits).into_routes();
            let routes = routes.unwrap();
            let conversation = routes.find("/").unwrap().endpoint.open(Opening::default());
            group.join(conversation.session());
            conversation
        });
        Self {
            group,
            members: members.into(),
            nobody,
        }
    }

    /// Does it; returns what was taken.
    fn apply(&mut self, op: &Op, message: impl Fn(usize) -> Message) -> Vec<Message> {
        let mut taken = VecDeque::new();
        let mut batch = None;
        match *op {
            Op::Say(len) => match self.nobody {
                Some(nobody) => self.group.send_except(nobody, message(len)),
                None => self.group.send(message(len)),
            },
            Op::SayToOthers(who) => {
                let who = self.members[who].session().id();
                self.group.send_except(who, message(9));
            }
            Op::Whisper(who, len) => {
                let _ = self.members[who].session().try_send(message(len));
            }
            Op::Take(who, most) => drop(self.members[who].take(most, &mut taken)),
            Op::TakeBatched(who, most) => {
                batch = self.members[who].take_batched(most, &mut taken).batch;
            }
            Op::Written(who) => self.members[who].written(),
            Op::Leave(who) => drop(self.group.leave(self.members[who].session())),
            Op::Join(who) => self.group.join(self.members[who].session()),
            Op::Close(who) => self.members[who].session().close(Close::normal()),
            Op::End(who) => self.members[who].end(Closed::lost("gone")),
        }
        let last = batch.iter().flat_map(|batch| batch.messages());
        let taken = taken.iter().map(|outgoing| outgoing.message().clone());
        taken
            .chain(last.map(|shared| shared.message().clone()))
            .collect()
    }

    fn books(&self) -> Vec<(bool, usize, u64)> {
        let sessions = self.members.iter().map(Conversation::session);
        let books = |session: &Session| {
            (
                session.is_open(),
                session.buffered_bytes(),
                session.dropped(),
            )
        };
        sessions.map(books).collect()
    }
}

proptest! {
    #[test]
    fn broadcasts_that_go_out_together_are_as_if_each_had_come_alone(
        ops in proptest::collection::vec(op(), 1..100),
        policies in prop_oneof![
            3 => Just([Overflow::Close; 3]),
            1 => Just([Overflow::Close, Overflow::DropOldest, Overflow::KeepLatest]),
        ],
    ) {
        let nobody = MemoryPeer::of(Say::default()).session().id();
        let mut together = Crowd::new(&policies, None);
        let mut alone = Crowd::new(&policies, Some(nobody));
        let mut under_way = [false; 3];
        for (number, op) in ops.iter().enumerate() {
            let message = |len| Message::from(format!("{number:>len$}"));
            match op {
                // As its contract says: a driver takes more once all that it took is written.
                Op::Take(who, _) | Op::TakeBatched(who, _) if under_way[*who] => continue,
                Op::Take(who, _) | Op::TakeBatched(who, _) => under_way[*who] = true,
                Op::Written(who) => under_way[*who] = false,
                _ => {}
            }
            prop_assert_eq!(together.apply(op, message), alone.apply(op, message));
            prop_assert_eq!(together.books(), alone.books(), "after {}: {:?}", number, op);
        }
    }
}
