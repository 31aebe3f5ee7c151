//! A client subscribes, and ends what it subscribed to.

use std::sync::Arc;

use sockeye_channel_proto::{
    Disconnect, ErrorCode, Filter, Reply, StreamPosition, SubscribeRequest, Unsubscribe,
    UnsubscribeRequest,
};

use super::{
    Client, Identity, Rate, Refusal, Side,
    enter::{Entry, Unrecoverable},
    frame::Replies,
};
use crate::{
    Asked, Asker, ChannelName, DeltaType, NamedBy, Namespace, SubscriptionToken, Verdict,
    credentials::{BadToken, ServerSubscription},
    hooks::Subscribing,
    hub::Delta,
    may_subscribe,
};

/// Answer an error instead of a subscription that could not recover.
const FLAG_UNRECOVERABLE: i64 = 2;

impl Client {
    pub(super) async fn subscribe(
        self: &Arc<Self>,
        mut reply: Reply,
        request: SubscribeRequest,
        replies: &mut Replies,
    ) -> Result<(), Refusal> {
        let Some(identity) = self.identity() else {
            return Err(Disconnect::BadRequest.into());
        };
        let entry = self.admit(&identity, request).await?;
        let prepared = self.prepare(&identity, entry).await?;
        reply.subscribe = Some(prepared.result.clone());
        replies.add(&reply)?;
        let subscription = self.settle(prepared, replies.take())?;
        self.announce_join(&identity, &subscription).await;
        Ok(())
    }

    /// Says whether and how it may subscribe.
    async fn admit(
        &self,
        identity: &Identity,
        request: SubscribeRequest,
    ) -> Result<Entry, Refusal> {
        if request.channel.is_empty() {
            return Err(Disconnect::BadRequest.into());
        }
        // Maps and polls are kinds that are not here.
        if request.r#type != 0 {
            return Err(ErrorCode::NotAvailable.into());
        }
        let checked = self.core.settings();
        let (name, namespace) = checked.channel(&request.channel, NamedBy::Client)?;
        self.has_room_for(&name, namespace)?;
        let filter = filter_of(&request, namespace)?;
        let delta = delta_of(&request, namespace);
        // Who has a filter does not have the payload before.
        if filter.is_some() && delta != Delta::None {
            return Err(ErrorCode::BadRequest.into());
        }
        let (token, given) = self.verify_subscription(identity, &request).await?;
        let asker = Asker::new(&identity.user, checked.settings());
        let given = match may_subscribe(&asker, &name, namespace, token) {
            Verdict::Allowed(_) => given,
            Verdict::AskHook => {
                let subscribing = Subscribing {
                    caller: self.caller(Some(identity)),
                    channel: request.channel.clone(),
                    data: request.data.clone(),
                };
                self.core.hooks().subscribe(subscribing).await?
            }
            Verdict::Refused(code) => return Err(code.into()),
            Verdict::Closed(code) => return Err(code.into()),
        };
        let asked = Asked::from(&request);
        let namespace = Arc::clone(namespace);
        let recover = request.recover.then_some(StreamPosition {
            offset: request.offset,
            epoch: request.epoch,
        });
        Ok(Entry {
            channel: request.channel,
            namespace,
            asked,
            recover,
            given,
            filter,
            delta,
            side: Side::Client,
            unrecoverable: if request.flag & FLAG_UNRECOVERABLE == 0 {
                Unrecoverable::Said
            } else {
                Unrecoverable::Refused
            },
        })
    }

    fn has_room_for(&self, name: &ChannelName<'_>, namespace: &Namespace) -> Result<(), Refusal> {
        let limit = self.core.settings().settings().channel_limit;
        let mut state = self.state();
        if state.find(name.as_str()).is_some() {
            return Err(ErrorCode::AlreadySubscribed.into());
        }
        if state.subscriptions.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
            return Err(ErrorCode::LimitExceeded.into());
        }
        let rate = Rate::Subscribe(name.namespace().map(Into::into));
        if !state.take(rate, namespace.subscribes_per_second_per_client) {
            return Err(ErrorCode::TooManyRequests.into());
        }
        Ok(())
    }

    async fn verify_subscription(
        &self,
        identity: &Identity,
        request: &SubscribeRequest,
    ) -> Result<(SubscriptionToken, ServerSubscription), Refusal> {
        let nothing = ServerSubscription::default();
        if request.token.is_empty() {
            return Ok((SubscriptionToken::Absent, nothing));
        }
        let grant = match self.core.verify_subscription(&request.token).await {
            Ok(grant) => grant,
            Err(BadToken::Expired) => return Ok((SubscriptionToken::Expired, nothing)),
            Err(BadToken::Invalid) => return Ok((SubscriptionToken::Invalid, nothing)),
            Err(BadToken::Unavailable) => return Err(ErrorCode::Internal.into()),
        };
        let is_own = grant.channel == request.channel
            && grant.user == *identity.user
            && (grant.client.is_empty() || grant.client == self.id.to_string());
        if is_own {
            Ok((SubscriptionToken::Good, grant.subscription))
        } else {
            Ok((SubscriptionToken::OfAnother, nothing))
        }
    }

    /// Ends a subscription of the client's own. There may be none; one of the server's goes on.
    pub(super) async fn unsubscribe(&self, request: &UnsubscribeRequest) -> Result<(), Refusal> {
        if request.channel.is_empty() {
            return Err(Disconnect::BadRequest.into());
        }
        let side = self.state().find(&request.channel).map(|found| found.side);
        if side != Some(Side::Client) {
            return Ok(());
        }
        let gone = self
            .remove(&request.channel, Unsubscribe::Client.code())
            .await;
        if let (Some(gone), Some(identity)) = (gone, self.identity()) {
            self.announce_leave(&identity, &gone).await;
        }
        Ok(())
    }
}

fn filter_of(request: &SubscribeRequest, namespace: &Namespace) -> Result<Option<Filter>, Refusal> {
    let Some(node) = &request.tf else {
        return Ok(None);
    };
    let filter = Filter::try_from(node)
        .ok()
        .filter(|_| namespace.allow_tags_filter);
    let filter = filter.ok_or(ErrorCode::BadRequest)?;
    Ok(Some(filter))
}

/// Says whether somebody is sent patches: who asks for what is not allowed gets whole payloads.
pub(super) fn delta_of(request: &SubscribeRequest, namespace: &Namespace) -> Delta {
    match namespace.allows_delta(&request.delta) {
        Some(DeltaType::Fossil) => Delta::Fossil,
        None => Delta::None,
    }
}
