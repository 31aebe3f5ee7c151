//! One channel's members here, and where its stream is.

mod entering;
mod lagging;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use sockeye_channel_proto::{Disconnect, Filter, StreamPosition};
use sockeye_endpoint::{Group, Session};
use tokio::sync::OnceCell;

use super::{
    Announcements, Delta, Kind, Lost, Outside, Overflow, Positioned,
    frames::{Frames, What},
    lag::Lag,
    tail::{Audience, Tail},
};
use crate::ClientId;

/// One channel's members here. There is one while somebody is in it, or on the way.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) name: Arc<str>,
    pub(super) outside: Arc<Outside>,
    /// Set once the broker tells of the channel.
    pub(super) listening: OnceCell<()>,
    state: Mutex<State>,
}

/// What changes in a room.
///
/// Members of one kind are in one group, and are sent the same bytes at one go, unless something keeps them apart.
#[derive(Debug, Default)]
pub(super) struct State {
    members: HashMap<ClientId, Seat>,
    groups: Vec<(Kind, Group)>,
    /// Those who are told one by one.
    apart: HashMap<ClientId, Apart>,
    /// Behind the last publication that was told here. All positioned members are there.
    pub(super) position: Option<StreamPosition>,
    known_by: KnownBy,
    /// How often the stream was found to have a hole, or to be another one.
    pub(super) breaks: u32,
    /// The last payload and its offset, for deltas: all members with deltas who are in groups have it.
    last: Option<(u64, Bytes)>,
    deltas: usize,
    overflow: Option<Overflow>,
    lags: u64,
    pub(super) tail: Option<Box<Tail>>,
}

/// How a room knows its position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum KnownBy {
    /// Its last publication was told here.
    #[default]
    Hearing,
    /// It was read. Publications up to there may yet be told, to those who did not read them.
    Reading,
}

#[derive(Debug)]
struct Seat {
    session: Session,
    kind: Kind,
}

/// What a member takes in the table of its room.
#[cfg(test)]
pub(super) const SEAT: usize = size_of::<(ClientId, Seat)>();

/// What keeps a member apart.
#[derive(Debug, Default)]
struct Apart {
    filter: Option<Filter>,
    base: Base,
    lag: Option<Lag>,
}

/// Whether a member with deltas has the payload before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Base {
    /// It has, or needs none.
    #[default]
    Had,
    /// It has not: the next must be whole.
    Missing,
}

/// The last publication that a newcomer has: its offset, and its payload if that was read.
pub(super) type Known = (u64, Option<Bytes>);

/// What must be told about a member once no lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Lost(ClientId, Lost),
    Disconnect(ClientId, Disconnect),
}

/// What a room does with a publication.
enum Step {
    Tell(Audience),
    /// It was told before.
    Repeat,
    /// Something before it was not told, or the stream is another one.
    Gap,
}

impl Room {
    pub(super) fn new(name: Arc<str>, outside: Arc<Outside>) -> Self {
        Self {
            name,
            outside,
            listening: OnceCell::new(),
            state: Mutex::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells upcalls; the caller holds no lock.
    pub(super) fn call(&self, calls: Vec<Call>) {
        if calls.is_empty() {
            return;
        }
        let Some(upcalls) = self.outside.upcalls.upgrade() else {
            return;
        };
        for call in calls {
            match call {
                Call::Lost(client, why) => upcalls.lost(client, &self.name, why),
                Call::Disconnect(client, why) => upcalls.disconnect(client, &self.name, why),
            }
        }
    }

    /// Tells all whom it concerns. Returns whether somebody is out because of it.
    pub(super) fn tell(self: &Arc<Self>, what: What, position: Option<&StreamPosition>) -> bool {
        let mut calls = Vec::new();
        self.state().tell(self, what, position, &mut calls);
        let is_thinner = !calls.is_empty();
        self.call(calls);
        is_thinner
    }
}

impl State {
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.tail.is_none()
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn has(&self, client: ClientId) -> bool {
        self.members.contains_key(&client)
    }

    pub(super) fn kind(&self, client: ClientId) -> Option<Kind> {
        self.members.get(&client).map(|seat| seat.kind)
    }

    fn tell(
        &mut self,
        room: &Arc<Room>,
        what: What,
        position: Option<&StreamPosition>,
        calls: &mut Vec<Call>,
    ) {
        let audience = match &what {
            What::Announced(_) => Audience::All,
            What::Published(_) => match self.step(position) {
                Step::Tell(audience) => audience,
                Step::Repeat => return,
                Step::Gap => {
                    self.break_stream(position, calls);
                    Audience::All
                }
            },
        };
        let mut frames = Frames::new(what);
        let full = self.tell_groups(room, &mut frames, audience, calls);
        self.tell_those_apart(room, &mut frames, audience, calls);
        for client in full {
            self.apart.entry(client).or_default();
            self.lag(room, client, &frames.what, calls);
        }
        if let What::Published(publication) = &frames.what {
            let keeps = self.deltas > 0 && audience == Audience::All;
            self.last = keeps.then(|| (publication.offset, publication.data.clone()));
            if let Some(tail) = &mut self.tail {
                tail.push(frames, audience);
            }
        }
    }

    fn step(&mut self, position: Option<&StreamPosition>) -> Step {
        let Some(new) = position else {
            return Step::Tell(Audience::All);
        };
        match &mut self.position {
            Some(own) if !own.epoch.is_empty() && own.epoch != new.epoch => Step::Gap,
            Some(own) if new.offset <= own.offset => match self.known_by {
                KnownBy::Reading => Step::Tell(Audience::Unpositioned),
                KnownBy::Hearing => Step::Repeat,
            },
            Some(own) if new.offset > own.offset + 1 => Step::Gap,
            own => {
                *own = Some(new.clone());
                self.known_by = KnownBy::Hearing;
                Step::Tell(Audience::All)
            }
        }
    }

    /// Goes on at another position, without those who can't.
    pub(super) fn break_stream(
        &mut self,
        position: Option<&StreamPosition>,
        calls: &mut Vec<Call>,
    ) {
        let positioned = |(client, seat): (&ClientId, &Seat)| {
            (seat.kind.positioned == Positioned::Yes).then_some(*client)
        };
        let lost: Vec<_> = self.members.iter().filter_map(positioned).collect();
        for client in lost {
            self.remove(client);
            calls.push(Call::Lost(client, Lost::Gap));
        }
        self.breaks += 1;
        self.position = position.cloned();
        self.known_by = KnownBy::Hearing;
        if let Some(tail) = &mut self.tail {
            tail.reads.clear();
        }
    }

    /// Takes over the position that was read.
    pub(super) fn adopt(&mut self, position: &StreamPosition) {
        self.position = Some(position.clone());
        self.known_by = KnownBy::Reading;
    }

    /// Returns who has no room.
    fn tell_groups(
        &mut self,
        room: &Room,
        frames: &mut Frames,
        audience: Audience,
        calls: &mut Vec<Call>,
    ) -> Vec<ClientId> {
        let (mut full, mut barred) = (Vec::new(), Vec::new());
        let previous = self.last.as_ref().map(|(_, last)| last);
        let previous = previous.filter(|_| audience == Audience::All);
        for (kind, group) in &self.groups {
            if !is_meant(*kind, &frames.what, audience) {
                continue;
            }
            match frames.form(&room.name, *kind, previous) {
                Ok(shared) => {
                    let mut without_room = group.offer(&shared);
                    let told = group.len().saturating_sub(without_room.len());
                    room.outside.count(&frames.what, told);
                    full.append(&mut without_room);
                }
                Err(_) => barred.push(*kind),
            }
        }
        if !barred.is_empty() {
            let is_barred = |(client, seat): (&ClientId, &Seat)| {
                let is_barred = barred.contains(&seat.kind) && !self.apart.contains_key(client);
                is_barred.then_some(*client)
            };
            for client in self
                .members
                .iter()
                .filter_map(is_barred)
                .collect::<Vec<_>>()
            {
                self.bar(client, calls);
            }
        }
        if full.is_empty() {
            return Vec::new();
        }
        let full: std::collections::HashSet<_> = full.iter().map(Session::id).collect();
        let members = self.members.iter();
        let full = members.filter(|(_, seat)| full.contains(&seat.session.id()));
        full.map(|(client, _)| *client).collect()
    }

    fn bar(&mut self, client: ClientId, calls: &mut Vec<Call>) {
        self.remove(client);
        calls.push(Call::Disconnect(client, Disconnect::InappropriateProtocol));
    }

    fn tell_those_apart(
        &mut self,
        room: &Arc<Room>,
        frames: &mut Frames,
        audience: Audience,
        calls: &mut Vec<Call>,
    ) {
        if self.apart.is_empty() {
            return;
        }
        for client in self.apart.keys().copied().collect::<Vec<_>>() {
            self.tell_one(room, client, frames, (audience, calls));
            self.gather(client);
        }
    }

    /// Tells one who is apart.
    fn tell_one(
        &mut self,
        room: &Arc<Room>,
        client: ClientId,
        frames: &mut Frames,
        (audience, calls): (Audience, &mut Vec<Call>),
    ) {
        let (Some(seat), Some(apart)) = (self.members.get(&client), self.apart.get_mut(&client))
        else {
            return;
        };
        if !is_meant(seat.kind, &frames.what, audience) {
            return;
        }
        if let (What::Published(publication), Some(filter)) = (&frames.what, &apart.filter)
            && !filter.matches(&publication.tags)
        {
            return;
        }
        if apart.lag.is_some() {
            self.lag(room, client, &frames.what, calls);
            return;
        }
        let Ok(shared) = frames.form(&room.name, seat.kind, None) else {
            self.bar(client, calls);
            return;
        };
        if seat.session.offer(&shared) {
            room.outside.count(&frames.what, 1);
            if matches!(frames.what, What::Published(_)) {
                apart.base = Base::Had;
            }
        } else if seat.session.is_open() {
            self.lag(room, client, &frames.what, calls);
        }
    }

    /// Puts a member into the group of its kind, if nothing keeps it apart any more.
    fn gather(&mut self, client: ClientId) {
        let is_apart = |apart: &Apart| {
            apart.filter.is_some() || apart.lag.is_some() || apart.base == Base::Missing
        };
        if self.apart.get(&client).is_some_and(is_apart) {
            return;
        }
        self.apart.remove(&client);
        let Some(seat) = self.members.get(&client) else {
            return;
        };
        match self.groups.iter().find(|(kind, _)| *kind == seat.kind) {
            Some((_, group)) => group.join(&seat.session),
            None => {
                let group = Group::new();
                group.join(&seat.session);
                self.groups.reserve_exact(1);
                self.groups.push((seat.kind, group));
            }
        }
    }

    fn leave_group(&mut self, seat: &Seat) {
        let Some(at) = self.groups.iter().position(|(kind, _)| *kind == seat.kind) else {
            return;
        };
        if let Some((_, group)) = self.groups.get(at) {
            group.leave(&seat.session);
            if group.is_empty() {
                self.groups.swap_remove(at);
            }
        }
    }

    pub(super) fn remove(&mut self, client: ClientId) -> bool {
        let Some(seat) = self.members.remove(&client) else {
            return false;
        };
        self.apart.remove(&client);
        self.leave_group(&seat);
        if seat.kind.delta == Delta::Fossil {
            self.deltas -= 1;
            if self.deltas == 0 {
                self.last = None;
            }
        }
        if self.members.len() * 4 < self.members.capacity() {
            self.members.shrink_to(self.members.len() * 2);
        }
        true
    }

    pub(super) fn leave_way(&mut self) {
        let Some(tail) = &mut self.tail else {
            return;
        };
        tail.joining -= 1;
        if tail.joining == 0 {
            self.tail = None;
        }
    }
}

fn is_meant(kind: Kind, what: &What, audience: Audience) -> bool {
    match what {
        What::Announced(_) => kind.announcements == Announcements::Heard,
        What::Published(_) => audience == Audience::All || kind.positioned == Positioned::No,
    }
}
