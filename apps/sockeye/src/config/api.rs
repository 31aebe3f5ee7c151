//! `[api]`: who may use the server's HTTP API.

use serde::{Deserialize, Serialize};

use super::{
    channels_rule::ChannelsRule,
    namespace::blame,
    rule::{Broken, Rule},
    secret::Secret,
    tokens::check_secret,
    value::{Count, Size},
};

/// The section as it is written.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawApi {
    pub(crate) enabled: bool,
    pub(crate) keys: Vec<Secret>,
    pub(crate) danger_insecure: bool,
    pub(crate) body_bytes: Size,
    pub(crate) batch_commands: Count,
}

/// Who may use the API, and what a request may cost.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Api {
    /// Who may.
    pub(crate) callers: Callers,
    /// How many bytes a request's body may have. Default 4 MiB.
    pub(crate) body_bytes: usize,
    /// How many commands a batch may hold, or channels a broadcast. Default 1,000.
    pub(crate) batch_commands: u32,
}

/// Who may use the API.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Callers {
    /// Who has one of these keys.
    WithKey(Vec<Secret>),
    /// Whoever reaches it.
    DangerAnybody,
}

impl Default for RawApi {
    fn default() -> Self {
        Self {
            enabled: true,
            keys: Vec::new(),
            danger_insecure: false,
            body_bytes: Size(4 << 20),
            batch_commands: Count(1000),
        }
    }
}

impl RawApi {
    /// Checks the keys; `None` if nobody could use it.
    pub(crate) fn check(&self, broken: &mut Vec<Broken>) -> Option<Api> {
        for key in &self.keys {
            let empty = key.is_none().then_some(ChannelsRule::EmptySecret);
            if let Some(rule) = check_secret(key).err().or(empty) {
                broken.push(blame("api", &["keys"], rule));
            }
        }
        if self.danger_insecure && !self.keys.is_empty() {
            let keys = ["danger_insecure", "keys"];
            broken.push(blame("api", &keys, ChannelsRule::KeysForNothing));
        }
        if self.body_bytes.0 == 0 {
            broken.push(Broken::new("api", "body_bytes", Rule::Zero));
        }
        let callers = match (&self.keys, self.danger_insecure) {
            (_, true) => Callers::DangerAnybody,
            (keys, false) if keys.is_empty() => return None,
            (keys, false) => Callers::WithKey(keys.clone()),
        };
        self.enabled.then_some(Api {
            callers,
            body_bytes: self.body_bytes.0,
            batch_commands: self.batch_commands.0,
        })
    }
}
