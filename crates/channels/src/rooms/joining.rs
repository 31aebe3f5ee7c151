//! A subscription that begins: between the first look at a channel and the reply.

use std::sync::Arc;

use sockeye_channel_proto::ClientInfo;
use sockeye_types::Message;

use super::{Frames, MAX_TAIL, Member, Rooms};
use crate::client_id::ClientId;

/// Somebody joins a channel. Dropped, they don't.
#[derive(Debug)]
pub(crate) struct Joining {
    rooms: Arc<Rooms>,
    channel: Arc<str>,
    client: ClientId,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Begun,
    Finished,
}

/// Something was missed while somebody joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hole;

impl Joining {
    pub(super) fn new(rooms: &Arc<Rooms>, channel: Arc<str>, client: ClientId) -> Self {
        Self {
            rooms: Arc::clone(rooms),
            channel,
            client,
            stage: Stage::Begun,
        }
    }

    /// Returns the channel's name, shared with all who are in it.
    pub(crate) const fn channel(&self) -> &Arc<str> {
        &self.channel
    }

    /// Lets others see who comes.
    pub(crate) fn appear(&self, info: ClientInfo) {
        if let Some(room) = self.rooms.shard(&self.channel).get_mut(&*self.channel) {
            room.present.insert(self.client, info);
        }
    }

    /// Sends the reply, then what was published behind the member's position, and lets it hear what follows.
    pub(crate) fn finish(mut self, mut member: Member, reply: Option<Message>) -> Result<(), Hole> {
        let mut shard = self.rooms.shard(&self.channel);
        let Some(room) = shard.get_mut(&*self.channel) else {
            return Err(Hole);
        };
        self.stage = Stage::Finished;
        let at = room.tails.iter().position(|tail| tail.of == self.client);
        let tail = at.map(|at| room.tails.swap_remove(at));
        if let Some(reply) = reply {
            member.client.push(reply);
        }
        let heard = tail.map(|tail| tail.heard).unwrap_or_default();
        let is_cut = heard.len() > MAX_TAIL;
        // Whoever has no position gets what follows the reply, not what came before it.
        let missed = if member.position.is_some() {
            heard
        } else {
            Vec::new()
        };
        let mut is_whole = !is_cut;
        for (publication, position) in &missed {
            let mut frames = Frames::of_publication(&self.channel, publication);
            is_whole &= member.hear(&mut frames, position.as_ref()).is_none();
        }
        if !is_whole {
            room.present.remove(&self.client);
            self.rooms.close_if_empty(&mut shard, &self.channel);
            return Err(Hole);
        }
        room.members.insert(self.client, member);
        Ok(())
    }
}

impl Drop for Joining {
    fn drop(&mut self) {
        if self.stage == Stage::Finished {
            return;
        }
        let mut shard = self.rooms.shard(&self.channel);
        if let Some(room) = shard.get_mut(&*self.channel) {
            room.tails.retain(|tail| tail.of != self.client);
            room.present.remove(&self.client);
        }
        self.rooms.close_if_empty(&mut shard, &self.channel);
    }
}
