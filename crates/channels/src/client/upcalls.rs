//! What the hub tells of members who are out of their rooms.

use std::{sync::Arc, time::Duration};

use sockeye_channel_proto::{Disconnect, Unsubscribe};

use super::{Client, Side, unsubscribed};
use crate::{
    ClientId,
    channels::Core,
    hub::{Lost, Upcalls, encoded},
    tally::Slow,
};

impl Upcalls for Core {
    fn lost(&self, client: ClientId, channel: &str, why: Lost) {
        let Some(client) = self.registry.client(client) else {
            return;
        };
        if why == Lost::Slow {
            self.tally.was_slow(Slow::Resubscribed);
        }
        let channel: Arc<str> = channel.into();
        tracing::debug!(client = %client.id, channel = &*channel, ?why, "a subscription missed something");
        self.hub.spawn(async move {
            let _turn = client.turn.lock().await;
            // It may have come back meanwhile.
            if !client.core.hub.is_in(&channel, client.id) {
                client.lost(&channel).await;
            }
        });
    }

    fn told(&self, time: Duration) {
        self.tally.fan_out.count(time);
    }

    fn disconnect(&self, client: ClientId, channel: &str, why: Disconnect) {
        if why == Disconnect::Slow {
            self.tally.was_slow(Slow::Closed);
        }
        if let Some(client) = self.registry.client(client) {
            tracing::debug!(client = %client.id, channel, ?why, "a channel ends a connection");
            client.disconnect(&why.into());
        }
    }
}

impl Client {
    /// Something of a channel did not reach it: it comes back and recovers. The caller has the turn.
    ///
    /// Cancel safety: dropped before it is done, the client may not be told.
    pub(super) async fn lost(&self, channel: &str) {
        let side = self.state().find(channel).map(|found| found.side);
        match side {
            Some(Side::Client) => {
                let code = Unsubscribe::Insufficient;
                let gone = self.remove(channel, code.code()).await;
                let push = unsubscribed(channel, code.code(), code.reason());
                if let Ok(message) = encoded(push, self.codec, self.shape) {
                    // Who lost something as it was slow has no room at this moment. If it ends meanwhile, so be it.
                    let _ = self.session.send(message).await;
                }
                if let (Some(gone), Some(identity)) = (gone, self.identity()) {
                    self.announce_leave(&identity, &gone).await;
                }
            }
            Some(Side::Token | Side::Server) => {
                self.disconnect(&Disconnect::InsufficientState.into());
            }
            // It has left meanwhile.
            None => {}
        }
    }
}
