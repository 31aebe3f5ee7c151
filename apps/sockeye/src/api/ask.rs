//! What callers write in their requests. Methods read from it what is theirs; what nobody knows is left alone.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use sockeye_channels::{
    Order, Override, PublishOrder, Read, ServerSubscription, StreamPosition, Whom,
};

/// The parameters of all methods, each once.
#[derive(Deserialize, Default)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a parameter of its own in the body"
)]
pub(super) struct Ask<'a> {
    pub(super) channel: String,
    pub(super) channels: Vec<String>,
    pub(super) pattern: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    b64data: String,
    skip_history: bool,
    tags: BTreeMap<String, String>,
    key: String,
    idempotency_key: String,
    version: u64,
    version_epoch: String,
    user: String,
    client: String,
    session: String,
    whitelist: Vec<String>,
    #[serde(borrow)]
    info: Option<&'a RawValue>,
    b64info: String,
    expire_at: u64,
    pub(super) expired: bool,
    pub(super) recover_since: Option<StreamPosition>,
    r#override: Switches,
    disconnect: Option<Ending>,
    limit: i64,
    since: Option<StreamPosition>,
    reverse: bool,
    #[serde(borrow)]
    pub(super) commands: Vec<BTreeMap<String, &'a RawValue>>,
}

/// What a subscription is instead of what its namespace says.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Switches {
    presence: Option<Switch>,
    join_leave: Option<Switch>,
    force_push_join_leave: Option<Switch>,
    force_positioning: Option<Switch>,
    force_recovery: Option<Switch>,
}

#[derive(Clone, Copy, Deserialize)]
struct Switch {
    #[serde(default)]
    value: bool,
}

/// What a client is told.
#[derive(Deserialize)]
struct Ending {
    code: u32,
    #[serde(default)]
    reason: String,
}

/// A value that is no base64.
#[derive(Debug)]
pub(super) struct NotBase64;

/// JSON as it stands, or bytes in base64, which win.
fn payload(json: Option<&RawValue>, base64: &str) -> Result<Bytes, NotBase64> {
    if !base64.is_empty() {
        let bytes = BASE64_STANDARD.decode(base64).map_err(|_| NotBase64);
        return bytes.map(Bytes::from);
    }
    // `null` says as little as nothing.
    let json = json.map(RawValue::get).filter(|json| *json != "null");
    Ok(json.map_or_else(Bytes::new, |json| Bytes::copy_from_slice(json.as_bytes())))
}

impl Ask<'_> {
    /// What is said, outside of channels.
    pub(super) fn data(&self) -> Result<Bytes, NotBase64> {
        payload(self.data, &self.b64data)
    }

    /// What others see of a connection; `None` if that stays.
    pub(super) fn info(&self) -> Result<Option<Bytes>, NotBase64> {
        payload(self.info, &self.b64info).map(|info| Some(info).filter(|info| !info.is_empty()))
    }

    /// When something ends, in seconds since 1970; 0 for never.
    pub(super) const fn expire_at(&self) -> u64 {
        self.expire_at
    }

    pub(super) fn order(&self) -> Result<PublishOrder, NotBase64> {
        Ok(PublishOrder {
            data: self.data()?,
            tags: self.tags.clone(),
            key: self.key.clone(),
            skip_history: self.skip_history,
            idempotency_key: self.idempotency_key.clone(),
            version: self.version,
            version_epoch: self.version_epoch.clone(),
        })
    }

    pub(super) fn whom(&self) -> Whom {
        Whom {
            user: self.user.clone(),
            client: self.client.clone(),
            session: self.session.clone(),
            except: self.whitelist.clone(),
        }
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// What the client is told; `None` for what it is told by default.
    pub(super) fn ending(&self) -> Option<(u32, String)> {
        let ending = self.disconnect.as_ref()?;
        Some((ending.code, ending.reason.clone()))
    }

    pub(super) fn given(&self) -> Result<ServerSubscription, NotBase64> {
        let of = |switch: Option<Switch>| switch.map(|switch| switch.value);
        let switches = &self.r#override;
        let instead = Override::default().all([
            of(switches.presence),
            of(switches.join_leave),
            of(switches.force_push_join_leave),
            of(switches.force_positioning),
            of(switches.force_recovery),
        ]);
        Ok(ServerSubscription {
            info: payload(self.info, &self.b64info)?,
            data: self.data()?,
            expire_at: self.expire_at,
            instead,
        })
    }

    pub(super) fn part(&self) -> Read {
        Read {
            since: self.since.clone(),
            limit: u32::try_from(self.limit).ok(),
            order: if self.reverse {
                Order::Reverse
            } else {
                Order::Forward
            },
        }
    }
}
