//! What the application does with channels and connections, as methods.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use sockeye_channel_proto::{
    ClientInfo, Disconnect, ErrorCode, MessagePush, PresenceStatsResult, Publication, Push,
    StreamPosition,
};
use thiserror::Error;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::{
    BrokerError, Channels, ClientId, History, InvalidChannel, NamedBy, Namespace, Order,
    PublishOptions, Published, Read,
    client::{Client, Ending, Refusal},
    credentials::ServerSubscription,
    tally::Origin,
};

/// Why the server's API does not do something.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ApiError {
    /// The application asked for something that can't be.
    #[error("{0}")]
    Refused(ErrorCode),
    /// The broker could not do it.
    #[error("the broker failed")]
    Broker(#[from] BrokerError),
}

impl ApiError {
    /// Returns the number that callers of the HTTP API are told.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(code) => *code,
            Self::Broker(_) => ErrorCode::Internal,
        }
    }
}

impl From<InvalidChannel> for ApiError {
    fn from(invalid: InvalidChannel) -> Self {
        Self::Refused(invalid.code())
    }
}

/// Which connections are meant: all of a user, or of these only those with an id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whom {
    /// The user; empty for connections of nobody in particular.
    pub user: String,
    /// One connection, by its id; empty for all.
    pub client: String,
    /// One connection, by the secret that it was told with its connect result and may have told the application; empty
    /// for all. Connections over WebSocket and SockJS in both directions have none.
    pub session: String,
    /// Connections that are left alone.
    pub except: Vec<String>,
}

impl Whom {
    /// All connections of a user.
    pub fn user(user: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            ..Self::default()
        }
    }
}

/// What is published, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishOrder {
    /// The payload.
    pub data: Bytes,
    /// Tags for filters.
    pub tags: BTreeMap<String, String>,
    /// What it is the latest of, where subscribers that lag get the latest for each key.
    pub key: String,
    /// It goes to whoever listens, and is not kept.
    pub skip_history: bool,
    /// What is published twice into a channel under a key is published once.
    pub idempotency_key: String,
    /// Which version of a document it is; 0 for none.
    pub version: u64,
    /// Of which document.
    pub version_epoch: String,
}

impl PublishOrder {
    /// Publishes a payload, as the namespace says.
    pub fn of(data: impl Into<Bytes>) -> Self {
        Self {
            data: data.into(),
            ..Self::default()
        }
    }
}

/// A connection, as the application sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// Its id.
    pub client: ClientId,
    /// What carries it.
    pub transport: &'static str,
    /// What it is subscribed to.
    pub channels: Vec<Arc<str>>,
}

/// What one server has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeStats {
    /// The server's id.
    pub node: ClientId,
    /// Connections, those that did not say who they are included.
    pub clients: usize,
    /// Users that have one.
    pub users: usize,
    /// Subscriptions.
    pub subscriptions: usize,
    /// Channels with subscribers.
    pub channels: usize,
    /// For how long it runs.
    pub uptime: Duration,
}

impl Channels {
    /// Publishes into a channel.
    ///
    /// Cancel safety: dropped before it is done, it may or may not be published.
    ///
    /// # Errors
    /// [`ApiError`]: the channel or the payload is none, or the broker failed.
    pub async fn publish(&self, channel: &str, order: PublishOrder) -> Result<Published, ApiError> {
        let checked = self.0.settings();
        let (_, namespace) = checked.channel(channel, NamedBy::Application)?;
        if !namespace.publication_data_format.takes(&order.data) {
            return Err(ApiError::Refused(ErrorCode::BadRequest));
        }
        let ttl = checked.settings().idempotency_ttl;
        let options = options_of(&order, namespace, ttl);
        let publication = Publication {
            data: order.data,
            tags: order.tags,
            key: order.key,
            version: order.version,
            ..Publication::default()
        };
        let publishing = (self.0).publish(channel, publication, options, Origin::Api);
        Ok(publishing.await?)
    }

    /// Publishes the same into several channels, all at once: those that are durable share commits. Each has an answer
    /// of its own, in the order of the channels. Must be called within a runtime.
    ///
    /// Cancel safety: dropped before it is done, it may be published in some.
    pub async fn broadcast(
        &self,
        channels: &[String],
        order: &PublishOrder,
    ) -> Vec<Result<Published, ApiError>> {
        let mut publishing = JoinSet::new();
        for (at, channel) in channels.iter().enumerate() {
            let (here, channel, order) = (self.clone(), channel.clone(), order.clone());
            let publish = async move { (at, here.publish(&channel, order).await) };
            publishing.spawn(publish.in_current_span());
        }
        let failed = || Err(ApiError::Refused(ErrorCode::Internal));
        let mut answers: Vec<_> = channels.iter().map(|_| failed()).collect();
        while let Some(done) = publishing.join_next().await {
            if let Ok((at, answer)) = done
                && let Some(place) = answers.get_mut(at)
            {
                *place = answer;
            }
        }
        answers
    }

    /// Subscribes connections to a channel; those that are already stay as they are.
    ///
    /// Cancel safety: dropped before it is done, some may be subscribed.
    ///
    /// # Errors
    /// [`ApiError`] if the channel is none, or the first of them can't be subscribed.
    pub async fn subscribe(
        &self,
        whom: &Whom,
        channel: &str,
        given: ServerSubscription,
        recover: Option<StreamPosition>,
    ) -> Result<(), ApiError> {
        self.0.settings().channel(channel, NamedBy::Application)?;
        for client in self.find(whom) {
            let done = client.subscribe_by_server(channel, given.clone(), recover.clone());
            if let Err(Refusal::Error(error)) = done.await {
                let known = ErrorCode::ALL.iter().find(|code| code.code() == error.code);
                return Err(ApiError::Refused(*known.unwrap_or(&ErrorCode::Internal)));
            }
        }
        Ok(())
    }

    /// Ends subscriptions to a channel, or to all of them if it is empty.
    ///
    /// Cancel safety: dropped before it is done, some may be unsubscribed.
    pub async fn unsubscribe(&self, whom: &Whom, channel: &str) {
        for client in self.find(whom) {
            client.unsubscribe_by_server(channel).await;
        }
    }

    /// Ends connections with a code and a reason, which must not be empty; without them with 3503.
    pub fn disconnect(&self, whom: &Whom, ending: Option<(u32, String)>) {
        let ending = match ending {
            Some((code, reason)) => Ending::new(code, Cow::Owned(reason)),
            None => Disconnect::ForceDisconnect.into(),
        };
        for client in self.find(whom) {
            client.disconnect(&ending);
        }
    }

    /// Gives connections until a time in seconds since 1970, 0 for ever; in the past, they end.
    pub fn refresh(&self, whom: &Whom, expire_at: u64, info: Option<&Bytes>) {
        for client in self.find(whom) {
            if expire_at > 0 && expire_at <= self.0.now() {
                client.disconnect(&Disconnect::Expired.into());
            } else {
                client.refresh_by_server(expire_at, info.cloned());
            }
        }
    }

    /// Says something to connections that belongs to no channel. It is not kept for those that are away. Returns how many
    /// there were.
    pub fn send_to_user(&self, whom: &Whom, data: &Bytes) -> usize {
        let clients = self.find(whom);
        for client in &clients {
            client.push_one(Push {
                message: Some(MessagePush { data: data.clone() }),
                ..Push::default()
            });
        }
        clients.len()
    }

    /// Says who is in a channel, by the ids of their connections.
    ///
    /// Cancel safety: it changes nothing.
    ///
    /// # Errors
    /// [`ApiError`] if the channel is none or has no presence.
    pub async fn presence(&self, channel: &str) -> Result<Vec<(ClientId, ClientInfo)>, ApiError> {
        self.has_presence(channel)?;
        Ok(self.0.presence.list(channel).await?)
    }

    /// Says how many are in a channel.
    ///
    /// Cancel safety: it changes nothing.
    ///
    /// # Errors
    /// As [`presence`](Self::presence).
    pub async fn presence_stats(&self, channel: &str) -> Result<PresenceStatsResult, ApiError> {
        self.has_presence(channel)?;
        Ok(self.0.presence.stats(channel).await?.into())
    }

    fn has_presence(&self, channel: &str) -> Result<(), ApiError> {
        let checked = self.0.settings();
        let (_, namespace) = checked.channel(channel, NamedBy::Application)?;
        if namespace.presence {
            Ok(())
        } else {
            Err(ApiError::Refused(ErrorCode::NotAvailable))
        }
    }

    /// Reads a channel's stream; there is no limit but the one that is asked for.
    ///
    /// Cancel safety: it changes nothing.
    ///
    /// # Errors
    /// [`ApiError`] if the channel is none or has no history, the epoch is another, or the broker failed.
    pub async fn history(&self, channel: &str, read: Read) -> Result<History, ApiError> {
        let checked = self.0.settings();
        let (_, namespace) = checked.channel(channel, NamedBy::Application)?;
        let off = ApiError::Refused(ErrorCode::NotAvailable);
        let retention = namespace.retention().ok_or(off)?;
        let since = read.since.clone();
        if read.order == Order::Reverse && since.as_ref().is_some_and(|since| since.offset == 0) {
            return Err(ApiError::Refused(ErrorCode::BadRequest));
        }
        let history = self.0.broker.history(channel, read, retention).await?;
        let is_other =
            |since: StreamPosition| !since.epoch.is_empty() && since.epoch != history.top.epoch;
        if since.is_some_and(is_other) {
            return Err(ApiError::Refused(ErrorCode::UnrecoverablePosition));
        }
        Ok(history)
    }

    /// Forgets a channel's publications; its position stays.
    ///
    /// Cancel safety: dropped before it is done, it may or may not have happened.
    ///
    /// # Errors
    /// [`ApiError`] if the channel is none or has no history, or the broker failed.
    pub async fn history_remove(&self, channel: &str) -> Result<(), ApiError> {
        let checked = self.0.settings();
        let (_, namespace) = checked.channel(channel, NamedBy::Application)?;
        if !namespace.has_history() {
            return Err(ApiError::Refused(ErrorCode::NotAvailable));
        }
        Ok(self.0.broker.remove_history(channel).await?)
    }

    /// Returns the channels with subscribers here, and how many each has.
    pub fn channels(&self) -> Vec<(Arc<str>, usize)> {
        self.0.hub.channels(|_| true)
    }

    /// Returns the connections of a user, the oldest first; of nobody in particular if it is empty.
    pub fn connections(&self, user: &str) -> Vec<Connection> {
        let mut clients = self.0.registry.of_user(user);
        clients.sort_by_cached_key(|client| (client.opened(), client.id));
        let shown = clients.into_iter().map(|client| Connection {
            client: client.id,
            transport: client.session.transport().as_str(),
            channels: client.channels(),
        });
        shown.collect()
    }

    /// Returns how often a publication was put into the outbox of a subscriber here as it came, since the start. What
    /// subscribers read from history is not among them.
    pub fn deliveries(&self) -> u64 {
        self.0.hub.deliveries()
    }

    /// Says what this server has.
    pub fn info(&self) -> NodeStats {
        let (clients, users) = self.0.registry.counts();
        let channels = self.0.hub.channels(|_| true);
        NodeStats {
            node: self.0.node,
            clients,
            users,
            subscriptions: channels.iter().map(|(_, count)| count).sum(),
            channels: channels.len(),
            uptime: self.0.uptime(),
        }
    }

    fn find(&self, whom: &Whom) -> Vec<Arc<Client>> {
        let one = ClientId::parse(&whom.client);
        let is_meant = |client: &Arc<Client>| {
            (whom.client.is_empty() || one == Some(client.id))
                && (whom.session.is_empty() || client.secret().as_deref() == Some(&*whom.session))
                && !whom.except.contains(&client.id.to_string())
        };
        let mut clients = self.0.registry.of_user(&whom.user);
        clients.retain(is_meant);
        clients
    }
}

fn options_of(order: &PublishOrder, namespace: &Namespace, ttl: Duration) -> PublishOptions {
    let retention = namespace.retention().filter(|_| !order.skip_history);
    let key = &order.idempotency_key;
    PublishOptions {
        version_epoch: (order.version > 0 && retention.is_some())
            .then(|| order.version_epoch.clone()),
        retention,
        idempotency: (!key.is_empty()).then(|| (key.clone(), ttl)),
    }
}
