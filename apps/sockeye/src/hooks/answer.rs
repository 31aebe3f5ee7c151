//! What an application answers: `result`, `error` or `disconnect`. What nobody knows is left alone, and `null` says as
//! little as nothing.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use sockeye_channels::{
    ConnectionGrant, Override, PublishGrant, Refreshed, Refused, ServerSubscription,
};

use super::post::PostError;

/// The codes that errors may have: those of the protocol, and the application's own.
const ERRORS: std::ops::RangeInclusive<u32> = 100..=1999;

/// The codes that connections may end with: those of the protocol, and the application's own.
const ENDINGS: std::ops::RangeInclusive<u32> = 3000..=4999;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    result: Option<Said<'a>>,
    error: Option<Error>,
    disconnect: Option<Disconnect>,
}

#[derive(Deserialize)]
struct Error {
    code: u32,
    message: Option<String>,
    temporary: Option<bool>,
}

#[derive(Deserialize)]
struct Disconnect {
    code: u32,
    reason: Option<String>,
}

/// What may be in a result, whatever was asked.
#[derive(Deserialize)]
pub(super) struct Said<'a> {
    user: Option<String>,
    expired: Option<bool>,
    #[serde(borrow)]
    meta: Option<&'a RawValue>,
    channels: Option<Vec<String>>,
    #[serde(borrow)]
    subs: Option<BTreeMap<String, Given<'a>>>,
    tags: Option<BTreeMap<String, String>>,
    skip_history: Option<bool>,
    idempotency_key: Option<String>,
    version: Option<u64>,
    version_epoch: Option<String>,
    // As in `Given`: raw values can't be flattened.
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    b64data: Option<String>,
    #[serde(borrow)]
    info: Option<&'a RawValue>,
    b64info: Option<String>,
    expire_at: Option<u64>,
    r#override: Option<Switches>,
}

/// A subscription, as it is given.
#[derive(Deserialize)]
struct Given<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    b64data: Option<String>,
    #[serde(borrow)]
    info: Option<&'a RawValue>,
    b64info: Option<String>,
    expire_at: Option<u64>,
    r#override: Option<Switches>,
}

#[derive(Deserialize)]
struct Switches {
    presence: Option<Switch>,
    join_leave: Option<Switch>,
    force_push_join_leave: Option<Switch>,
    force_positioning: Option<Switch>,
    force_recovery: Option<Switch>,
}

#[derive(Clone, Copy, Deserialize)]
struct Switch {
    value: Option<bool>,
}

/// Reads an answer. Within: `None` for `{}`, or what the application refuses with.
///
/// # Errors
/// If it is not what an application may answer.
pub(super) fn read(body: &[u8]) -> Result<Result<Option<Said<'_>>, Refused>, PostError> {
    let Envelope {
        result,
        error,
        disconnect,
    } = serde_json::from_slice(body)?;
    if let Some(Disconnect { code, reason }) = disconnect {
        if !ENDINGS.contains(&code) {
            return Err(PostError::Code(code));
        }
        let reason = reason.unwrap_or_default().into();
        return Ok(Err(Refused::Disconnect { code, reason }));
    }
    if let Some(error) = error {
        if !ERRORS.contains(&error.code) {
            return Err(PostError::Code(error.code));
        }
        return Ok(Err(Refused::Error {
            code: error.code,
            message: error.message.unwrap_or_default().into(),
            temporary: error.temporary.unwrap_or_default(),
        }));
    }
    Ok(Ok(result))
}

impl<'a> Said<'a> {
    pub(super) fn connection(mut self) -> Result<ConnectionGrant, PostError> {
        let mut subs = BTreeMap::new();
        for channel in self.channels.take().unwrap_or_default() {
            subs.insert(channel, ServerSubscription::default());
        }
        for (channel, given) in self.subs.take().unwrap_or_default() {
            subs.insert(channel, given.subscription()?);
        }
        let user = self.user.take().unwrap_or_default();
        let meta = payload(self.meta, None)?;
        let own = self.subscription()?;
        Ok(ConnectionGrant {
            user,
            expire_at: own.expire_at,
            info: own.info,
            meta,
            data: own.data,
            subs,
        })
    }

    pub(super) fn refreshed(self) -> Result<Refreshed, PostError> {
        if self.expired.unwrap_or_default() {
            return Ok(Refreshed::Expired);
        }
        let own = self.subscription()?;
        Ok(Refreshed::Until {
            expire_at: own.expire_at,
            info: Some(own.info).filter(|info| !info.is_empty()),
        })
    }

    pub(super) fn subscription(self) -> Result<ServerSubscription, PostError> {
        let given: Given<'a> = Given {
            data: self.data,
            b64data: self.b64data,
            info: self.info,
            b64info: self.b64info,
            expire_at: self.expire_at,
            r#override: self.r#override,
        };
        given.subscription()
    }

    pub(super) fn publishing(self) -> Result<PublishGrant, PostError> {
        let data = payload(self.data, self.b64data.as_deref())?;
        Ok(PublishGrant {
            data: Some(data).filter(|data| !data.is_empty()),
            tags: self.tags.unwrap_or_default(),
            skip_history: self.skip_history.unwrap_or_default(),
            idempotency_key: self.idempotency_key.unwrap_or_default(),
            version: self.version.unwrap_or_default(),
            version_epoch: self.version_epoch.unwrap_or_default(),
        })
    }

    pub(super) fn data(&self) -> Result<Bytes, PostError> {
        payload(self.data, self.b64data.as_deref())
    }
}

impl Given<'_> {
    fn subscription(self) -> Result<ServerSubscription, PostError> {
        let of = |switch: Option<Switch>| switch.and_then(|switch| switch.value);
        let instead = self.r#override.map_or_else(Override::default, |it| {
            Override::default().all([
                of(it.presence),
                of(it.join_leave),
                of(it.force_push_join_leave),
                of(it.force_positioning),
                of(it.force_recovery),
            ])
        });
        Ok(ServerSubscription {
            info: payload(self.info, self.b64info.as_deref())?,
            data: payload(self.data, self.b64data.as_deref())?,
            expire_at: self.expire_at.unwrap_or_default(),
            instead,
        })
    }
}

/// JSON as it stands, or bytes in base64, which win.
fn payload(json: Option<&RawValue>, base64: Option<&str>) -> Result<Bytes, PostError> {
    match base64 {
        Some(base64) if !base64.is_empty() => Ok(BASE64_STANDARD.decode(base64)?.into()),
        _ => Ok(json.map_or_else(Bytes::new, |json| {
            Bytes::copy_from_slice(json.get().as_bytes())
        })),
    }
}
