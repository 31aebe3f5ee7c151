//! The rules that `[channels]` and the sections around it must keep, and which keys a broken one is about.

use sockeye_channels::{InvalidSetting, SettingPlace, SettingRule, token::InvalidTokenSettings};
use thiserror::Error;

use super::{
    channels::{NAMESPACE, SECTION, WITHOUT_NAMESPACE},
    key::Key,
    rule::Broken,
};

/// A rule that `[channels]`, `[tokens]`, `[api]`, `[hooks]` or `[broker]` breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum ChannelsRule {
    /// The library can't work with it.
    #[error(transparent)]
    Setting(#[from] SettingRule),
    /// A client would be cut off by what one other may say.
    #[error(
        "{outbox_bytes} bytes have no room for one message of channels.message_bytes ({message_bytes} bytes)"
    )]
    OutboxTooSmall {
        outbox_bytes: usize,
        message_bytes: usize,
    },
    /// Nobody comes and leaves who could be told of.
    #[error("it needs join_leave")]
    PushWithoutJoinLeave,
    /// Only the latest can come by itself.
    #[error("it needs recovery_mode = \"cache\"")]
    AutoCacheWithoutCache,
    /// Those without a user's id are let in beside others, not alone.
    #[error("it widens allow_{0}_for_client or its like, and none of them is on")]
    AnonymousAlone(&'static str),
    /// It is not an expression.
    #[error("it is not a regular expression: {0}")]
    NotARegex(String),
    /// There is no such patch.
    #[error("\"{0}\" is no kind of patch: there is \"fossil\"")]
    NotADelta(String),
    /// The application can't be asked.
    #[error("hooks.{0} names no URL to ask")]
    HookMissing(&'static str),
    /// It is on by its other half.
    #[error("it does nothing unless channels.personal_channel is on")]
    PersonalOff,
    /// Nothing goes there.
    #[error("no method goes there: set hooks.rpc_without_namespace or hooks.rpc_namespaces")]
    RpcForNothing,
    /// What must survive has nowhere to be.
    #[error("broker.memory keeps everything in memory: nothing can be durable")]
    DurableInMemory,
    /// There is no file.
    #[error("it must name a file, unless broker.memory is on")]
    NoFile,
    /// A file with a secret or a key can't be read.
    #[error("can't read it: {0}")]
    Unreadable(String),
    /// A secret is there but says nothing.
    #[error("the secret is empty")]
    EmptySecret,
    /// Keys that are set up here would be passed over.
    #[error("keys come from {section}.jwks_url: leave {section}.{other} out, or this")]
    KeysTwice {
        section: &'static str,
        other: &'static str,
    },
    /// Nobody is asked for a key.
    #[error("api.danger_insecure lets everybody in: leave the keys out, or this")]
    KeysForNothing,
    /// The same thing is said in two ways.
    #[error("it is said as {0}, too: leave one out")]
    SaidTwice(&'static str),
    /// No token can be verified.
    #[error("it does nothing without a key: set {0}.hmac_secret, a public key or {0}.jwks_url")]
    NoKey(&'static str),
    /// A key is none, or the URL of keys can't be made.
    #[error(transparent)]
    Token(#[from] InvalidTokenSettings),
    /// There is no secret that it could come before.
    #[error("it needs hmac_secret, which takes its place")]
    NothingToReplace,
}

/// Blames the keys that a field of the library's settings is made of, the likeliest first.
pub(crate) fn blamed(setting: &InvalidSetting) -> Broken {
    let section = match &setting.place {
        SettingPlace::Namespace(name) => format!("{NAMESPACE}.{name}"),
        SettingPlace::WithoutNamespace => WITHOUT_NAMESPACE.to_owned(),
        _ => SECTION.to_owned(),
    };
    let names: &[&str] = match setting.key {
        "history_size" => &["history_size", "history_ttl"],
        "history_ttl" => &["history_ttl", "history_size"],
        "commands_per_frame" => &["commands_per_frame", "channel_limit"],
        "pong_wait" => &["pong_wait", "ping_interval"],
        "presence_ttl" => &["presence_ttl", "presence_update_interval"],
        "positioning" => &["force_positioning", "allow_positioning"],
        "recovery" => &["force_recovery", "allow_recovery"],
        "recovery_mode" => &["auto_cache_recover", "recovery_mode"],
        "allow_presence" => &["allow_presence_for_client", "allow_presence_for_subscriber"],
        "allow_history" => &["allow_history_for_client", "allow_history_for_subscriber"],
        "personal_channel" => &["personal_channel_namespace", "personal_channel"],
        "separators" => &[
            "private_prefix",
            "namespace_boundary",
            "user_boundary",
            "user_separator",
        ],
        "rpc" => {
            let keys = vec![Key::new("hooks", "rpc_namespaces")];
            let rule = ChannelsRule::from(setting.rule.clone()).into();
            return Broken { keys, rule };
        }
        // The others have the same name here.
        same => &[same],
    };
    Broken {
        keys: names.iter().map(|name| Key::new(&section, *name)).collect(),
        rule: ChannelsRule::from(setting.rule.clone()).into(),
    }
}
