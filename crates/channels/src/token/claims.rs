//! What tokens say, once they are believed.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::Override;

/// What a connection token says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionClaims {
    /// The user (`sub`); empty is nobody in particular.
    pub user: String,
    /// When the token expires (`exp`), in seconds since 1970.
    pub expires: Option<u64>,
    /// When the token begins to be good (`nbf`), in seconds since 1970.
    pub not_before: Option<u64>,
    /// When the connection ends, if not with the token (`expire_at`), in seconds since 1970; 0 is never.
    pub expire_at: Option<u64>,
    /// For whom the token is (`aud`).
    pub audience: Vec<String>,
    /// Who made it (`iss`).
    pub issuer: Option<String>,
    /// What others see of the connection (`info` or `b64info`).
    pub info: Bytes,
    /// Channels that it is subscribed to, each as its namespace says. See [`subscriptions`](Self::subscriptions).
    pub channels: Vec<String>,
    /// Channels that it is subscribed to, with options (`subs`).
    pub subs: BTreeMap<String, SubscriptionOptions>,
    /// What the application wants to know about the connection, and no client sees (`meta`): JSON.
    pub meta: Bytes,
}

impl ConnectionClaims {
    /// Says who a user is, and nothing more.
    pub fn new(user: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            ..Self::default()
        }
    }

    /// When the connection ends unless it is refreshed, in seconds since 1970.
    pub const fn ends_at(&self) -> Option<u64> {
        ends_at(self.expire_at, self.expires)
    }

    /// The server-side subscriptions: `subs`, or `channels` if there are none.
    pub fn subscriptions(&self) -> BTreeMap<String, SubscriptionOptions> {
        if !self.subs.is_empty() {
            return self.subs.clone();
        }
        let channels = self.channels.iter().cloned();
        channels
            .map(|channel| (channel, SubscriptionOptions::default()))
            .collect()
    }
}

/// What a subscription token says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriptionClaims {
    /// The user (`sub`), who must be the connection's.
    pub user: String,
    /// The channel, which must be the one that is asked for. Never empty in a token that was verified.
    pub channel: String,
    /// The connection that the token is for alone, if it is: an old way to bind it.
    pub client: Option<String>,
    /// When the token expires (`exp`), in seconds since 1970.
    pub expires: Option<u64>,
    /// When the token begins to be good (`nbf`), in seconds since 1970.
    pub not_before: Option<u64>,
    /// When the subscription ends, if not with the token (`expire_at`), in seconds since 1970; 0 is never.
    pub expire_at: Option<u64>,
    /// For whom the token is (`aud`).
    pub audience: Vec<String>,
    /// Who made it (`iss`).
    pub issuer: Option<String>,
    /// How the subscription is.
    pub options: SubscriptionOptions,
}

impl SubscriptionClaims {
    /// Lets a user subscribe to a channel.
    pub fn new(user: impl Into<String>, channel: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            channel: channel.into(),
            ..Self::default()
        }
    }

    /// When the subscription ends unless it is refreshed, in seconds since 1970.
    pub const fn ends_at(&self) -> Option<u64> {
        ends_at(self.expire_at, self.expires)
    }
}

/// How a subscription is, beside what its namespace says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriptionOptions {
    /// What others see of the subscriber (`info` or `b64info`).
    pub info: Bytes,
    /// What the subscriber is given (`data` or `b64data`).
    pub data: Bytes,
    /// What is so instead of what the namespace says (`override`).
    pub instead: Override,
}

const fn ends_at(expire_at: Option<u64>, expires: Option<u64>) -> Option<u64> {
    match expire_at {
        Some(0) => None,
        Some(at) => Some(at),
        None => expires,
    }
}
