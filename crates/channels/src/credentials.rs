//! What tokens say, whoever verifies them: the seam between connections and signatures.

use std::{collections::BTreeMap, fmt, future::Future, pin::Pin};

use bytes::Bytes;

use crate::{
    Override,
    token::{SubscriptionOptions, TokenError, Tokens},
};

/// What a verifier answers with, some time: keys may have to be fetched.
pub type Verified<'a, T> = Pin<Box<dyn Future<Output = Result<T, BadToken>> + Send + 'a>>;

/// Verifies tokens: signature, audience, issuer, and time.
pub trait Credentials: fmt::Debug + Send + Sync + 'static {
    /// Verifies a connection token at a time in seconds since 1970.
    ///
    /// Cancel safety: it changes nothing.
    fn connection<'a>(&'a self, token: &'a str, now: u64) -> Verified<'a, ConnectionGrant>;

    /// Verifies a subscription token at a time in seconds since 1970.
    ///
    /// Cancel safety: it changes nothing.
    fn subscription<'a>(&'a self, token: &'a str, now: u64) -> Verified<'a, SubscriptionGrant>;
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadToken {
    /// It was good, once.
    Expired,
    /// It is none, or not signed as it must be.
    Invalid,
    /// Nobody can say now: keys can't be fetched.
    Unavailable,
}

/// What a connection token or the connect hook says.
#[derive(Clone, Debug, Default)]
pub struct ConnectionGrant {
    /// The user; empty for nobody in particular.
    pub user: String,
    /// When the connection ends unless it is refreshed, in seconds since 1970; 0 for never.
    pub expire_at: u64,
    /// What others may know of it: JSON for clients that read it.
    pub info: Bytes,
    /// What only hooks may know of it.
    pub meta: Bytes,
    /// What the client is told at the start; of the hook only.
    pub data: Bytes,
    /// To which channels the server subscribes it, and how.
    pub subs: BTreeMap<String, ServerSubscription>,
}

/// A subscription that the server makes.
#[derive(Clone, Debug, Default)]
pub struct ServerSubscription {
    /// What others may know of it in this channel.
    pub info: Bytes,
    /// What the subscriber is told at the start.
    pub data: Bytes,
    /// When it ends, in seconds since 1970; 0 for never.
    pub expire_at: u64,
    /// What holds instead of the namespace.
    pub instead: Override,
}

/// What a subscription token says.
#[derive(Clone, Debug, Default)]
pub struct SubscriptionGrant {
    /// The user it is for.
    pub user: String,
    /// The channel it is for.
    pub channel: String,
    /// The connection it is for; empty for any.
    pub client: String,
    /// What it gives.
    pub subscription: ServerSubscription,
}

impl Credentials for Tokens {
    fn connection<'a>(&'a self, token: &'a str, now: u64) -> Verified<'a, ConnectionGrant> {
        Box::pin(async move {
            let claims = self.verify_connection(token, now).await?;
            let expire_at = claims.ends_at().unwrap_or_default();
            let subs = claims.subscriptions().into_iter();
            Ok(ConnectionGrant {
                expire_at,
                subs: subs
                    .map(|(channel, options)| (channel, ServerSubscription::until(options, 0)))
                    .collect(),
                user: claims.user,
                info: claims.info,
                meta: claims.meta,
                data: Bytes::new(),
            })
        })
    }

    fn subscription<'a>(&'a self, token: &'a str, now: u64) -> Verified<'a, SubscriptionGrant> {
        Box::pin(async move {
            let claims = self.verify_subscription(token, now).await?;
            let expire_at = claims.ends_at().unwrap_or_default();
            Ok(SubscriptionGrant {
                user: claims.user,
                channel: claims.channel,
                client: claims.client.unwrap_or_default(),
                subscription: ServerSubscription::until(claims.options, expire_at),
            })
        })
    }
}

impl ServerSubscription {
    fn until(options: SubscriptionOptions, expire_at: u64) -> Self {
        Self {
            info: options.info,
            data: options.data,
            expire_at,
            instead: options.instead,
        }
    }
}

impl From<TokenError> for BadToken {
    fn from(error: TokenError) -> Self {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "a token is refused"
        );
        match error {
            TokenError::Expired => Self::Expired,
            TokenError::Invalid(_) => Self::Invalid,
            TokenError::KeysUnavailable => Self::Unavailable,
        }
    }
}
