//! The first command: who somebody is, and what the server subscribes them to.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use sockeye_channel_proto::{
    ConnectRequest, ConnectResult, Disconnect, ErrorCode, Push, Reply, StreamPosition,
    SubscribeRequest,
};
use sockeye_types::Transport;
use tokio::time::Instant;

use super::{
    Client, Identity, Phase, Refusal, Side,
    commands::Next,
    enter::{Entry, Prepared, Unrecoverable},
    frame::Replies,
    subscribe::delta_of,
    timers::Timer,
};
use crate::{
    AnonymousConnect, Asker, ChannelName, NamedBy, Namespace, PersonalConnections, Settings,
    SubscriptionToken, Verdict,
    credentials::{BadToken, ConnectionGrant, ServerSubscription},
    hooks::Connecting,
    hub::{Delta, Shape},
    may_subscribe,
};

impl Client {
    pub(super) async fn connect(
        self: &Arc<Self>,
        id: u32,
        request: ConnectRequest,
        replies: &mut Replies,
    ) -> Next {
        match self.accept(id, request, replies).await {
            Ok(()) => {
                let caller = self.caller(self.identity().as_ref());
                self.core.hooks().connected(caller);
                Next::GoOn
            }
            Err(refusal) => {
                let before = std::mem::replace(&mut self.state().phase, Phase::Refused);
                if let Phase::Connected(identity) = before {
                    self.core.registry.unname(self.id, &identity.user);
                }
                self.refuse(id, refusal, replies);
                Next::Stop
            }
        }
    }

    async fn accept(
        self: &Arc<Self>,
        id: u32,
        request: ConnectRequest,
        replies: &mut Replies,
    ) -> Result<(), Refusal> {
        let checked = self.core.settings();
        let settings = checked.settings();
        let grant = self.authenticate(&request, settings).await?;
        let user = &grant.user;
        let named = self
            .core
            .registry
            .name(self.id, user, settings.user_connection_limit)
            .map_err(|_| Disconnect::ConnectionLimit)?;
        // Whoever may do everything is not sent away.
        let expire_at = if settings.danger_insecure {
            0
        } else {
            grant.expire_at
        };
        let identity = Identity::new(named, grant.info.clone(), grant.meta.clone(), expire_at);
        self.state().phase = Phase::Connected(identity.clone());
        let granted_by = if request.token.is_empty() {
            Side::Server
        } else {
            Side::Token
        };
        let entries = self.server_side_entries(&identity, &grant, granted_by, &request.subs)?;
        let mut result = self.connect_result(&identity, settings);
        result.data = grant.data;
        let mut prepared = Vec::with_capacity(entries.len());
        for entry in entries {
            let channel = entry.channel.clone();
            let next = self.prepare(&identity, entry).await?;
            result.subs.insert(channel, next.result.clone());
            prepared.push(next);
        }
        self.start_timers(&identity, settings);
        match self.shape {
            Shape::Reply => replies.add(&Reply {
                id,
                connect: Some(result),
                ..Reply::default()
            })?,
            Shape::Bare => replies.push(Push::connect(result.into()))?,
        }
        replies.flush(self);
        self.close_earlier(&identity, settings);
        self.core.tally.connected();
        tracing::debug!(client = %self.id, user = &*identity.user, "connected");
        self.settle_all(&identity, prepared).await
    }

    /// Where users have one connection, the latest is the one.
    fn close_earlier(&self, identity: &Identity, settings: &Settings) {
        let personal = settings.personal_channel.as_ref();
        let is_only = personal.is_some_and(|it| it.connections == PersonalConnections::Latest);
        if !is_only || identity.user.is_empty() {
            return;
        }
        for other in self.core.registry.of_user(&identity.user) {
            if other.id != self.id {
                other.disconnect(&Disconnect::ConnectionLimit.into());
            }
        }
    }

    /// Publications of the channels come behind the reply, and who comes is told behind both.
    async fn settle_all(
        self: &Arc<Self>,
        identity: &Identity,
        prepared: Vec<Prepared>,
    ) -> Result<(), Refusal> {
        let mut settled = Vec::with_capacity(prepared.len());
        for next in prepared {
            settled.push(self.settle(next, None)?);
        }
        for subscription in settled {
            self.announce_join(identity, &subscription).await;
        }
        Ok(())
    }

    /// Finds out who it is: by its token, by the application's word, or nobody in particular.
    async fn authenticate(
        &self,
        request: &ConnectRequest,
        settings: &Settings,
    ) -> Result<ConnectionGrant, Refusal> {
        if !request.token.is_empty() {
            let grant = self.core.verify_connection(&request.token).await;
            let grant = grant.map_err(|why| match why {
                BadToken::Expired => Refusal::from(ErrorCode::TokenExpired),
                BadToken::Invalid => Disconnect::InvalidToken.into(),
                BadToken::Unavailable => ErrorCode::Internal.into(),
            })?;
            let is_refused = settings.anonymous == AnonymousConnect::Refused;
            if grant.user.is_empty() && is_refused && !settings.danger_insecure {
                return Err(Disconnect::PermissionDenied.into());
            }
            return Ok(grant);
        }
        if settings.connect_hook {
            let connecting = Connecting {
                caller: self.caller(None),
                data: request.data.clone(),
                name: request.name.clone(),
                version: request.version.clone(),
                headers: request.headers.clone(),
                channels: request.subs.keys().cloned().collect(),
            };
            if let Some(grant) = self.core.hooks().connect(connecting).await? {
                return Ok(grant);
            }
        }
        if settings.danger_insecure || settings.anonymous == AnonymousConnect::Anybody {
            return Ok(ConnectionGrant::default());
        }
        Err(Disconnect::BadRequest.into())
    }

    /// Collects what the server subscribes it to: what its token says, its personal channel, and of the channels that
    /// it names those that it could subscribe to by itself. Others it names are passed over.
    fn server_side_entries(
        &self,
        identity: &Identity,
        grant: &ConnectionGrant,
        granted_by: Side,
        known: &BTreeMap<String, SubscribeRequest>,
    ) -> Result<Vec<Entry>, Refusal> {
        let checked = self.core.settings();
        let settings = checked.settings();
        let mut given = grant.subs.clone();
        if let Some(personal) = checked.personal_channel(&identity.user) {
            given.entry(personal).or_default();
        }
        let mut entries = Vec::with_capacity(given.len());
        for (channel, given) in given {
            let (_, namespace) = checked.channel(&channel, NamedBy::Application)?;
            let namespace = Arc::clone(namespace);
            let mut entry = server_side(&channel, namespace, given, known.get(&channel));
            if grant.subs.contains_key(&channel) {
                entry.side = granted_by;
            }
            entries.push(entry);
        }
        let asker = Asker::new(&identity.user, settings);
        for (channel, request) in known {
            if grant.subs.contains_key(channel)
                || entries.iter().any(|entry| entry.channel == *channel)
            {
                continue;
            }
            let Ok((name, namespace)) = checked.channel(channel, NamedBy::Client) else {
                continue;
            };
            if is_open(&asker, &name, namespace) {
                let given = ServerSubscription::default();
                entries.push(server_side(
                    channel,
                    Arc::clone(namespace),
                    given,
                    Some(request),
                ));
            }
        }
        if entries.len() > usize::try_from(settings.channel_limit).unwrap_or(usize::MAX) {
            return Err(Disconnect::ChannelLimit.into());
        }
        Ok(entries)
    }

    fn connect_result(&self, identity: &Identity, settings: &Settings) -> ConnectResult {
        let mut result = ConnectResult {
            client: self.id.to_string(),
            version: self.core.version.to_owned(),
            ..ConnectResult::default()
        };
        // Where the server refreshes, the client has nothing to do.
        if identity.expire_at > 0 && !settings.refresh_hook {
            (result.expires, result.ttl) = (true, self.core.ttl(identity.expire_at));
        }
        if self.is_pinged() {
            let seconds = settings.ping_interval.as_secs();
            result.ping = u32::try_from(seconds).unwrap_or(u32::MAX);
            result.pong = self.shape == Shape::Reply;
        }
        if let Some(secret) = self.secret() {
            result.node = self.core.node.to_string();
            result.session = secret;
        }
        result
    }

    fn start_timers(&self, identity: &Identity, settings: &Settings) {
        let now = Instant::now();
        self.set_timer(Timer::Stale, None);
        if self.is_pinged() {
            let half = settings.ping_interval / 2;
            let share = half * u32::from(self.id.share()) / 256;
            self.set_timer(Timer::Ping, Some(now + half + share));
        }
        self.set_timer(Timer::Tick, Some(now + settings.presence_update_interval));
        self.expect_expiry(identity.expire_at);
    }

    /// Sets the deadline of the connection itself.
    pub(super) fn expect_expiry(&self, expire_at: u64) {
        let checked = self.core.settings();
        let settings = checked.settings();
        let at = (expire_at > 0).then(|| {
            let left = Duration::from_secs(u64::from(self.core.ttl(expire_at)));
            // The application is asked in time, clients have some more.
            let grace = if settings.refresh_hook {
                Duration::ZERO
            } else {
                settings.expired_close_delay
            };
            Instant::now() + left + grace
        });
        self.set_timer(Timer::Expiry, at);
    }

    /// Clients may ask for pings of WebSocket itself (RFC 6455 §5.5.2) instead, which the endpoint sends anyway; who
    /// only listens has no others there.
    fn is_pinged(&self) -> bool {
        if self.shape == Shape::Bare && self.session.transport() == Transport::WebSocket {
            return false;
        }
        let query = self.session.request().query().unwrap_or_default();
        !super::parameters(query).any(|pair| pair == ("cf_ws_frame_ping_pong", "true"))
    }
}

fn server_side(
    channel: &str,
    namespace: Arc<Namespace>,
    given: ServerSubscription,
    known: Option<&SubscribeRequest>,
) -> Entry {
    let recover = known
        .filter(|known| known.recover)
        .map(|known| StreamPosition {
            offset: known.offset,
            epoch: known.epoch.clone(),
        });
    Entry {
        channel: channel.to_owned(),
        delta: known.map_or(Delta::None, |known| delta_of(known, &namespace)),
        namespace,
        asked: known.map(Into::into).unwrap_or_default(),
        recover,
        given,
        filter: None,
        side: Side::Server,
        unrecoverable: Unrecoverable::Said,
    }
}

/// Whether somebody could subscribe without a token, and without asking the application.
fn is_open(asker: &Asker<'_>, name: &ChannelName<'_>, namespace: &Namespace) -> bool {
    let verdict = may_subscribe(asker, name, namespace, SubscriptionToken::Absent);
    matches!(verdict, Verdict::Allowed(_))
}
