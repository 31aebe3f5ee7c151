//! Tokens (JWT, RFC 7519) that say who connects, and who may subscribe: which are believed, and what they say.
//!
//! What follows from a token that is refused stands elsewhere: see the protocol's table of outcomes.

mod algorithm;
mod claims;
mod jwk;
mod jws;
mod key;
mod key_cache;
mod key_url;
mod payload;
mod pem;
mod settings;
mod sign;
mod verifier;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use thiserror::Error;

pub use claims::{ConnectionClaims, SubscriptionClaims, SubscriptionOptions};
pub use jws::MAX_TOKEN_BYTES;
pub use key_cache::{
    KEYS_FRESH_FOR, KEYS_PAUSE, KEYS_STALE_FOR, KEYS_TIMEOUT, KeySet, KeySource, MAX_KEY_SET_BYTES,
};
pub use settings::{Expected, InvalidTokenSettings, Secret, TokenSettings};
pub use sign::Unsignable;

use algorithm::{Algorithm, Hash};
use verifier::Verifier;

/// Verifies tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    connection: Arc<Verifier>,
    subscription: Arc<Verifier>,
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It was good, or will be: its time is over (`exp`), or has not come (`nbf`).
    #[error("the token expired")]
    Expired,
    /// It is not good, and never will be.
    #[error("the token is invalid")]
    Invalid(#[from] InvalidToken),
    /// Nobody can say: the keys cannot be fetched.
    #[error("the keys of tokens cannot be fetched")]
    KeysUnavailable,
}

/// What is wrong with a token. Clients are not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidToken {
    /// It is longer than [`MAX_TOKEN_BYTES`].
    #[error("it is too long")]
    TooLong,
    /// It has not three parts in base 64, or its header is none.
    #[error("it is malformed")]
    Malformed,
    /// Its header says that something must be understood which is not.
    #[error("it has a critical extension")]
    Critical,
    /// It is signed in a way that is unknown, for which there is no key, or for which its key is not; `none` is one.
    #[error("its algorithm is not allowed")]
    Algorithm,
    /// No key has the name that it says, or it says none.
    #[error("its key is unknown")]
    UnknownKey,
    /// It is not signed with the key.
    #[error("its signature is wrong")]
    Signature,
    /// Its claims are not what they have to be.
    #[error("its claims are malformed")]
    Claims,
    /// It is from somebody else.
    #[error("its issuer is another")]
    Issuer,
    /// It is for somebody else.
    #[error("its audience is another")]
    Audience,
    /// It is for a subscription, but used for a connection, or the other way round.
    #[error("it is of the other kind")]
    Channel,
}

impl Tokens {
    /// Believes tokens of both kinds as `connection` says; those of subscriptions as `subscription` says, if it says
    /// anything. `source` fetches keys, where there is a URL of them.
    ///
    /// # Errors
    /// [`InvalidTokenSettings`] for a key that is none, or a URL that cannot be used.
    pub fn new(
        connection: TokenSettings,
        subscription: Option<TokenSettings>,
        source: Option<&Arc<dyn KeySource>>,
    ) -> Result<Self, InvalidTokenSettings> {
        let connection = Arc::new(Verifier::new(connection, source)?);
        let subscription = match subscription {
            Some(settings) => Arc::new(Verifier::new(settings, source)?),
            None => Arc::clone(&connection),
        };
        Ok(Self {
            connection,
            subscription,
        })
    }

    /// Verifies a connection token. `now` is in seconds since 1970.
    ///
    /// Cancel safety: a fetch of keys that it started goes on, for others; nothing else happened.
    ///
    /// # Errors
    /// [`TokenError`] if the token is not believed.
    pub async fn verify_connection(
        &self,
        token: &str,
        now: u64,
    ) -> Result<ConnectionClaims, TokenError> {
        let payload = self.connection.verify(token, now).await?;
        Ok(payload.connection()?)
    }

    /// Verifies a subscription token. `now` is in seconds since 1970. That its user and channel, and its client if it
    /// has one, are those that it is used for is left to check.
    ///
    /// Cancel safety: a fetch of keys that it started goes on, for others; nothing else happened.
    ///
    /// # Errors
    /// [`TokenError`] if the token is not believed.
    pub async fn verify_subscription(
        &self,
        token: &str,
        now: u64,
    ) -> Result<SubscriptionClaims, TokenError> {
        let payload = self.subscription.verify(token, now).await?;
        Ok(payload.subscription()?)
    }
}
