//! What expires, and how it goes on.

use std::sync::Arc;

use bytes::Bytes;
use sockeye_channel_proto::{
    Disconnect, ErrorCode, RefreshPush, RefreshResult, SubRefreshRequest, SubRefreshResult,
};

use super::{Client, Identity, Phase, Refusal, Side, Subscription};
use crate::{
    NamedBy,
    credentials::{BadToken, ConnectionGrant},
    hooks::Refreshed,
};

impl Client {
    /// The client brings a new token.
    pub(super) async fn refresh(
        &self,
        identity: &Identity,
        token: &str,
    ) -> Result<RefreshResult, Refusal> {
        let checked = self.core.settings();
        if checked.settings().refresh_hook || token.is_empty() {
            return Err(Disconnect::BadRequest.into());
        }
        let grant = self.core.verify_connection(token).await;
        let grant = grant.map_err(|why| match why {
            BadToken::Expired => Refusal::from(Disconnect::Expired),
            BadToken::Invalid => Disconnect::InvalidToken.into(),
            BadToken::Unavailable => ErrorCode::Internal.into(),
        })?;
        if grant.user != *identity.user {
            return Err(Disconnect::InvalidToken.into());
        }
        if !self.is_subscribed_as(&grant) {
            return Err(Disconnect::InsufficientState.into());
        }
        let expire_at = if checked.settings().danger_insecure {
            0
        } else {
            grant.expire_at
        };
        self.renew(expire_at, Some(grant.info));
        let mut result = RefreshResult {
            client: self.id.to_string(),
            version: self.core.version.to_owned(),
            ..RefreshResult::default()
        };
        if expire_at > 0 {
            (result.expires, result.ttl) = (true, self.core.ttl(expire_at));
        }
        Ok(result)
    }

    /// Whether a new token names the channels that the one before did. What the server has subscribed it to otherwise may
    /// be among them.
    fn is_subscribed_as(&self, grant: &ConnectionGrant) -> bool {
        let state = self.state();
        let is_there = |channel: &String| {
            let found = state.find(channel);
            found.is_some_and(|found| found.side != Side::Client)
        };
        let is_named = |found: &Subscription| {
            found.side != Side::Token || grant.subs.contains_key(&*found.channel)
        };
        grant.subs.keys().all(is_there) && state.subscriptions.iter().all(is_named)
    }

    pub(super) fn renew(&self, expire_at: u64, info: Option<Bytes>) {
        if let Phase::Connected(identity) = &mut self.state().phase {
            identity.expire_at = expire_at;
            if let Some(info) = info {
                identity.set_info(info);
            }
        }
        self.expect_expiry(expire_at);
    }

    /// The connection's time is over: the application is asked, where it wants to be.
    pub(super) fn expire(self: &Arc<Self>) {
        if !self.core.settings().settings().refresh_hook {
            self.disconnect(&Disconnect::Expired.into());
            return;
        }
        let client = Arc::clone(self);
        tokio::spawn(async move { client.ask_to_go_on().await });
    }

    async fn ask_to_go_on(self: &Arc<Self>) {
        let Some(identity) = self.identity() else {
            return;
        };
        let caller = self.caller(Some(&identity));
        match self.core.hooks().refresh(caller).await {
            Ok(Refreshed::Until { expire_at, info })
                if expire_at == 0 || expire_at > self.core.now() =>
            {
                self.renew(expire_at, info);
            }
            Ok(_) => self.disconnect(&Disconnect::Expired.into()),
            Err(refused) => match refused.into() {
                Refusal::Close(ending) => self.disconnect(&ending),
                Refusal::Error(_) => self.disconnect(&Disconnect::Expired.into()),
            },
        }
    }

    /// The server's API gives it more time, or less.
    pub(crate) fn refresh_by_server(&self, expire_at: u64, info: Option<Bytes>) {
        self.renew(expire_at, info);
        let expires = expire_at > 0;
        self.push_one(sockeye_channel_proto::Push {
            refresh: Some(RefreshPush {
                expires,
                ttl: if expires { self.core.ttl(expire_at) } else { 0 },
            }),
            ..Default::default()
        });
    }

    /// The client brings a new token for a subscription.
    pub(super) async fn sub_refresh(
        &self,
        identity: &Identity,
        request: &SubRefreshRequest,
    ) -> Result<SubRefreshResult, Refusal> {
        if request.channel.is_empty() || request.token.is_empty() && request.r#type == 0 {
            return Err(Disconnect::BadRequest.into());
        }
        if request.r#type != 0 {
            return Err(ErrorCode::NotAvailable.into());
        }
        if self.state().find(&request.channel).is_none() {
            return Err(ErrorCode::PermissionDenied.into());
        }
        let checked = self.core.settings();
        let (_, namespace) = checked.channel(&request.channel, NamedBy::Client)?;
        if namespace.sub_refresh_hook {
            return Err(Disconnect::BadRequest.into());
        }
        let grant = self.core.verify_subscription(&request.token).await;
        let grant = grant.map_err(|why| match why {
            BadToken::Expired => Refusal::from(Disconnect::SubscriptionExpired),
            BadToken::Invalid => Disconnect::InvalidToken.into(),
            BadToken::Unavailable => ErrorCode::Internal.into(),
        })?;
        if grant.channel != request.channel || grant.user != *identity.user {
            return Err(Disconnect::InvalidToken.into());
        }
        let expire_at = grant.subscription.expire_at;
        self.renew_subscription(&request.channel, expire_at, Some(grant.subscription.info));
        let expires = expire_at > 0;
        Ok(SubRefreshResult {
            expires,
            ttl: if expires { self.core.ttl(expire_at) } else { 0 },
        })
    }

    pub(super) fn renew_subscription(&self, channel: &str, expire_at: u64, info: Option<Bytes>) {
        if let Some(found) = self.state().find_mut(channel) {
            found.expire_at = expire_at;
            if let Some(info) = info {
                found.info = info;
            }
        }
    }
}
