//! What becomes of members that have no room.

use std::sync::Arc;

use sockeye_channel_proto::Disconnect;

use super::{Base, Call, Room, State};
use crate::{
    ClientId, OverflowPolicy,
    hub::{Lost, feed, frames::What, lag::Lag},
};

impl State {
    /// Lets something wait for a member that has no room; if that may not be, it is out. It is apart by now.
    pub(super) fn lag(
        &mut self,
        room: &Arc<Room>,
        client: ClientId,
        what: &What,
        calls: &mut Vec<Call>,
    ) {
        let Some(overflow) = self.overflow else {
            return;
        };
        let may_wait = overflow.policy != OverflowPolicy::Close;
        let Some(runtime) = room.outside.runtime().filter(|_| may_wait) else {
            self.remove(client);
            calls.push(Call::Disconnect(client, Disconnect::Slow));
            return;
        };
        if let Some(seat) = self.members.remove(&client) {
            let is_new = self
                .apart
                .get(&client)
                .is_some_and(|apart| apart.lag.is_none());
            if is_new {
                self.leave_group(&seat);
                self.lags += 1;
                let mut lag = Lag::new(self.lags);
                let feeding =
                    feed::feed(Arc::clone(room), client, lag.number, seat.session.clone());
                lag.fed_by(runtime.spawn(feeding).abort_handle());
                if let Some(apart) = self.apart.get_mut(&client) {
                    apart.lag = Some(lag);
                }
            }
            self.members.insert(client, seat);
        }
        let positioned = self.kind(client).unwrap_or_default().positioned;
        let Some(apart) = self.apart.get_mut(&client) else {
            return;
        };
        if matches!(what, What::Published(_)) {
            // It waits as a whole.
            apart.base = Base::Had;
        }
        let pushed = apart
            .lag
            .as_mut()
            .map(|lag| lag.push(what.clone(), &overflow, positioned));
        if let Some(Err(_)) = pushed {
            self.remove(client);
            calls.push(Call::Lost(client, Lost::Slow));
        }
    }

    pub(in crate::hub) fn lag_of(&mut self, client: ClientId, number: u64) -> Option<&mut Lag> {
        let lag = self.apart.get_mut(&client)?.lag.as_mut()?;
        (lag.number == number).then_some(lag)
    }

    /// Nothing waits for a member any more: it is told as all others are.
    pub(in crate::hub) fn catch_up(&mut self, client: ClientId) {
        if let Some(apart) = self.apart.get_mut(&client) {
            apart.lag = None;
        }
        self.gather(client);
    }
}
