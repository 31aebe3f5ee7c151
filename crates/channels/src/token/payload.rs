//! Claims as JSON, the same struct for both kinds of token: read from tokens, and written into those that we sign.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, general_purpose::GeneralPurposeConfig},
};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::{ConnectionClaims, InvalidToken, SubscriptionClaims, SubscriptionOptions};
use crate::Override;

/// Padding may be left out, as URLs do.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Everything that a token may say. What is not here is ignored: `iat`, `jti`, and whatever issuers add.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Payload {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "date")]
    pub(super) exp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "date")]
    pub(super) nbf: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "date")]
    expire_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b64info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b64data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#override: Option<RawOverride>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subs: Option<BTreeMap<String, Subscription>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
}

/// One for whom the token is, or several (RFC 7519 §4.1.3).
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Subscription {
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b64info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b64data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#override: Option<RawOverride>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct RawOverride {
    #[serde(skip_serializing_if = "Option::is_none")]
    presence: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    join_leave: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    force_push_join_leave: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    force_positioning: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    force_recovery: Option<Value>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Value {
    value: bool,
}

impl Payload {
    pub(super) fn read(json: &[u8]) -> Result<Self, InvalidToken> {
        serde_json::from_slice(json).map_err(|_| InvalidToken::Claims)
    }

    pub(super) fn audience(&self) -> &[String] {
        match &self.aud {
            None => &[],
            Some(Audience::One(one)) => std::slice::from_ref(one),
            Some(Audience::Several(several)) => several,
        }
    }

    /// What a connection token says. One that names a channel is for a subscription.
    pub(super) fn connection(self) -> Result<ConnectionClaims, InvalidToken> {
        if self.channel.as_ref().is_some_and(|name| !name.is_empty()) {
            return Err(InvalidToken::Channel);
        }
        let subs = self.subs.iter().flatten();
        let subs = subs.map(|(channel, raw)| Ok((channel.clone(), raw.options()?)));
        Ok(ConnectionClaims {
            subs: subs.collect::<Result<_, InvalidToken>>()?,
            audience: self.audience().to_vec(),
            info: payload(self.info.as_deref(), self.b64info.as_ref())?,
            meta: payload(self.meta.as_deref(), None)?,
            user: self.sub.unwrap_or_default(),
            expires: self.exp,
            not_before: self.nbf,
            expire_at: self.expire_at,
            issuer: self.iss,
            channels: self.channels.unwrap_or_default(),
        })
    }

    /// What a subscription token says. One that names no channel is for a connection.
    pub(super) fn subscription(self) -> Result<SubscriptionClaims, InvalidToken> {
        let options = Subscription {
            info: self.info,
            b64info: self.b64info,
            data: self.data,
            b64data: self.b64data,
            r#override: self.r#override,
        };
        let audience = match self.aud {
            None => Vec::new(),
            Some(Audience::One(one)) => vec![one],
            Some(Audience::Several(several)) => several,
        };
        Ok(SubscriptionClaims {
            options: options.options()?,
            audience,
            channel: self
                .channel
                .filter(|name| !name.is_empty())
                .ok_or(InvalidToken::Channel)?,
            client: self.client.filter(|client| !client.is_empty()),
            user: self.sub.unwrap_or_default(),
            expires: self.exp,
            not_before: self.nbf,
            expire_at: self.expire_at,
            issuer: self.iss,
        })
    }
}

impl Subscription {
    fn options(&self) -> Result<SubscriptionOptions, InvalidToken> {
        let raw = self.r#override.as_ref();
        Ok(SubscriptionOptions {
            info: payload(self.info.as_deref(), self.b64info.as_ref())?,
            data: payload(self.data.as_deref(), self.b64data.as_ref())?,
            instead: raw.map(RawOverride::instead).unwrap_or_default(),
        })
    }

    fn of(options: &SubscriptionOptions) -> Self {
        let (info, b64info) = json_or_base64(&options.info);
        let (data, b64data) = json_or_base64(&options.data);
        let r#override =
            (options.instead != Override::default()).then(|| RawOverride::of(&options.instead));
        Self {
            info,
            b64info,
            data,
            b64data,
            r#override,
        }
    }
}

impl RawOverride {
    fn instead(&self) -> Override {
        let value = |value: &Option<Value>| value.as_ref().map(|value| value.value);
        Override {
            presence: value(&self.presence),
            join_leave: value(&self.join_leave),
            force_push_join_leave: value(&self.force_push_join_leave),
            force_positioning: value(&self.force_positioning),
            force_recovery: value(&self.force_recovery),
        }
    }

    fn of(instead: &Override) -> Self {
        let value = |value: Option<bool>| value.map(|value| Value { value });
        Self {
            presence: value(instead.presence),
            join_leave: value(instead.join_leave),
            force_push_join_leave: value(instead.force_push_join_leave),
            force_positioning: value(instead.force_positioning),
            force_recovery: value(instead.force_recovery),
        }
    }
}

impl From<&ConnectionClaims> for Payload {
    fn from(claims: &ConnectionClaims) -> Self {
        let (info, b64info) = json_or_base64(&claims.info);
        let subs = claims.subs.iter();
        let subs = subs.map(|(channel, options)| (channel.clone(), Subscription::of(options)));
        Self {
            sub: not_empty(&claims.user),
            exp: claims.expires,
            nbf: claims.not_before,
            expire_at: claims.expire_at,
            aud: audience(&claims.audience),
            iss: claims.issuer.clone(),
            info,
            b64info,
            channels: (!claims.channels.is_empty()).then(|| claims.channels.clone()),
            subs: (!claims.subs.is_empty()).then(|| subs.collect()),
            meta: json_or_base64(&claims.meta).0,
            ..Self::default()
        }
    }
}

impl From<&SubscriptionClaims> for Payload {
    fn from(claims: &SubscriptionClaims) -> Self {
        let options = Subscription::of(&claims.options);
        Self {
            sub: not_empty(&claims.user),
            exp: claims.expires,
            nbf: claims.not_before,
            expire_at: claims.expire_at,
            aud: audience(&claims.audience),
            iss: claims.issuer.clone(),
            info: options.info,
            b64info: options.b64info,
            data: options.data,
            b64data: options.b64data,
            r#override: options.r#override,
            channel: not_empty(&claims.channel),
            client: claims.client.clone(),
            ..Self::default()
        }
    }
}

/// A time in seconds since 1970, which may have a fraction (RFC 7519 §2). What was before is 0.
fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Date {
        Whole(u64),
        Fraction(f64),
    }
    let date = Option::<Date>::deserialize(deserializer)?;
    Ok(date.map(|date| match date {
        Date::Whole(seconds) => seconds,
        Date::Fraction(seconds) => std::time::Duration::try_from_secs_f64(seconds.max(0.0))
            .map_or(u64::MAX, |since| since.as_secs()),
    }))
}

/// A payload that is given as JSON or in base 64; the latter goes first.
fn payload(json: Option<&RawValue>, base64: Option<&String>) -> Result<Bytes, InvalidToken> {
    match (base64, json) {
        (Some(base64), _) if !base64.is_empty() => {
            let decoded = BASE64.decode(base64);
            decoded.map(Bytes::from).map_err(|_| InvalidToken::Claims)
        }
        (_, Some(json)) => Ok(Bytes::copy_from_slice(json.get().as_bytes())),
        _ => Ok(Bytes::new()),
    }
}

fn json_or_base64(payload: &Bytes) -> (Option<Box<RawValue>>, Option<String>) {
    if payload.is_empty() {
        return (None, None);
    }
    let text = String::from_utf8_lossy(payload);
    match text {
        Cow::Borrowed(text) => match RawValue::from_string(text.to_owned()) {
            Ok(json) => (Some(json), None),
            Err(_) => (None, Some(BASE64.encode(payload))),
        },
        Cow::Owned(_) => (None, Some(BASE64.encode(payload))),
    }
}

fn audience(audience: &[String]) -> Option<Audience> {
    match audience {
        [] => None,
        [one] => Some(Audience::One(one.clone())),
        several => Some(Audience::Several(several.to_vec())),
    }
}

fn not_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
