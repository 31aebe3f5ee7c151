//! Which tokens are believed, as the operator says it.

use std::fmt;

use regex::Regex;
use thiserror::Error;

/// Keys and claims that tokens must have. By default there is no key, so no token is believed.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct TokenSettings {
    /// The secret of HS256, HS384 and HS512. Whoever knows it can be anybody: 32 random bytes or more.
    pub hmac_secret: Option<Secret>,
    /// The secret before that, for as long as tokens signed with it are about.
    pub hmac_previous_secret: Option<Secret>,
    /// When the previous secret ends to be good, in seconds since 1970; never by default.
    pub hmac_previous_valid_until: Option<u64>,
    /// The public key of RS256, RS384 and RS512, of 2,048 to 8,192 bits: PEM.
    pub rsa_public_key: Option<String>,
    /// The public key of ES256, ES384 or ES512, whichever goes with its curve: PEM.
    pub ecdsa_public_key: Option<String>,
    /// Where a set of public keys is (JWKS): then keys are looked up by name there, EdDSA's too, and the keys above are
    /// not used.
    ///
    /// `{{name}}` in it stands for what the group `(?<name>…)` of `issuer` or `audience` matched. Such a group may only
    /// list plain words, `one|two`: what stands in the token is not believed yet when the URL is asked.
    pub jwks_url: Option<String>,
    /// For whom tokens must be (`aud`); any, by default.
    pub audience: Option<Expected>,
    /// Who must have made them (`iss`); anybody, by default.
    pub issuer: Option<Expected>,
    /// The claim that says who the user is; `sub` by default. Then `sub` says nothing.
    pub user_id_claim: Option<String>,
}

impl TokenSettings {
    /// Believes tokens signed with this secret.
    #[must_use]
    pub fn hmac_secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.hmac_secret = Some(Secret::new(secret));
        self
    }

    /// Believes tokens signed with this secret too, until a time in seconds since 1970 if one is given.
    #[must_use]
    pub fn hmac_previous_secret(mut self, secret: impl Into<Vec<u8>>, until: Option<u64>) -> Self {
        self.hmac_previous_secret = Some(Secret::new(secret));
        self.hmac_previous_valid_until = until;
        self
    }

    /// Believes tokens signed with the key that belongs to this one: PEM.
    #[must_use]
    pub fn rsa_public_key(mut self, pem: impl Into<String>) -> Self {
        self.rsa_public_key = Some(pem.into());
        self
    }

    /// Believes tokens signed with the key that belongs to this one: PEM.
    #[must_use]
    pub fn ecdsa_public_key(mut self, pem: impl Into<String>) -> Self {
        self.ecdsa_public_key = Some(pem.into());
        self
    }

    /// Looks keys up in the set at a URL.
    #[must_use]
    pub fn jwks_url(mut self, url: impl Into<String>) -> Self {
        self.jwks_url = Some(url.into());
        self
    }

    /// Asks for an audience.
    #[must_use]
    pub fn audience(mut self, audience: Expected) -> Self {
        self.audience = Some(audience);
        self
    }

    /// Asks for an issuer.
    #[must_use]
    pub fn issuer(mut self, issuer: Expected) -> Self {
        self.issuer = Some(issuer);
        self
    }

    /// Reads the user from another claim than `sub`.
    #[must_use]
    pub fn user_id_claim(mut self, claim: impl Into<String>) -> Self {
        self.user_id_claim = Some(claim.into());
        self
    }
}

/// A secret, which is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Keeps a secret.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(secret.into())
    }

    /// Lets it out.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a claim must be.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Expected {
    /// This.
    Exactly(String),
    /// Something that this matches as a whole, from its beginning to its end: make it with [`Expected::matching`].
    Matching(Regex),
}

impl Expected {
    /// Expects what a regular expression matches. It is matched as a whole, as if it stood between `^` and `$`.
    ///
    /// # Errors
    /// The regular expression is none, or too large.
    pub fn matching(pattern: &str) -> Result<Self, regex::Error> {
        // Looked at alone first: it must not be what is put around it that makes it one.
        Regex::new(pattern)?;
        let whole = Regex::new(&format!(r"\A(?:{pattern})\z"));
        whole.map(Self::Matching)
    }

    pub(super) fn is_met(&self, claim: &str) -> bool {
        match self {
            Self::Exactly(expected) => expected == claim,
            Self::Matching(expected) => expected.is_match(claim),
        }
    }

    pub(super) const fn regex(&self) -> Option<&Regex> {
        match self {
            Self::Exactly(_) => None,
            Self::Matching(regex) => Some(regex),
        }
    }
}

/// Why settings of tokens are none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidTokenSettings {
    /// A secret of no bytes, with which anybody could sign.
    #[error("an empty secret")]
    EmptySecret,
    /// The key is no public key of RSA of 2,048 to 8,192 bits in PEM.
    #[error("the RSA key is not a public key of 2,048 to 8,192 bits in PEM")]
    RsaKey,
    /// The key is no public key of ECDSA in PEM.
    #[error("the ECDSA key is not a public key on P-256, P-384 or P-521 in PEM")]
    EcdsaKey,
    /// Keys are to be fetched, but nobody fetches them.
    #[error("a URL of keys, but nothing that fetches them")]
    NoKeySource,
    /// The URL has a `{{name}}` that no group of the issuer or the audience has, or that is not closed.
    #[error("the URL of keys refers to a group that there is not: {0}")]
    UnknownGroup(String),
    /// A group that the URL refers to does not just list plain words.
    #[error(
        "the group {0} must be a list of plain words, since it becomes a part of the URL of keys"
    )]
    OpenGroup(String),
}
