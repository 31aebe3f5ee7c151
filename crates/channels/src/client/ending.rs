//! The end of a connection: nobody sees it any more, and why it ended is known.

use std::sync::atomic::Ordering::Relaxed;

use sockeye_channel_proto::{Codec, Unsubscribe};
use sockeye_endpoint::{Closed, Initiator};

use super::{Client, Phase};

impl Client {
    /// Clears away what it leaves. Who is present is right before anything waits.
    ///
    /// Cancel safety: dropped before it is done, some may not be told that it left.
    pub(crate) async fn ended(&self, closed: &Closed) {
        let _turn = self.turn.lock().await;
        let (phase, subscriptions) = {
            let mut state = self.state();
            self.core.agenda.put(self.id, state.timers.first(), None);
            let phase = std::mem::replace(&mut state.phase, Phase::Ended);
            (phase, std::mem::take(&mut state.subscriptions))
        };
        let identity = match phase {
            Phase::Connected(identity) => Some(identity),
            _ => None,
        };
        let user = identity.as_ref().map(|identity| &*identity.user);
        self.core.registry.remove(self.id, user);
        for subscription in &subscriptions {
            self.leave(subscription).await;
        }
        self.write_down(user, closed);
        let Some(identity) = identity else { return };
        let hooks = self.core.hooks();
        let caller = self.caller(Some(&identity));
        for gone in &subscriptions {
            self.announce_leave(&identity, gone).await;
            let code = Unsubscribe::Disconnected.code();
            hooks.unsubscribed(caller.clone(), &gone.channel, code);
        }
        let code = u32::from(u16::from(closed.code));
        hooks.disconnected(caller, code, &closed.reason);
    }

    /// "Why was I closed?"
    fn write_down(&self, user: Option<&str>, closed: &Closed) {
        let side = match closed.initiator {
            Initiator::Peer => "client",
            Initiator::Handler | Initiator::Server => "server",
            _ => "network",
        };
        let code = u16::from(closed.code);
        self.core.tally.disconnected(code, side);
        tracing::info!(
            client = %self.id,
            session = %self.session.id(),
            user = ?user.unwrap_or_default(),
            transport = %self.session.transport(),
            protocol = if self.codec == Codec::Json { "json" } else { "protobuf" },
            code,
            side,
            reason = ?closed.reason.as_str(),
            duration = ?self.opened().elapsed(),
            commands = self.commands.load(Relaxed),
            "disconnected"
        );
    }
}
