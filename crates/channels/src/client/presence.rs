//! Who is present by a connection's subscriptions: shown before the subscription is told, renewed, and gone with it.

use std::sync::Arc;

use sockeye_channel_proto::ClientInfo;

use super::{Client, Subscription};
use crate::{BrokerError, ClientId, channels::Core};

/// Somebody whom others see. Dropped, they don't, unless it [stays](Self::stay).
#[derive(Debug)]
pub(super) struct Appeared {
    core: Arc<Core>,
    channel: Arc<str>,
    client: ClientId,
    lasting: Lasting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lasting {
    No,
    Yes,
}

impl Appeared {
    pub(super) fn stay(mut self) {
        self.lasting = Lasting::Yes;
    }
}

impl Drop for Appeared {
    fn drop(&mut self) {
        if self.lasting == Lasting::Yes {
            return;
        }
        let (core, channel, client) = (
            Arc::clone(&self.core),
            Arc::clone(&self.channel),
            self.client,
        );
        // Where there is no runtime any more, the lease ends by itself.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let gone = core.presence.leave(&channel, client).await;
                complain(&channel, gone);
            });
        }
    }
}

impl Client {
    /// Shows it to others in a channel.
    pub(super) async fn appear(
        &self,
        channel: &Arc<str>,
        info: ClientInfo,
    ) -> Result<Appeared, BrokerError> {
        let appeared = Appeared {
            core: Arc::clone(&self.core),
            channel: Arc::clone(channel),
            client: self.id,
            lasting: Lasting::No,
        };
        let lease = self.core.settings().settings().presence_ttl;
        let entered = self.core.presence.enter(channel, self.id, info, lease);
        entered.await.map(|()| appeared)
    }

    /// Says that it is still there.
    pub(super) async fn reappear(&self, subscription: &Subscription) {
        let Some(identity) = self.identity() else {
            return;
        };
        let (channel, info) = (&subscription.channel, subscription.info.clone());
        let info = self.info(&identity, info);
        let lease = self.core.settings().settings().presence_ttl;
        let renewed = self.core.presence.enter(channel, self.id, info, lease);
        complain(channel, renewed.await);
    }

    /// Shows it to nobody any more.
    pub(super) async fn disappear(&self, channel: &str) {
        let gone = self.core.presence.leave(channel, self.id).await;
        complain(channel, gone);
    }
}

/// The lease ends by itself.
fn complain(channel: &str, done: Result<(), BrokerError>) {
    if let Err(error) = done {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(channel, error, "who is present could not be written down");
    }
}
