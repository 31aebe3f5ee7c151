//! What the server's API does with a connection.

use std::sync::Arc;

use sockeye_channel_proto::{
    Disconnect, Push, StreamPosition, SubscribePush, SubscribeResult, Unsubscribe,
};

use super::{
    Client, Refusal, Side,
    enter::{Entry, Unrecoverable},
    frame::Replies,
    unsubscribed,
};
use crate::{Asked, NamedBy, credentials::ServerSubscription, hub::Delta};

impl Client {
    /// Subscribes it; if it is, nothing happens.
    ///
    /// Cancel safety: dropped before it is done, it may be subscribed.
    pub(crate) async fn subscribe_by_server(
        self: &Arc<Self>,
        channel: &str,
        given: ServerSubscription,
        recover: Option<StreamPosition>,
    ) -> Result<(), Refusal> {
        let _turn = self.turn.lock().await;
        let Some(identity) = self.identity() else {
            return Ok(());
        };
        let checked = self.core.settings();
        let (_, namespace) = checked.channel(channel, NamedBy::Application)?;
        let count = {
            let state = self.state();
            if state.find(channel).is_some() {
                return Ok(());
            }
            state.subscriptions.len()
        };
        let limit = checked.settings().channel_limit;
        if count >= usize::try_from(limit).unwrap_or(usize::MAX) {
            self.disconnect(&Disconnect::ChannelLimit.into());
            return Ok(());
        }
        let entry = Entry {
            channel: channel.to_owned(),
            namespace: Arc::clone(namespace),
            asked: Asked::default(),
            recover,
            given,
            filter: None,
            delta: Delta::None,
            side: Side::Server,
            unrecoverable: Unrecoverable::Said,
        };
        let prepared = self.prepare(&identity, entry).await?;
        let mut replies = Replies::new(self);
        let told = tell(channel, &prepared.result, &mut replies);
        let settled = told.and_then(|()| self.settle(prepared, replies.take()));
        match settled {
            Ok(subscription) => self.announce_join(&identity, &subscription).await,
            Err(Refusal::Close(ending)) => self.disconnect(&ending),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Ends its subscription, and tells it so even if it has none: it may be about to have one.
    ///
    /// Cancel safety: dropped before it is done, it may be unsubscribed.
    pub(crate) async fn unsubscribe_by_server(&self, channel: &str) {
        let _turn = self.turn.lock().await;
        let code = Unsubscribe::Server;
        let channels: Vec<Arc<str>> = if channel.is_empty() {
            let state = self.state();
            let all = state.subscriptions.iter();
            all.map(|found| Arc::clone(&found.channel)).collect()
        } else {
            vec![channel.into()]
        };
        for channel in channels {
            self.end_subscription(&channel, code.code(), code.reason())
                .await;
        }
    }

    /// Takes a subscription away, tells the client, and then everybody else.
    pub(super) async fn end_subscription(&self, channel: &str, code: u32, reason: &str) {
        let Some(identity) = self.identity() else {
            return;
        };
        let gone = self.remove(channel, code).await;
        self.push_one(unsubscribed(channel, code, reason));
        if let Some(gone) = gone {
            self.announce_leave(&identity, &gone).await;
        }
    }
}

/// Tells a client that it is subscribed, and what it missed.
fn tell(channel: &str, result: &SubscribeResult, replies: &mut Replies) -> Result<(), Refusal> {
    replies.push(Push {
        channel: channel.to_owned(),
        subscribe: Some(SubscribePush {
            recoverable: result.recoverable,
            epoch: result.epoch.clone(),
            offset: result.offset,
            positioned: result.positioned,
            data: result.data.clone(),
        }),
        ..Push::default()
    })?;
    result.publications.iter().try_for_each(|publication| {
        replies.push(Push {
            channel: channel.to_owned(),
            r#pub: Some(publication.clone()),
            ..Push::default()
        })
    })
}
