//! How a member comes in.

use std::sync::Arc;

use super::{Apart, Base, Call, Known, Room, Seat, State};
use crate::hub::{Delta, Kind, Member};

impl State {
    /// Lets a member in that was told everything before `number` of the tail; `known` is the last payload it has.
    pub(in crate::hub) fn enter(
        &mut self,
        room: &Arc<Room>,
        member: Member,
        (number, known): (u64, Option<Known>),
        calls: &mut Vec<Call>,
    ) -> bool {
        let Some(mut tail) = self.tail.take() else {
            return false;
        };
        let Some(heard) = tail.since(number) else {
            self.tail = Some(tail);
            return false;
        };
        let (client, kind) = (member.client, member.kind);
        self.overflow = Some(member.overflow);
        let base = self.base(kind, known);
        self.deltas += usize::from(kind.delta == Delta::Fossil);
        let seat = Seat {
            session: member.session,
            kind,
        };
        self.members.insert(client, seat);
        let apart = Apart {
            filter: member.filter,
            base,
            lag: None,
        };
        self.apart.insert(client, apart);
        for heard in heard {
            self.tell_one(room, client, &mut heard.frames, (heard.audience, calls));
        }
        self.gather(client);
        self.tail = Some(tail);
        true
    }

    /// Says whether a newcomer has the payload that the next will be a patch of.
    fn base(&mut self, kind: Kind, known: Option<Known>) -> Base {
        if kind.delta == Delta::None {
            return Base::Had;
        }
        let Some((offset, payload)) = known else {
            return Base::Missing;
        };
        if self.last.is_none() && self.deltas == 0 {
            let is_top = self
                .position
                .as_ref()
                .is_some_and(|own| own.offset == offset);
            self.last = payload.filter(|_| is_top).map(|payload| (offset, payload));
        }
        match &self.last {
            Some((last, _)) if *last == offset && offset > 0 => Base::Had,
            _ => Base::Missing,
        }
    }
}
