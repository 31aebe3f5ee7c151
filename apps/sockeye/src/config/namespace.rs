//! `[channels.namespace.NAME]` and `[channels.without_namespace]`: how they are written, and what is made of them.

use serde::{Deserialize, Serialize};
use sockeye_channels::{
    Access, ChannelRegex, DataFormat, DeltaType, Durability, Grant, JoinLeave, Namespace,
    OverflowPolicy, RecoveryMode,
};

use super::{
    channels_rule::ChannelsRule,
    key::Key,
    number::{AtMost, AutoTime, Number},
    rule::Broken,
    value::{Count, Period, Size},
};

/// A namespace as it is written: see [`Namespace`]; what clients may do has the names that Centrifugo has for it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key that an operator turns on or off"
)]
pub(crate) struct RawNamespace {
    pub(crate) history_size: Number,
    pub(crate) history_ttl: Period,
    pub(crate) history_meta_ttl: AutoTime,
    pub(crate) durability: RawDurability,
    pub(crate) force_positioning: bool,
    pub(crate) allow_positioning: bool,
    pub(crate) force_recovery: bool,
    pub(crate) allow_recovery: bool,
    pub(crate) recovery_mode: RawRecoveryMode,
    pub(crate) auto_cache_recover: bool,
    pub(crate) presence: bool,
    pub(crate) join_leave: bool,
    pub(crate) force_push_join_leave: bool,
    pub(crate) allowed_delta_types: Vec<String>,
    pub(crate) allow_tags_filter: bool,
    pub(crate) allow_subscribe_for_client: bool,
    pub(crate) allow_subscribe_for_anonymous: bool,
    pub(crate) allow_publish_for_client: bool,
    pub(crate) allow_publish_for_subscriber: bool,
    pub(crate) allow_publish_for_anonymous: bool,
    pub(crate) allow_presence_for_client: bool,
    pub(crate) allow_presence_for_subscriber: bool,
    pub(crate) allow_presence_for_anonymous: bool,
    pub(crate) allow_history_for_client: bool,
    pub(crate) allow_history_for_subscriber: bool,
    pub(crate) allow_history_for_anonymous: bool,
    pub(crate) allow_user_limited_channels: bool,
    pub(crate) channel_regex: String,
    pub(crate) publication_data_format: RawDataFormat,
    pub(crate) subscribe_hook: bool,
    pub(crate) publish_hook: bool,
    pub(crate) sub_refresh_hook: bool,
    pub(crate) publishes_per_second_per_client: AtMost,
    pub(crate) publishes_per_second_per_channel: AtMost,
    pub(crate) subscribes_per_second_per_client: AtMost,
    pub(crate) overflow: RawOverflowPolicy,
    pub(crate) overflow_publications: Count,
    pub(crate) overflow_bytes: Size,
}

/// What a crash may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawDurability {
    /// Nothing that was acknowledged, unless `broker.memory` is on.
    #[default]
    Auto,
    /// Nothing that was acknowledged.
    Durable,
    /// Everything.
    Ephemeral,
}

/// What who recovers is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawRecoveryMode {
    /// All they missed.
    #[default]
    Stream,
    /// The latest.
    Cache,
}

/// Which payloads are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawDataFormat {
    /// Any but an empty one.
    #[default]
    NotEmpty,
    /// Any JSON.
    Json,
    /// A JSON object.
    JsonObject,
    /// Any.
    Binary,
}

/// What becomes of a subscriber that reads too slowly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawOverflowPolicy {
    /// It is disconnected.
    #[default]
    Close,
    /// The oldest are dropped.
    DropOldest,
    /// The latest of each key is kept.
    Conflate,
}

impl Default for RawNamespace {
    fn default() -> Self {
        let namespace = Namespace::default();
        Self {
            history_size: Number(0),
            history_ttl: Period(None),
            history_meta_ttl: AutoTime(None),
            durability: RawDurability::Auto,
            force_positioning: false,
            allow_positioning: false,
            force_recovery: false,
            allow_recovery: false,
            recovery_mode: RawRecoveryMode::Stream,
            auto_cache_recover: false,
            presence: false,
            join_leave: false,
            force_push_join_leave: false,
            allowed_delta_types: Vec::new(),
            allow_tags_filter: false,
            allow_subscribe_for_client: false,
            allow_subscribe_for_anonymous: false,
            allow_publish_for_client: false,
            allow_publish_for_subscriber: false,
            allow_publish_for_anonymous: false,
            allow_presence_for_client: false,
            allow_presence_for_subscriber: false,
            allow_presence_for_anonymous: false,
            allow_history_for_client: false,
            allow_history_for_subscriber: false,
            allow_history_for_anonymous: false,
            allow_user_limited_channels: false,
            channel_regex: String::new(),
            publication_data_format: RawDataFormat::NotEmpty,
            subscribe_hook: false,
            publish_hook: false,
            sub_refresh_hook: false,
            publishes_per_second_per_client: AtMost(None),
            publishes_per_second_per_channel: AtMost(None),
            subscribes_per_second_per_client: AtMost(None),
            overflow: RawOverflowPolicy::Close,
            overflow_publications: Count(namespace.overflow_publications),
            overflow_bytes: Size(namespace.overflow_bytes),
        }
    }
}

impl RawNamespace {
    /// The namespace that is there unless the configuration names one: for whoever tries channels out. Users may do
    /// everything in it, and nothing of it touches a disk.
    pub(crate) fn to_try() -> Self {
        Self {
            history_size: Number(100),
            history_ttl: Period(Some(std::time::Duration::from_secs(60 * 60))),
            durability: RawDurability::Ephemeral,
            force_recovery: true,
            presence: true,
            join_leave: true,
            force_push_join_leave: true,
            allow_subscribe_for_client: true,
            allow_publish_for_subscriber: true,
            allow_presence_for_subscriber: true,
            allow_history_for_subscriber: true,
            ..Self::default()
        }
    }

    /// Says whether what it keeps is to be on disk. `default` is what holds where it does not say.
    pub(crate) fn durability(&self, default: Durability) -> Durability {
        match self.durability {
            RawDurability::Auto => default,
            RawDurability::Durable => Durability::Durable,
            RawDurability::Ephemeral => Durability::Ephemeral,
        }
    }

    /// Makes the namespace. What holds between settings is checked later, with all of them.
    pub(crate) fn check(
        &self,
        section: &str,
        default: Durability,
        broken: &mut Vec<Broken>,
    ) -> Namespace {
        self.check_anonymous(section, broken);
        if self.force_push_join_leave && !self.join_leave {
            let keys = ["force_push_join_leave", "join_leave"];
            broken.push(blame(section, &keys, ChannelsRule::PushWithoutJoinLeave));
        }
        if self.auto_cache_recover && self.recovery_mode != RawRecoveryMode::Cache {
            let keys = ["auto_cache_recover", "recovery_mode"];
            broken.push(blame(section, &keys, ChannelsRule::AutoCacheWithoutCache));
        }
        let mut namespace = self.with_history(default);
        namespace.channel_regex = self.regex(section, broken);
        namespace.allowed_delta_types = self.deltas(section, broken);
        self.open(&mut namespace);
        self.limit(&mut namespace);
        namespace
    }

    fn check_anonymous(&self, section: &str, broken: &mut Vec<Broken>) {
        for (what, anonymous, others) in [
            (
                "subscribe",
                self.allow_subscribe_for_anonymous,
                self.allow_subscribe_for_client,
            ),
            (
                "publish",
                self.allow_publish_for_anonymous,
                self.allow_publish_for_client || self.allow_publish_for_subscriber,
            ),
            (
                "presence",
                self.allow_presence_for_anonymous,
                self.allow_presence_for_client || self.allow_presence_for_subscriber,
            ),
            (
                "history",
                self.allow_history_for_anonymous,
                self.allow_history_for_client || self.allow_history_for_subscriber,
            ),
        ] {
            if anonymous && !others {
                let key = format!("allow_{what}_for_anonymous");
                let rule = ChannelsRule::AnonymousAlone(what);
                broken.push(blame(section, &[&key], rule));
            }
        }
    }

    fn with_history(&self, default: Durability) -> Namespace {
        let ttl = self.history_ttl.0.unwrap_or_default();
        let grant = |forced, allowed| match (forced, allowed) {
            (true, _) => Grant::Forced,
            (false, true) => Grant::Asked,
            (false, false) => Grant::Permitted,
        };
        let mut namespace = Namespace::default()
            .history(self.history_size.0, ttl)
            .history_meta_ttl(self.history_meta_ttl.0)
            .durability(self.durability(default))
            .positioning(grant(self.force_positioning, self.allow_positioning))
            .recovery(grant(self.force_recovery, self.allow_recovery))
            .recovery_mode(match (self.recovery_mode, self.auto_cache_recover) {
                (RawRecoveryMode::Stream, _) => RecoveryMode::Stream,
                (RawRecoveryMode::Cache, false) => RecoveryMode::Cache,
                (RawRecoveryMode::Cache, true) => RecoveryMode::AutoCache,
            })
            .join_leave(match (self.join_leave, self.force_push_join_leave) {
                (false, _) => JoinLeave::Off,
                (true, false) => JoinLeave::Permitted,
                (true, true) => JoinLeave::Forced,
            });
        namespace.presence = self.presence;
        namespace.allow_tags_filter = self.allow_tags_filter;
        namespace
    }

    fn regex(&self, section: &str, broken: &mut Vec<Broken>) -> Option<ChannelRegex> {
        if self.channel_regex.is_empty() {
            return None;
        }
        ChannelRegex::new(&self.channel_regex)
            .map_err(|error| {
                let rule = ChannelsRule::NotARegex(error.to_string());
                broken.push(blame(section, &["channel_regex"], rule));
            })
            .ok()
    }

    fn deltas(&self, section: &str, broken: &mut Vec<Broken>) -> Vec<DeltaType> {
        let named = self.allowed_delta_types.iter().map(|name| {
            DeltaType::named(name).ok_or_else(|| ChannelsRule::NotADelta(name.clone()))
        });
        named
            .filter_map(|delta| {
                delta
                    .map_err(|rule| broken.push(blame(section, &["allowed_delta_types"], rule)))
                    .ok()
            })
            .collect()
    }

    fn open(&self, namespace: &mut Namespace) {
        let access = |[client, subscriber, anonymous]: [bool; 3]| {
            let access = match (client, subscriber) {
                (true, _) => Access::CLIENTS,
                (false, true) => Access::SUBSCRIBERS,
                (false, false) => Access::NOBODY,
            };
            if anonymous {
                access.and_anonymous()
            } else {
                access
            }
        };
        namespace.allow_subscribe = access([
            self.allow_subscribe_for_client,
            false,
            self.allow_subscribe_for_anonymous,
        ]);
        namespace.allow_publish = access([
            self.allow_publish_for_client,
            self.allow_publish_for_subscriber,
            self.allow_publish_for_anonymous,
        ]);
        namespace.allow_presence = access([
            self.allow_presence_for_client,
            self.allow_presence_for_subscriber,
            self.allow_presence_for_anonymous,
        ]);
        namespace.allow_history = access([
            self.allow_history_for_client,
            self.allow_history_for_subscriber,
            self.allow_history_for_anonymous,
        ]);
        namespace.allow_user_limited_channels = self.allow_user_limited_channels;
        namespace.subscribe_hook = self.subscribe_hook;
        namespace.publish_hook = self.publish_hook;
        namespace.sub_refresh_hook = self.sub_refresh_hook;
    }

    fn limit(&self, namespace: &mut Namespace) {
        namespace.publication_data_format = match self.publication_data_format {
            RawDataFormat::NotEmpty => DataFormat::NotEmpty,
            RawDataFormat::Json => DataFormat::Json,
            RawDataFormat::JsonObject => DataFormat::JsonObject,
            RawDataFormat::Binary => DataFormat::Binary,
        };
        namespace.publishes_per_second_per_client = self.publishes_per_second_per_client.0;
        namespace.publishes_per_second_per_channel = self.publishes_per_second_per_channel.0;
        namespace.subscribes_per_second_per_client = self.subscribes_per_second_per_client.0;
        namespace.overflow = match self.overflow {
            RawOverflowPolicy::Close => OverflowPolicy::Close,
            RawOverflowPolicy::DropOldest => OverflowPolicy::DropOldest,
            RawOverflowPolicy::Conflate => OverflowPolicy::Conflate,
        };
        namespace.overflow_publications = self.overflow_publications.0;
        namespace.overflow_bytes = self.overflow_bytes.0;
    }
}

/// Blames settings of one section.
pub(crate) fn blame(section: &str, names: &[&str], rule: ChannelsRule) -> Broken {
    Broken {
        keys: names.iter().map(|name| Key::new(section, *name)).collect(),
        rule: rule.into(),
    }
}
