//! Who is in which channel, and what reaches them. Publications are encoded once for each codec; a subscription begins
//! right behind its reply.

mod joining;
mod member;

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sockeye_channel_proto::{ClientInfo, JoinPush, Publication, Push, StreamPosition};
use tokio::sync::OnceCell;

use crate::{Announcement, Broker, BrokerError, Deliver, client_id::ClientId};

pub(crate) use joining::{Hole, Joining};
use member::Lost;
pub(crate) use member::{Frames, Member};

/// All channels that have subscribers here.
#[derive(Debug)]
pub(crate) struct Rooms {
    broker: Arc<dyn Broker>,
    hash: RandomState,
    shards: [Mutex<Shard>; SHARDS],
}

/// How many locks there are: publications of channels in different shards do not wait for each other.
const SHARDS: usize = 64;

type Shard = HashMap<Arc<str>, Room>;

/// A channel with subscribers, or with somebody who is about to become one.
#[derive(Debug, Default)]
struct Room {
    listened: Arc<OnceCell<()>>,
    members: HashMap<ClientId, Member>,
    tails: Vec<Tail>,
    present: BTreeMap<ClientId, ClientInfo>,
}

/// What was published since somebody began to join.
#[derive(Debug)]
struct Tail {
    of: ClientId,
    heard: Vec<(Arc<Publication>, Option<StreamPosition>)>,
}

/// How many publications may come while somebody joins. Who misses more starts anew with 3010.
const MAX_TAIL: usize = 16_384;

impl Rooms {
    pub(crate) fn new(broker: Arc<dyn Broker>) -> Arc<Self> {
        let rooms = Arc::new(Self {
            broker,
            hash: RandomState::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
        });
        let deliver: Arc<dyn Deliver> = Arc::<Self>::clone(&rooms);
        rooms.broker.attach(deliver);
        rooms
    }

    /// Begins a subscription: what is published from now on is kept until it is finished or dropped. A client joins a
    /// channel once at a time.
    ///
    /// Cancel safety: dropped before it is done, nobody joins.
    pub(crate) async fn join(
        self: &Arc<Self>,
        channel: &str,
        client: ClientId,
    ) -> Result<Joining, BrokerError> {
        let (joining, listened) = {
            let mut shard = self.shard(channel);
            let name = match shard.get_key_value(channel) {
                Some((name, _)) => Arc::clone(name),
                None => channel.into(),
            };
            let room = shard.entry(Arc::clone(&name)).or_default();
            room.tails.push(Tail {
                of: client,
                heard: Vec::new(),
            });
            let listened = Arc::clone(&room.listened);
            (Joining::new(self, name, client), listened)
        };
        listened
            .get_or_try_init(|| self.broker.listen(channel))
            .await?;
        Ok(joining)
    }

    /// Ends a subscription, and who is present. Returns whether there was one.
    pub(crate) fn leave(&self, channel: &str, client: ClientId) -> bool {
        let mut shard = self.shard(channel);
        let Some(room) = shard.get_mut(channel) else {
            return false;
        };
        room.present.remove(&client);
        let was_there = room.members.remove(&client).is_some();
        self.close_if_empty(&mut shard, channel);
        was_there
    }

    /// Says who is in a channel.
    pub(crate) fn presence(&self, channel: &str) -> Vec<(ClientId, ClientInfo)> {
        let shard = self.shard(channel);
        let present = shard
            .get(channel)
            .into_iter()
            .flat_map(|room| &room.present);
        present.map(|(id, info)| (*id, info.clone())).collect()
    }

    /// Says where a positioned subscriber is; `None` if it is not positioned, or not there.
    pub(crate) fn position(&self, channel: &str, client: ClientId) -> Option<StreamPosition> {
        let shard = self.shard(channel);
        shard.get(channel)?.members.get(&client)?.position.clone()
    }

    /// Returns all channels with subscribers, and how many each has.
    pub(crate) fn channels(&self) -> Vec<(Arc<str>, usize)> {
        let mut channels = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let rooms = shard.iter().filter(|(_, room)| !room.members.is_empty());
            channels.extend(rooms.map(|(name, room)| (Arc::clone(name), room.members.len())));
        }
        channels
    }

    /// The lock of a room that becomes empty is held while the broker is told, so that whoever comes next tells it anew.
    fn close_if_empty(&self, shard: &mut Shard, channel: &str) {
        let is_empty = |room: &Room| {
            room.members.is_empty() && room.tails.is_empty() && room.present.is_empty()
        };
        if shard.get(channel).is_some_and(is_empty) {
            shard.remove(channel);
            self.broker.unlisten(channel);
        }
    }

    fn shard(&self, channel: &str) -> MutexGuard<'_, Shard> {
        let hash = self.hash.hash_one(channel);
        let at = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        let [first, ..] = &self.shards;
        let shard = self.shards.get(at).unwrap_or(first);
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deliver for Rooms {
    fn publication(
        &self,
        channel: &str,
        publication: &Arc<Publication>,
        position: Option<&StreamPosition>,
    ) {
        let mut lost = Vec::new();
        {
            let mut shard = self.shard(channel);
            let Some(room) = shard.get_mut(channel) else {
                return;
            };
            for tail in &mut room.tails {
                // One beyond the limit shows that something is missing.
                if tail.heard.len() <= MAX_TAIL {
                    tail.heard
                        .push((Arc::clone(publication), position.cloned()));
                }
            }
            let mut frames = Frames::of_publication(channel, publication);
            for member in room.members.values_mut() {
                if let Some(why) = member.hear(&mut frames, position) {
                    lost.push((Arc::clone(&member.client), why));
                }
            }
        }
        // Without the lock: they leave.
        for (client, Lost::Gap) in lost {
            client.lost(channel);
        }
    }

    fn announcement(&self, channel: &str, announcement: &Announcement) {
        let mut push = Push {
            channel: channel.to_owned(),
            ..Push::default()
        };
        match announcement {
            Announcement::Join(info) => {
                push.join = Some(JoinPush {
                    info: Some(info.clone()),
                });
            }
            Announcement::Leave(info) => {
                push.leave = Some(JoinPush {
                    info: Some(info.clone()),
                });
            }
        }
        let mut frames = Frames::of(push);
        let shard = self.shard(channel);
        let members = shard
            .get(channel)
            .into_iter()
            .flat_map(|room| room.members.values());
        for member in members.filter(|member| member.hears_join_leave) {
            member.client.push_frame(&mut frames);
        }
    }
}
