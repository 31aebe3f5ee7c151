//! What must hold between settings, and how it is told which of them does not.

use std::{fmt, time::Duration};

use thiserror::Error;

use crate::{
    channel_name::Separators,
    namespace::{Circle, Grant, JoinLeave, Namespace, OverflowPolicy, RecoveryMode, is_name_char},
    settings::{PersonalConnections, Settings},
};

/// Settings that can't be used: every rule that is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSettings {
    broken: Vec<InvalidSetting>,
}

/// One setting that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub struct InvalidSetting {
    /// Where it is set.
    pub place: SettingPlace,
    /// The setting's name: a field of [`Settings`] or [`Namespace`].
    pub key: &'static str,
    /// What does not hold.
    #[source]
    pub rule: SettingRule,
}

/// Where a setting is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingPlace {
    /// Among those of all channels.
    Everywhere,
    /// Among those of channels without a namespace.
    WithoutNamespace,
    /// In the namespace of this name.
    Namespace(String),
}

/// A rule that settings break.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SettingRule {
    /// It must be above zero.
    #[error("it must be above 0")]
    Zero,
    /// A separator is used twice, or is one that names are made of.
    #[error("separators must be four different ASCII characters other than A-Z a-z 0-9 - _ .")]
    Separators,
    /// A namespace has another name than it may have.
    #[error("a namespace's name has two or more of A-Z a-z 0-9 - _ .")]
    Name,
    /// History takes both.
    #[error("history_size and history_ttl keep publications only together: set both, or none")]
    HalfAHistory,
    /// Publications would outlive their stream.
    #[error(
        "publications can't be kept longer ({ttl:?}) than their stream's position ({meta_ttl:?}, history_meta_ttl)"
    )]
    MetaTooShort {
        /// How long publications are kept.
        ttl: Duration,
        /// How long the position is.
        meta_ttl: Duration,
    },
    /// There is nothing to be had without history.
    #[error("it needs history: set history_size and history_ttl")]
    NeedsHistory,
    /// There is nobody to show without presence.
    #[error("it needs presence")]
    NeedsPresence,
    /// Only a recovery that everybody has can come by itself.
    #[error("it needs recovery to be forced")]
    NeedsForcedRecovery,
    /// Those who are subscribed need no leave to subscribe.
    #[error("subscribers can't be those who may subscribe: say clients, or nobody")]
    SubscribersSubscribe,
    /// A ping's interval is told to clients in seconds.
    #[error("it must be whole seconds, and at least one")]
    NotSeconds,
    /// The next ping would come before the answer to the last.
    #[error("a pong must be waited for less long than the next ping (ping_interval)")]
    PongTooLate,
    /// Who is there would be taken for gone.
    #[error("it must be longer than twice presence_update_interval")]
    PresenceTooShort,
    /// Clients put all their subscriptions into one message.
    #[error(
        "it must be above channel_limit ({channel_limit}): clients subscribe to all their channels at once"
    )]
    FrameTooSmall {
        /// How many channels a client may have.
        channel_limit: u32,
    },
    /// It names a namespace that there is not.
    #[error("there is no namespace \"{0}\"")]
    NoSuchNamespace(String),
    /// Whoever knows a user's id could listen to what is meant for that user.
    #[error(
        "its namespace lets clients subscribe: allow_user_limited_channels must be on there, or users could subscribe to \
         each other's"
    )]
    PersonalForAll,
    /// Other connections of the user could not be found.
    #[error("its namespace must have presence, so that other connections of the user are found")]
    SingleNeedsPresence,
}

impl InvalidSettings {
    /// Returns what is broken, in the order of the settings; never nothing.
    pub fn broken(&self) -> &[InvalidSetting] {
        &self.broken
    }
}

impl fmt::Display for InvalidSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings of channels can't be used")?;
        for (n, broken) in self.broken.iter().enumerate() {
            let before = if n == 0 { ": " } else { "; " };
            write!(f, "{before}{broken}: {}", broken.rule)?;
        }
        Ok(())
    }
}

// It stands for several, and tells them itself.
impl std::error::Error for InvalidSettings {}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            SettingPlace::Everywhere => f.write_str(self.key),
            SettingPlace::WithoutNamespace => write!(f, "{} without namespace", self.key),
            SettingPlace::Namespace(name) => write!(f, "{} of namespace \"{name}\"", self.key),
        }
    }
}

/// Checks all settings.
pub(crate) fn check(settings: &Settings) -> Result<(), InvalidSettings> {
    let mut broken = Vec::new();
    let mut wrong = |key, rule| {
        let place = SettingPlace::Everywhere;
        broken.push(InvalidSetting { place, key, rule });
    };
    check_separators(settings.separators, &mut wrong);
    check_counts(settings, &mut wrong);
    check_times(settings, &mut wrong);
    check_names(settings, &mut wrong);
    let plain = &settings.without_namespace;
    let mut check_one = |place: &SettingPlace, namespace: &Namespace| {
        let place = || place.clone();
        check_namespace(namespace, settings.history_meta_ttl, &mut |key, rule| {
            let place = place();
            broken.push(InvalidSetting { place, key, rule });
        });
    };
    check_one(&SettingPlace::WithoutNamespace, plain);
    for (name, namespace) in &settings.namespaces {
        check_one(&SettingPlace::Namespace(name.clone()), namespace);
    }
    for name in settings
        .namespaces
        .keys()
        .filter(|name| !Namespace::is_name(name))
    {
        let (place, rule) = (SettingPlace::Namespace(name.clone()), SettingRule::Name);
        let key = "namespaces";
        broken.push(InvalidSetting { place, key, rule });
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(InvalidSettings { broken })
}

fn check_separators(separators: Separators, wrong: &mut impl FnMut(&'static str, SettingRule)) {
    let mut list = separators.list();
    list.sort_unstable();
    let is_twice = list.windows(2).any(|pair| pair.first() == pair.last());
    let is_usable = |c: char| c.is_ascii_graphic() && !is_name_char(c);
    if is_twice || !list.into_iter().all(is_usable) {
        wrong("separators", SettingRule::Separators);
    }
}

fn check_counts(settings: &Settings, wrong: &mut impl FnMut(&'static str, SettingRule)) {
    for (key, count) in [
        ("channel_limit", settings.channel_limit),
        ("history_limit", settings.history_limit),
        ("recovery_limit", settings.recovery_limit),
    ] {
        if count == 0 {
            wrong(key, SettingRule::Zero);
        }
    }
    if settings.channel_bytes == 0 {
        wrong("channel_bytes", SettingRule::Zero);
    }
    let channel_limit = settings.channel_limit;
    if settings.commands_per_frame <= channel_limit {
        wrong(
            "commands_per_frame",
            SettingRule::FrameTooSmall { channel_limit },
        );
    }
}

fn check_times(settings: &Settings, wrong: &mut impl FnMut(&'static str, SettingRule)) {
    for (key, time) in [
        ("history_meta_ttl", settings.history_meta_ttl),
        ("pong_wait", settings.pong_wait),
        ("stale_close_delay", settings.stale_close_delay),
        (
            "presence_update_interval",
            settings.presence_update_interval,
        ),
        ("position_check_delay", settings.position_check_delay),
        ("idempotency_ttl", settings.idempotency_ttl),
    ] {
        if time.is_zero() {
            wrong(key, SettingRule::Zero);
        }
    }
    let ping = settings.ping_interval;
    if ping.is_zero() || ping.subsec_nanos() != 0 {
        wrong("ping_interval", SettingRule::NotSeconds);
    } else if settings.pong_wait >= ping {
        wrong("pong_wait", SettingRule::PongTooLate);
    }
    if settings.presence_ttl <= settings.presence_update_interval.saturating_mul(2) {
        wrong("presence_ttl", SettingRule::PresenceTooShort);
    }
}

fn check_names(settings: &Settings, wrong: &mut impl FnMut(&'static str, SettingRule)) {
    if !settings
        .rpc
        .namespaces
        .iter()
        .all(|name| Namespace::is_name(name))
    {
        wrong("rpc", SettingRule::Name);
    }
    let Some(personal) = &settings.personal_channel else {
        return;
    };
    let namespace = match &personal.namespace {
        Some(name) => settings.namespaces.get(name),
        None => Some(&settings.without_namespace),
    };
    match (namespace, &personal.namespace) {
        (None, name) => {
            let name = name.clone().unwrap_or_default();
            wrong("personal_channel", SettingRule::NoSuchNamespace(name));
        }
        (Some(namespace), _) => {
            let is_single = personal.connections == PersonalConnections::Latest;
            if is_single && !namespace.presence {
                wrong("personal_channel", SettingRule::SingleNeedsPresence);
            }
            let is_open = namespace.allow_subscribe.circle != Circle::Nobody;
            if is_open && !namespace.allow_user_limited_channels {
                wrong("personal_channel", SettingRule::PersonalForAll);
            }
        }
    }
}

fn check_namespace(
    namespace: &Namespace,
    default_meta_ttl: Duration,
    wrong: &mut impl FnMut(&'static str, SettingRule),
) {
    let has_history = namespace.has_history();
    match (namespace.history_size > 0, !namespace.history_ttl.is_zero()) {
        (true, false) => wrong("history_ttl", SettingRule::HalfAHistory),
        (false, true) => wrong("history_size", SettingRule::HalfAHistory),
        _ => {}
    }
    let ttl = namespace.history_ttl;
    let (key, meta_ttl) = match namespace.history_meta_ttl {
        Some(meta_ttl) => ("history_meta_ttl", meta_ttl),
        None => ("history_ttl", default_meta_ttl),
    };
    if meta_ttl < ttl {
        wrong(key, SettingRule::MetaTooShort { ttl, meta_ttl });
    } else if namespace.history_meta_ttl.is_some_and(|ttl| ttl.is_zero()) {
        wrong(key, SettingRule::Zero);
    }
    for (key, grant) in [
        ("positioning", namespace.positioning),
        ("recovery", namespace.recovery),
    ] {
        if grant != Grant::Permitted && !has_history {
            wrong(key, SettingRule::NeedsHistory);
        }
    }
    match namespace.recovery_mode {
        RecoveryMode::AutoCache if namespace.recovery != Grant::Forced => {
            wrong("recovery_mode", SettingRule::NeedsForcedRecovery);
        }
        RecoveryMode::Cache | RecoveryMode::AutoCache if !has_history => {
            wrong("recovery_mode", SettingRule::NeedsHistory);
        }
        _ => {}
    }
    check_access(namespace, wrong);
    check_overflow(namespace, wrong);
}

fn check_access(namespace: &Namespace, wrong: &mut impl FnMut(&'static str, SettingRule)) {
    if namespace.allow_subscribe.circle == Circle::Subscribers {
        wrong("allow_subscribe", SettingRule::SubscribersSubscribe);
    }
    let is_open = |circle| circle != Circle::Nobody;
    if is_open(namespace.allow_presence.circle)
        && !namespace.presence
        && namespace.join_leave == JoinLeave::Off
    {
        wrong("allow_presence", SettingRule::NeedsPresence);
    }
    if is_open(namespace.allow_history.circle) && !namespace.has_history() {
        wrong("allow_history", SettingRule::NeedsHistory);
    }
}

fn check_overflow(namespace: &Namespace, wrong: &mut impl FnMut(&'static str, SettingRule)) {
    if namespace.overflow == OverflowPolicy::Close {
        return;
    }
    if namespace.overflow_publications == 0 {
        wrong("overflow_publications", SettingRule::Zero);
    }
    if namespace.overflow_bytes == 0 {
        wrong("overflow_bytes", SettingRule::Zero);
    }
}
