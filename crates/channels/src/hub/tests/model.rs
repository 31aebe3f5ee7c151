//! Subscribers of a channel against a model: whatever happens in whatever order, nobody misses or hears twice what it
//! was promised.

use proptest::prelude::*;
use sockeye_channel_proto::StreamPosition;
use tokio::runtime::Builder;

use super::{
    super::*,
    stage::{Peer, RETENTION, Stage, positioned},
};
use crate::recovery::Ask;

#[derive(Clone, Debug)]
enum Act {
    Publish,
    /// Stored, and told later.
    Store,
    Tell,
    Begin(usize),
    Settle(usize),
    Enter(usize),
    Drop(usize),
    Read(usize),
    Forget,
}

fn act() -> impl Strategy<Value = Act> {
    let who = 0_usize..2;
    prop_oneof![
        4 => Just(Act::Publish),
        2 => Just(Act::Store),
        2 => Just(Act::Tell),
        2 => who.clone().prop_map(Act::Begin),
        3 => who.clone().prop_map(Act::Settle),
        3 => who.clone().prop_map(Act::Enter),
        2 => who.clone().prop_map(Act::Drop),
        3 => who.prop_map(Act::Read),
        1 => Just(Act::Forget),
    ]
}

/// A subscriber, and what it knows.
#[derive(Default)]
struct Client {
    peer: Option<Peer>,
    joining: Option<Joining>,
    is_settled: bool,
    is_in: bool,
    /// The position of the last that it heard; what it hears must follow.
    at: Option<StreamPosition>,
    next: Option<StreamPosition>,
}

struct World {
    stage: Stage,
    clients: [Client; 2],
    published: u64,
    /// Up to here the history was removed.
    forgotten: u64,
}

impl World {
    async fn act(&mut self, act: &Act) {
        match act {
            Act::Publish => {
                // In order: what was stored before is told before.
                self.stage.broker.tell_now();
                self.published += 1;
                let offset = self.stage.publish(&self.published.to_string()).await;
                assert_eq!(offset, self.published);
            }
            Act::Store => {
                self.published += 1;
                self.stage.broker.deaf(&self.published.to_string()).await;
            }
            Act::Tell => self.stage.broker.tell_now(),
            Act::Begin(who) => self.begin(*who),
            Act::Settle(who) => self.settle(*who).await,
            Act::Enter(who) => self.enter(*who),
            Act::Drop(who) => self.drop(*who),
            Act::Read(who) => self.clients[*who].read(),
            Act::Forget => {
                self.stage.broker.remove_history("news").await.unwrap();
                self.forgotten = self.published;
            }
        }
        assert!(self.stage.calls().is_empty(), "nobody lost anything");
    }

    fn begin(&mut self, who: usize) {
        let client = &mut self.clients[who];
        if client.joining.is_none() && !client.is_in {
            client.joining = Some(self.stage.hub.join("news"));
            client.is_settled = false;
        }
    }

    async fn settle(&mut self, who: usize) {
        let client = &mut self.clients[who];
        let Some(joining) = client.joining.as_mut().filter(|_| !client.is_settled) else {
            return;
        };
        let ask = client
            .at
            .clone()
            .map_or(Ask::Position, |since| Ask::Stream { since, limit: 4 });
        let Ok(recovered) = joining.settle(&ask, RETENTION).await else {
            // Somebody heard elsewhere what is not told here yet: no such thing in this world.
            panic!("what is kept and what is told do not meet");
        };
        let mut position = recovered.position.clone();
        if recovered.recovered {
            assert_eq!(Some(&position), client.at.as_ref());
            for publication in &recovered.publications {
                assert_eq!(publication.offset, position.offset + 1, "no gap, no repeat");
                position.offset += 1;
            }
        } else {
            assert!(recovered.publications.is_empty());
            if let Some(at) = &client.at {
                let kept = self.published.min(5).min(self.published - self.forgotten);
                let missed = self.published - at.offset;
                assert!(missed > kept.min(4), "it is told so only if it must");
            }
        }
        client.next = Some(position);
        client.is_settled = true;
    }

    fn enter(&mut self, who: usize) {
        let client = &mut self.clients[who];
        let Some(joining) = client.joining.take_if(|_| client.is_settled) else {
            return;
        };
        let mut peer = self.stage.peer(1 << 20);
        peer.become_kind(positioned());
        joining.enter(peer.member(positioned())).unwrap();
        (client.peer, client.is_in) = (Some(peer), true);
        client.at = client.next.take();
    }

    fn drop(&mut self, who: usize) {
        let client = &mut self.clients[who];
        client.joining = None;
        if let Some(peer) = client.peer.take() {
            // What is in its outbox is lost.
            assert!(self.stage.hub.leave("news", peer.client));
            client.is_in = false;
        }
    }
}

impl Client {
    fn read(&mut self) {
        let (Some(peer), Some(at)) = (&mut self.peer, &mut self.at) else {
            return;
        };
        for heard in peer.heard() {
            at.offset += 1;
            assert_eq!(heard, at.offset.to_string(), "no gap, no repeat");
        }
    }
}

proptest! {
    #[test]
    fn nobody_misses_or_hears_twice_what_it_was_promised(
        acts in prop::collection::vec(act(), 1..200),
    ) {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut world = World {
                stage: Stage::new(),
                clients: Default::default(),
                published: 0,
                forgotten: 0,
            };
            for act in &acts {
                world.act(act).await;
            }
            world.act(&Act::Tell).await;
            for client in &mut world.clients {
                client.read();
                if client.is_in {
                    let at = client.at.as_ref().map(|at| at.offset);
                    prop_assert_eq!(at, Some(world.published), "and all hear the last");
                }
            }
            for who in 0..2 {
                world.drop(who);
            }
            prop_assert!(world.stage.is_empty());
            Ok(())
        })?;
    }
}
