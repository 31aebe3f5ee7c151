//! `[tokens]` and `[subscription_tokens]`: by which keys tokens are verified.

use std::{fs, sync::Arc, time::SystemTime};

use serde::{Deserialize, Serialize};
use sockeye_channels::token::{
    Expected, InvalidTokenSettings, KeySet, KeySource, TokenSettings, Tokens as Verified,
};
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

/// How tokens are verified: the section once it is known to make sense.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tokens(RawTokens);

/// Why a section makes no settings: which key, and what about it.
type Wrong = (&'static str, ChannelsRule);

impl Tokens {
    /// Reads the files and makes what tokens are verified by.
    ///
    /// # Errors
    /// A file can't be read any more, or holds something else than it did.
    pub(crate) fn settings(&self) -> Result<TokenSettings, ChannelsRule> {
        self.0.settings().map_err(|(_, rule)| rule)
    }

    /// Returns the secret of HS256, if that is how tokens are signed.
    ///
    /// # Errors
    /// The file that holds it can't be read.
    pub(crate) fn hmac_secret(&self) -> std::io::Result<Option<Vec<u8>>> {
        let secret = &self.0.hmac_secret;
        (!secret.is_none()).then(|| secret.read()).transpose()
    }
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
        self.check_claims(&mut wrong);
        if !self.has_keys(section, &mut wrong) {
            return None;
        }
        let used = self.settings().and_then(|settings| {
            let urls = settings.jwks_url.is_some();
            let source: Arc<dyn KeySource> = Arc::new(NoKeys);
            Verified::new(settings, None, urls.then_some(&source)).map_err(|error| {
                let name = match error {
                    InvalidTokenSettings::RsaKey => "rsa_public_key",
                    InvalidTokenSettings::EcdsaKey => "ecdsa_public_key",
                    InvalidTokenSettings::EmptySecret => "hmac_secret",
                    _ => "jwks_url",
                };
                (name, ChannelsRule::Token(error))
            })
        });
        match used {
            Ok(_) => Some(Tokens(self.clone())),
            Err((name, rule)) => {
                wrong(name, rule);
                None
            }
        }
    }

    fn has_keys(&self, section: &'static str, wrong: &mut impl FnMut(&str, ChannelsRule)) -> bool {
        let others = [
            ("hmac_secret", !self.hmac_secret.is_none()),
            ("rsa_public_key", !self.rsa_public_key.is_empty()),
            ("ecdsa_public_key", !self.ecdsa_public_key.is_empty()),
        ];
        let other = others.into_iter().find(|(_, is_set)| *is_set);
        match (&self.jwks_url, other) {
            (UrlTemplate(Some(_)), Some((other, _))) => {
                wrong("jwks_url", ChannelsRule::KeysTwice { section, other });
                false
            }
            (UrlTemplate(Some(_)), None) | (UrlTemplate(None), Some(_)) => true,
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
                false
            }
        }
    }

    fn settings(&self) -> Result<TokenSettings, Wrong> {
        let secret = |name, secret: &Secret| reveal(secret).map_err(|rule| (name, rule));
        let mut settings = TokenSettings::default();
        if !self.hmac_secret.is_none() {
            settings = settings.hmac_secret(secret("hmac_secret", &self.hmac_secret)?);
        }
        if !self.hmac_previous_secret.is_none() {
            let previous = secret("hmac_previous_secret", &self.hmac_previous_secret)?;
            let until = self.hmac_previous_until.0.map(seconds);
            settings = settings.hmac_previous_secret(previous, until);
        }
        if let Some(pem) = pem("rsa_public_key", &self.rsa_public_key)? {
            settings = settings.rsa_public_key(pem);
        }
        if let Some(pem) = pem("ecdsa_public_key", &self.ecdsa_public_key)? {
            settings = settings.ecdsa_public_key(pem);
        }
        settings.jwks_url.clone_from(&self.jwks_url.0);
        let audience = [
            ("audience_regex", &self.audience_regex),
            ("", &self.audience),
        ];
        settings.audience = claim(audience)?;
        settings.issuer = claim([("issuer_regex", &self.issuer_regex), ("", &self.issuer)])?;
        if self.user_claim != Self::default().user_claim {
            settings = settings.user_id_claim(&self.user_claim);
        }
        Ok(settings)
    }

    fn check_secrets(&self, wrong: &mut impl FnMut(&str, ChannelsRule)) {
        let is_replaced = !self.hmac_secret.is_none();
        let has_previous = !self.hmac_previous_secret.is_none();
        if has_previous && !is_replaced {
            wrong("hmac_previous_secret", ChannelsRule::NothingToReplace);
        }
        if self.hmac_previous_until.0.is_some() && !has_previous {
            wrong("hmac_previous_until", ChannelsRule::NothingToReplace);
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
        }
    }
}

fn pem(name: &'static str, path: &str) -> Result<Option<String>, Wrong> {
    if path.is_empty() {
        return Ok(None);
    }
    match fs::read_to_string(path) {
        Ok(pem) => Ok(Some(pem)),
        Err(error) => Err((name, ChannelsRule::Unreadable(error.to_string()))),
    }
}

/// What a claim must be, by its expression or else by its text.
fn claim(
    [(name, regex), (_, exact)]: [(&'static str, &String); 2],
) -> Result<Option<Expected>, Wrong> {
    match (exact.is_empty(), regex.is_empty()) {
        (true, true) => Ok(None),
        (true, false) => Expected::matching(regex)
            .map(Some)
            .map_err(|error| (name, ChannelsRule::NotARegex(error.to_string()))),
        (false, _) => Ok(Some(Expected::Exactly(exact.clone()))),
    }
}

/// Seconds since 1970.
fn seconds(moment: SystemTime) -> u64 {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

/// Where nothing is fetched: keys are set up to see whether they can be.
#[derive(Debug)]
struct NoKeys;

impl KeySource for NoKeys {
    fn fetch<'a>(&'a self, _: &'a str) -> KeySet<'a> {
        Box::pin(async { Err("nothing is fetched while settings are checked".into()) })
    }
}

/// Checks that a secret can be read, and is one, if it is there.
pub(crate) fn check_secret(secret: &Secret) -> Result<(), ChannelsRule> {
    if secret.is_none() {
        return Ok(());
    }
    reveal(secret).map(|_| ())
}

fn reveal(secret: &Secret) -> Result<Vec<u8>, ChannelsRule> {
    match secret.read() {
        Ok(bytes) if bytes.is_empty() => Err(ChannelsRule::EmptySecret),
        Ok(bytes) => Ok(bytes),
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
