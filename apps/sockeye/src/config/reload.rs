//! What of the settings can change while the program runs, and what waits for its next start.

use toml::{Table, Value};

use super::{api::RawApi, channels::RawChannels, key::Key, raw::Raw, resolve::Resolved};

/// What comes of settings that were read again.
#[derive(Debug)]
pub(crate) struct Reloaded {
    /// What holds from now on, once it has been checked: what can change as it was read, the rest as it is.
    pub(crate) settings: Resolved,
    /// Which settings change. A secret is there by its section.
    pub(crate) changed: Vec<String>,
    /// Which were changed in vain: they need another start.
    pub(crate) waiting: Vec<String>,
}

impl Resolved {
    /// Takes over from settings that were read again what can change while the program runs.
    pub(crate) fn reloaded(&self, read: Self) -> Reloaded {
        let raw = self.raw.reloaded(&read.raw);
        Reloaded {
            changed: self.raw.differences(&raw),
            waiting: raw.differences(&read.raw),
            settings: Self {
                raw,
                places: read.places,
            },
        }
    }
}

impl Raw {
    fn reloaded(&self, read: &Self) -> Self {
        let now = self.clone();
        Self {
            // What endpoints were opened with stays.
            channels: RawChannels {
                enabled: now.channels.enabled,
                allowed_origins: now.channels.allowed_origins,
                http_stream: now.channels.http_stream,
                sse: now.channels.sse,
                one_way: now.channels.one_way,
                message_bytes: now.channels.message_bytes,
                outbox_bytes: now.channels.outbox_bytes,
                ..read.channels.clone()
            },
            tokens: read.tokens.clone(),
            subscription_tokens: read.subscription_tokens.clone(),
            hooks: read.hooks.clone(),
            api: RawApi {
                keys: read.api.keys.clone(),
                danger_insecure: read.api.danger_insecure,
                ..now.api
            },
            ..now
        }
    }

    /// Returns the keys in which both differ, and the sections that differ in a secret alone.
    fn differences(&self, other: &Self) -> Vec<String> {
        let table = |raw: &Self| Table::try_from(raw).unwrap_or_default();
        let mut keys = Vec::new();
        differences(&table(self), &table(other), "", &mut keys);
        let hidden = [
            ("tokens", self.tokens == other.tokens),
            (
                "subscription_tokens",
                self.subscription_tokens == other.subscription_tokens,
            ),
            ("api", self.api == other.api),
            ("hooks", self.hooks == other.hooks),
        ];
        for (section, is_same) in hidden {
            let is_named = |key: &String| key.starts_with(&format!("{section}."));
            if !is_same && !keys.iter().any(is_named) {
                keys.push(section.to_owned());
            }
        }
        keys
    }
}

fn differences(one: &Table, other: &Table, section: &str, keys: &mut Vec<String>) {
    let only_there = other.keys().filter(|name| !one.contains_key(*name));
    for name in one.keys().chain(only_there) {
        let name_here = if section.is_empty() {
            name.clone()
        } else {
            Key::new(section, name).to_string()
        };
        match (one.get(name), other.get(name)) {
            (Some(Value::Table(one)), Some(Value::Table(other))) => {
                differences(one, other, &name_here, keys);
            }
            (one, other) if one == other => {}
            _ => keys.push(name_here),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Raw {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn channels_tokens_and_keys_change_and_what_was_opened_stays() {
        let running = raw("[server]\nlisten = \":1\"\n[channels.namespace.news]\nhistory_size = 1");
        let read = raw(
            "[server]\nlisten = \":2\"\n[channels]\nchannel_limit = 7\nmessage_bytes = 9\n\
             [channels.namespace.news]\nhistory_size = 2\n[channels.namespace.more]\n\
             [tokens]\nhmac_secret = \"s\"\n[api]\nkeys = [\"k\"]\nbody_bytes = 5",
        );
        let taken = running.reloaded(&read);
        assert_eq!(
            running.differences(&taken),
            [
                "channels.channel_limit",
                "channels.namespace.news.history_size",
                "channels.namespace.more",
                "tokens.hmac_secret",
                "api.keys",
            ]
        );
        assert_eq!(
            taken.differences(&read),
            ["server.listen", "channels.message_bytes", "api.body_bytes"]
        );
    }

    #[test]
    fn another_secret_in_the_place_of_one_is_told_by_its_section() {
        let running = raw("[tokens]\nhmac_secret = \"one\"");
        let taken = running.reloaded(&raw("[tokens]\nhmac_secret = \"two\""));
        assert_eq!(running.differences(&taken), ["tokens"]);
        assert_eq!(taken.differences(&taken.clone()), [""; 0]);
    }
}
