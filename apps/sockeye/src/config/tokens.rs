//! `[tokens]` and `[subscription_tokens]`: by which keys tokens are verified.

use std::{fs, path::PathBuf, time::SystemTime};

use regex::Regex;
use serde::{Deserialize, Serialize};
use toml::Value;

use super::{
    channels_rule::ChannelsRule, namespace::blame, number::UrlTemplate, rule::Broken,
    secret::Secret,
};

/// How tokens are verified, as it is written.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawTokens {
    pub(crate) hmac_secret: Secret,
    pub(crate) hmac_previous_secret: Secret,
    pub(crate) hmac_previous_until: Until,
    pub(crate) rsa_public_key: String,
    pub(crate) ecdsa_public_key: String,
    pub(crate) jwks_url: UrlTemplate,
    pub(crate) audience: String,
    pub(crate) audience_regex: String,
    pub(crate) issuer: String,
    pub(crate) issuer_regex: String,
    pub(crate) user_claim: String,
}

/// A moment as RFC 3339 writes it, or `"off"` for never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Until(pub(crate) Option<SystemTime>);

/// How tokens are verified.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tokens {
    /// By which keys.
    pub(crate) keys: TokenKeys,
    /// For whom they must be, if that is said.
    pub(crate) audience: Option<Claim>,
    /// By whom they must be made, if that is said.
    pub(crate) issuer: Option<Claim>,
    /// Which claim is the user's id. Default `sub`.
    pub(crate) user_claim: String,
}

/// By which keys tokens are verified.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKeys {
    /// Those of a set that is fetched.
    Jwks(String),
    /// Those that are set up here.
    Static {
        /// For HS256, HS384 and HS512.
        hmac: Option<Secret>,
        /// The secret before it, and until when it is good; without an end it always is.
        previous: Option<(Secret, Option<SystemTime>)>,
        /// A file in PEM, for RS256, RS384 and RS512.
        rsa: Option<PathBuf>,
        /// A file in PEM, for ES256, ES384 or ES512.
        ecdsa: Option<PathBuf>,
    },
}

/// What a claim must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// This.
    Exactly(String),
    /// What this expression matches as a whole.
    Matching(String),
}

impl Default for RawTokens {
    fn default() -> Self {
        Self {
            hmac_secret: Secret::default(),
            hmac_previous_secret: Secret::default(),
            hmac_previous_until: Until(None),
            rsa_public_key: String::new(),
            ecdsa_public_key: String::new(),
            jwks_url: UrlTemplate(None),
            audience: String::new(),
            audience_regex: String::new(),
            issuer: String::new(),
            issuer_regex: String::new(),
            user_claim: "sub".to_owned(),
        }
    }
}

impl RawTokens {
    /// Checks that what is set has an effect, and reads the files; `None` if there are no keys.
    pub(crate) fn check(&self, section: &'static str, broken: &mut Vec<Broken>) -> Option<Tokens> {
        let mut wrong = |name: &str, rule| broken.push(blame(section, &[name], rule));
        self.check_secrets(&mut wrong);
        self.check_files(&mut wrong);
        self.check_claims(&mut wrong);
        let keys = self.keys(section, &mut wrong)?;
        let claim = |exact: &str, regex: &str| match (exact.is_empty(), regex.is_empty()) {
            (true, true) => None,
            (true, false) => Some(Claim::Matching(regex.to_owned())),
            (false, _) => Some(Claim::Exactly(exact.to_owned())),
        };
        Some(Tokens {
            keys,
            audience: claim(&self.audience, &self.audience_regex),
            issuer: claim(&self.issuer, &self.issuer_regex),
            user_claim: self.user_claim.clone(),
        })
    }

    fn keys(
        &self,
        section: &'static str,
        wrong: &mut impl FnMut(&str, ChannelsRule),
    ) -> Option<TokenKeys> {
        let others = [
            ("hmac_secret", !self.hmac_secret.is_none()),
            ("rsa_public_key", !self.rsa_public_key.is_empty()),
            ("ecdsa_public_key", !self.ecdsa_public_key.is_empty()),
        ];
        let other = others.into_iter().find(|(_, is_set)| *is_set);
        match (&self.jwks_url, other) {
            (UrlTemplate(Some(_)), Some((other, _))) => {
                wrong("jwks_url", ChannelsRule::KeysTwice { section, other });
                None
            }
            (UrlTemplate(Some(url)), None) => Some(TokenKeys::Jwks(url.clone())),
            (UrlTemplate(None), Some(_)) => Some(self.static_keys()),
            (UrlTemplate(None), None) => {
                let default = Self::default();
                for (name, is_set) in [
                    ("audience", self.audience != default.audience),
                    (
                        "audience_regex",
                        self.audience_regex != default.audience_regex,
                    ),
                    ("issuer", self.issuer != default.issuer),
                    ("issuer_regex", self.issuer_regex != default.issuer_regex),
                    ("user_claim", self.user_claim != default.user_claim),
                ] {
                    if is_set {
                        wrong(name, ChannelsRule::NoKey(section));
                    }
                }
                None
            }
        }
    }

    fn static_keys(&self) -> TokenKeys {
        let secret = |secret: &Secret| Some(secret.clone()).filter(|secret| !secret.is_none());
        let file = |path: &str| (!path.is_empty()).then(|| PathBuf::from(path));
        TokenKeys::Static {
            hmac: secret(&self.hmac_secret),
            previous: secret(&self.hmac_previous_secret)
                .map(|previous| (previous, self.hmac_previous_until.0)),
            rsa: file(&self.rsa_public_key),
            ecdsa: file(&self.ecdsa_public_key),
        }
    }

    fn check_secrets(&self, wrong: &mut impl FnMut(&str, ChannelsRule)) {
        for (name, secret) in [
            ("hmac_secret", &self.hmac_secret),
            ("hmac_previous_secret", &self.hmac_previous_secret),
        ] {
            if let Err(rule) = check_secret(secret) {
                wrong(name, rule);
            }
        }
        let is_replaced = !self.hmac_secret.is_none();
        let has_previous = !self.hmac_previous_secret.is_none();
        if has_previous && !is_replaced {
            wrong("hmac_previous_secret", ChannelsRule::NothingToReplace);
        }
        if self.hmac_previous_until.0.is_some() && !has_previous {
            wrong("hmac_previous_until", ChannelsRule::NothingToReplace);
        }
    }

    fn check_files(&self, wrong: &mut impl FnMut(&str, ChannelsRule)) {
        for (name, path) in [
            ("rsa_public_key", &self.rsa_public_key),
            ("ecdsa_public_key", &self.ecdsa_public_key),
        ] {
            if !path.is_empty()
                && let Err(error) = fs::read(path)
            {
                wrong(name, ChannelsRule::Unreadable(error.to_string()));
            }
        }
    }

    fn check_claims(&self, wrong: &mut impl FnMut(&str, ChannelsRule)) {
        for (regex_name, regex, name, exact) in [
            (
                "audience_regex",
                &self.audience_regex,
                "audience",
                &self.audience,
            ),
            ("issuer_regex", &self.issuer_regex, "issuer", &self.issuer),
        ] {
            if !regex.is_empty() && !exact.is_empty() {
                wrong(regex_name, ChannelsRule::SaidTwice(name));
            }
            if let Err(error) = Regex::new(regex) {
                wrong(regex_name, ChannelsRule::NotARegex(error.to_string()));
            }
        }
    }
}

/// Checks that a secret can be read, and is one, if it is there.
pub(crate) fn check_secret(secret: &Secret) -> Result<(), ChannelsRule> {
    if secret.is_none() {
        return Ok(());
    }
    match secret.read() {
        Ok(bytes) if bytes.is_empty() => Err(ChannelsRule::EmptySecret),
        Ok(_) => Ok(()),
        Err(error) => Err(ChannelsRule::Unreadable(error.to_string())),
    }
}

impl TryFrom<Value> for Until {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = match &value {
            Value::String(text) => text.clone(),
            Value::Datetime(moment) => moment.to_string(),
            _ => String::new(),
        };
        if text == "off" {
            return Ok(Self(None));
        }
        humantime::parse_rfc3339(&text)
            .map(|moment| Self(Some(moment)))
            .map_err(|_| {
                format!("{value} is not a moment: write it as \"2030-01-31T12:00:00Z\", or \"off\"")
            })
    }
}

impl From<Until> for Value {
    fn from(Until(moment): Until) -> Self {
        Self::String(moment.map_or_else(
            || "off".to_owned(),
            |moment| humantime::format_rfc3339_seconds(moment).to_string(),
        ))
    }
}
