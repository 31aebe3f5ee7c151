//! `[channels]`: what holds for all channels, and what the sections around it make of it together.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use sockeye_channels::{
    AnonymousConnect, Durability, Namespace, PersonalChannel, PersonalConnections, Separators,
    Settings,
};

use super::{
    api::{Api, Callers},
    broker::Broker,
    channels_rule::{ChannelsRule, blamed},
    checked::check_origins,
    hooks::Hooks,
    key::Key,
    namespace::{RawDurability, RawNamespace, blame},
    number::{AtMost, Mark},
    raw::Raw,
    rule::{Broken, Rule},
    tokens::Tokens,
    value::{Count, Size, Time},
};

/// The name of the section.
pub(crate) const SECTION: &str = "channels";
/// The name of the section of channels without a namespace.
pub(crate) const WITHOUT_NAMESPACE: &str = "channels.without_namespace";
/// What the names of namespaces' sections begin with, before a dot.
pub(crate) const NAMESPACE: &str = "channels.namespace";
/// The namespace that is there unless the configuration names one.
const TO_TRY: &str = "chat";

/// The section as it is written, with those below it: see [`Settings`], which most keys are named after.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key that an operator turns on or off"
)]
pub(crate) struct RawChannels {
    pub(crate) enabled: bool,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) http_stream: bool,
    pub(crate) sse: bool,
    pub(crate) one_way: bool,
    pub(crate) message_bytes: Size,
    pub(crate) outbox_bytes: Size,
    pub(crate) anonymous: RawAnonymous,
    pub(crate) danger_insecure: bool,
    pub(crate) user_connection_limit: AtMost,
    pub(crate) channel_limit: Count,
    pub(crate) channel_bytes: Size,
    pub(crate) commands_per_second: AtMost,
    pub(crate) commands_per_frame: Count,
    pub(crate) history_limit: Count,
    pub(crate) recovery_limit: Count,
    pub(crate) history_meta_ttl: Time,
    pub(crate) idempotency_ttl: Time,
    pub(crate) ping_interval: Time,
    pub(crate) pong_wait: Time,
    pub(crate) stale_close_delay: Time,
    pub(crate) expired_close_delay: Time,
    pub(crate) expired_sub_close_delay: Time,
    pub(crate) presence_update_interval: Time,
    pub(crate) presence_ttl: Time,
    pub(crate) position_check_delay: Time,
    pub(crate) personal_channel: RawPersonal,
    pub(crate) personal_channel_namespace: String,
    pub(crate) private_prefix: Mark,
    pub(crate) namespace_boundary: Mark,
    pub(crate) user_boundary: Mark,
    pub(crate) user_separator: Mark,
    // Tables come last.
    pub(crate) without_namespace: RawNamespace,
    pub(crate) namespace: BTreeMap<String, RawNamespace>,
}

/// Who may connect without being somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawAnonymous {
    /// Nobody.
    Refused,
    /// Who brings a token that names nobody.
    #[default]
    WithToken,
    /// Everybody.
    Anybody,
}

/// Whether each user has a channel of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawPersonal {
    /// None has.
    #[default]
    Off,
    /// Each has.
    On,
    /// Each has, and one connection.
    SingleConnection,
}

/// Channels as they are served.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Channels {
    /// What the channels themselves are told.
    pub(crate) settings: Settings,
    /// The origins that pages may connect from, beside the server's own.
    pub(crate) allowed_origins: Vec<String>,
    /// What carries clients where WebSocket can't, and those who only listen.
    pub(crate) carriers: Carriers,
    /// How many bytes a client's message may have. Default 64 KiB.
    pub(crate) message_bytes: usize,
    /// How many bytes may wait to be sent to a client. Default 1 MiB.
    pub(crate) outbox_bytes: usize,
    /// How tokens of connections are verified; `None` if none can be.
    pub(crate) tokens: Option<Tokens>,
    /// How tokens of subscriptions are verified; `None` if as those of connections.
    pub(crate) subscription_tokens: Option<Tokens>,
    /// The API; `None` if nobody may use it.
    pub(crate) api: Option<Api>,
    /// Where the application is asked.
    pub(crate) hooks: Hooks,
    /// Who keeps what is published.
    pub(crate) broker: Broker,
    /// The file of what the application must still be told; `None` in memory.
    pub(crate) journal: Option<PathBuf>,
}

/// What carries clients beside WebSocket and SockJS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is on or off by itself")]
pub(crate) struct Carriers {
    /// `/connection/http_stream`, with `/emulation`.
    pub(crate) http_stream: bool,
    /// `/connection/sse`, with `/emulation`.
    pub(crate) sse: bool,
    /// `/connection/uni_websocket`, `uni_sse` and `uni_http_stream`.
    pub(crate) one_way: bool,
}

impl Channels {
    /// Returns what is to be said at the start: who is let in that has shown nothing for it.
    pub(crate) fn dangers(&self) -> Vec<&'static str> {
        let is_anybodys_api = |api: &Api| matches!(api.callers, Callers::DangerAnybody);
        let dangers = [
            (
                self.settings.danger_insecure,
                "channels.danger_insecure: whoever reaches this server can do everything in channels",
            ),
            (
                self.settings.anonymous == AnonymousConnect::Anybody,
                "channels.anonymous: whoever reaches this server can connect without a token",
            ),
            (
                self.api.as_ref().is_some_and(is_anybodys_api),
                "api.danger_insecure: whoever reaches this server can use its API",
            ),
        ];
        let there = dangers.into_iter().filter(|(is_there, _)| *is_there);
        there.map(|(_, words)| words).collect()
    }
}

impl Default for RawChannels {
    fn default() -> Self {
        let settings = Settings::default();
        let [
            private_prefix,
            namespace_boundary,
            user_boundary,
            user_separator,
        ] = marks(settings.separators);
        Self {
            enabled: true,
            allowed_origins: vec!["same-origin".to_owned()],
            http_stream: true,
            sse: true,
            one_way: false,
            message_bytes: Size(64 << 10),
            outbox_bytes: Size(1 << 20),
            anonymous: RawAnonymous::WithToken,
            danger_insecure: settings.danger_insecure,
            user_connection_limit: AtMost(settings.user_connection_limit),
            channel_limit: Count(settings.channel_limit),
            channel_bytes: Size(settings.channel_bytes),
            commands_per_second: AtMost(settings.commands_per_second),
            commands_per_frame: Count(settings.commands_per_frame),
            history_limit: Count(settings.history_limit),
            recovery_limit: Count(settings.recovery_limit),
            history_meta_ttl: Time(settings.history_meta_ttl),
            idempotency_ttl: Time(settings.idempotency_ttl),
            ping_interval: Time(settings.ping_interval),
            pong_wait: Time(settings.pong_wait),
            stale_close_delay: Time(settings.stale_close_delay),
            expired_close_delay: Time(settings.expired_close_delay),
            expired_sub_close_delay: Time(settings.expired_sub_close_delay),
            presence_update_interval: Time(settings.presence_update_interval),
            presence_ttl: Time(settings.presence_ttl),
            position_check_delay: Time(settings.position_check_delay),
            personal_channel: RawPersonal::Off,
            personal_channel_namespace: String::new(),
            private_prefix,
            namespace_boundary,
            user_boundary,
            user_separator,
            without_namespace: RawNamespace::default(),
            namespace: [(TO_TRY.to_owned(), RawNamespace::to_try())].into(),
        }
    }
}

fn marks(separators: Separators) -> [Mark; 4] {
    let Separators {
        private,
        namespace,
        user_limited,
        users,
        ..
    } = separators;
    [private, namespace, user_limited, users].map(Mark)
}

impl Raw {
    /// Checks `[channels]` and the sections around it; `None` turns channels off.
    pub(crate) fn check_channels(&self, broken: &mut Vec<Broken>) -> Option<Channels> {
        let raw = &self.channels;
        let tokens = self.tokens.check("tokens", broken);
        let subscription_tokens = self
            .subscription_tokens
            .check("subscription_tokens", broken);
        let (api, hooks) = (self.api.check(broken), self.hooks.check(broken));
        raw.check_sizes(broken);
        let allowed_origins = check_origins(SECTION, &raw.allowed_origins, broken);
        let settings = self.channel_settings(broken);
        let broker = self.broker.check(&settings, broken);
        if let Err(invalid) = settings.clone().validate() {
            broken.extend(invalid.broken().iter().map(blamed));
        }
        raw.enabled.then_some(Channels {
            settings,
            allowed_origins,
            carriers: Carriers {
                http_stream: raw.http_stream,
                sse: raw.sse,
                one_way: raw.one_way,
            },
            message_bytes: raw.message_bytes.0,
            outbox_bytes: raw.outbox_bytes.0,
            tokens,
            subscription_tokens,
            api,
            hooks,
            broker,
            journal: self.broker.journal(),
        })
    }

    fn channel_settings(&self, broken: &mut Vec<Broken>) -> Settings {
        let raw = &self.channels;
        let without = self.check_namespace(WITHOUT_NAMESPACE, &raw.without_namespace, broken);
        let mut settings = raw.limits_and_times().without_namespace(without);
        for (name, namespace) in &raw.namespace {
            let section = format!("{NAMESPACE}.{name}");
            let namespace = self.check_namespace(&section, namespace, broken);
            settings = settings.namespace(name, namespace);
        }
        settings.danger_insecure = raw.danger_insecure;
        settings.connect_hook = self.hooks.connect.0.is_some();
        settings.refresh_hook = self.hooks.refresh.0.is_some();
        let separators = [
            raw.private_prefix,
            raw.namespace_boundary,
            raw.user_boundary,
            raw.user_separator,
        ];
        settings
            .separators(Separators::default().all(separators.map(|Mark(mark)| mark)))
            .personal_channel(raw.personal(broken))
            .rpc(self.hooks.rpc())
    }

    fn check_namespace(
        &self,
        section: &str,
        raw: &RawNamespace,
        broken: &mut Vec<Broken>,
    ) -> Namespace {
        let default = self.broker.durability();
        let namespace = raw.check(section, default, broken);
        self.hooks.check_namespace(section, &namespace, broken);
        if raw.durability == RawDurability::Durable && default == Durability::Ephemeral {
            let keys = [
                Key::new(section, "durability"),
                Key::new("broker", "memory"),
            ]
            .into();
            let rule = ChannelsRule::DurableInMemory.into();
            broken.push(Broken { keys, rule });
        }
        namespace
    }
}

impl RawChannels {
    fn check_sizes(&self, broken: &mut Vec<Broken>) {
        let (Size(message_bytes), Size(outbox_bytes)) = (self.message_bytes, self.outbox_bytes);
        if message_bytes == 0 {
            broken.push(Broken::new(SECTION, "message_bytes", Rule::Zero));
        }
        if outbox_bytes < message_bytes {
            let keys = ["outbox_bytes", "message_bytes"];
            let rule = ChannelsRule::OutboxTooSmall {
                outbox_bytes,
                message_bytes,
            };
            broken.push(blame(SECTION, &keys, rule));
        }
    }

    fn limits_and_times(&self) -> Settings {
        Settings::default()
            .anonymous(match self.anonymous {
                RawAnonymous::Refused => AnonymousConnect::Refused,
                RawAnonymous::WithToken => AnonymousConnect::WithToken,
                RawAnonymous::Anybody => AnonymousConnect::Anybody,
            })
            .user_connection_limit(self.user_connection_limit.0)
            .channel_limit(self.channel_limit.0)
            .channel_bytes(self.channel_bytes.0)
            .commands_per_second(self.commands_per_second.0)
            .commands_per_frame(self.commands_per_frame.0)
            .history_limit(self.history_limit.0)
            .recovery_limit(self.recovery_limit.0)
            .history_meta_ttl(self.history_meta_ttl.0)
            .idempotency_ttl(self.idempotency_ttl.0)
            .ping_interval(self.ping_interval.0)
            .pong_wait(self.pong_wait.0)
            .stale_close_delay(self.stale_close_delay.0)
            .expired_close_delay(self.expired_close_delay.0)
            .expired_sub_close_delay(self.expired_sub_close_delay.0)
            .presence_update_interval(self.presence_update_interval.0)
            .presence_ttl(self.presence_ttl.0)
            .position_check_delay(self.position_check_delay.0)
    }

    fn personal(&self, broken: &mut Vec<Broken>) -> Option<PersonalChannel> {
        let name = &self.personal_channel_namespace;
        let connections = match self.personal_channel {
            RawPersonal::Off => {
                if !name.is_empty() {
                    let rule = ChannelsRule::PersonalOff;
                    broken.push(blame(SECTION, &["personal_channel_namespace"], rule));
                }
                return None;
            }
            RawPersonal::On => PersonalConnections::Any,
            RawPersonal::SingleConnection => PersonalConnections::Latest,
        };
        let personal = PersonalChannel::default().connections(connections);
        if name.is_empty() {
            return Some(personal);
        }
        Some(personal.namespace(name))
    }
}
