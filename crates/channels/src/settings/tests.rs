//! Which settings can be used, and which namespace a channel has.

use super::*;
use crate::{
    namespace::{Access, ChannelRegex, DeltaType, Grant, JoinLeave, OverflowPolicy, RecoveryMode},
    settings_rule::{SettingPlace, SettingRule},
};

const DAY: Duration = Duration::from_secs(86_400);
const SECOND: Duration = Duration::from_secs(1);

#[track_caller]
fn broken(settings: Settings) -> Vec<(SettingPlace, &'static str, SettingRule)> {
    let invalid = settings.validate().unwrap_err();
    let broken = invalid.broken().iter().cloned();
    broken.map(|one| (one.place, one.key, one.rule)).collect()
}

#[test]
fn the_defaults_can_be_used_and_are_those_of_the_protocol() {
    let checked = Settings::default().validate().unwrap();
    let settings = checked.settings();
    assert_eq!((settings.channel_limit, settings.channel_bytes), (128, 255));
    assert_eq!(
        (settings.history_limit, settings.recovery_limit),
        (300, 300)
    );
    assert_eq!(
        (settings.ping_interval, settings.pong_wait),
        (25 * SECOND, 8 * SECOND)
    );
    assert_eq!(settings.history_meta_ttl, 30 * DAY);
    assert!(!settings.danger_insecure);
}

#[test]
fn a_rule_of_all_channels_is_told_with_its_key() {
    let settings = Settings::default;
    let all = |separators| settings().separators(Separators::default().all(separators));
    let personal = |personal| settings().personal_channel(Some(personal));
    let own = PersonalChannel::default().namespace("own");
    let latest = PersonalChannel::default().connections(PersonalConnections::Latest);
    let rpc = Rpc::default().namespaces(["a b"]);
    use SettingRule as R;
    let no_own = R::NoSuchNamespace("own".to_owned());
    let small = R::FrameTooSmall { channel_limit: 128 };
    let millis = Duration::from_millis;
    for (settings, key, rule) in [
        (settings().channel_limit(0), "channel_limit", R::Zero),
        (settings().channel_bytes(0), "channel_bytes", R::Zero),
        (settings().history_limit(0), "history_limit", R::Zero),
        (settings().recovery_limit(0), "recovery_limit", R::Zero),
        (
            settings().ping_interval(millis(9_500)),
            "ping_interval",
            R::NotSeconds,
        ),
        (
            settings().ping_interval(8 * SECOND),
            "pong_wait",
            R::PongTooLate,
        ),
        (
            settings().presence_ttl(54 * SECOND),
            "presence_ttl",
            R::PresenceTooShort,
        ),
        (
            settings().commands_per_frame(128),
            "commands_per_frame",
            small,
        ),
        (all(['$', ':', '#', '#']), "separators", R::Separators),
        (all(['$', '.', '#', ',']), "separators", R::Separators),
        (all(['$', ':', ' ', ',']), "separators", R::Separators),
        (settings().rpc(rpc), "rpc", R::Name),
        (personal(own), "personal_channel", no_own),
        (personal(latest), "personal_channel", R::SingleNeedsPresence),
    ] {
        assert_eq!(broken(settings), [(SettingPlace::Everywhere, key, rule)]);
    }
}

#[track_caller]
fn assert_breaks(namespace: &Namespace, key: &'static str, rule: &SettingRule) {
    let settings = Settings::default().without_namespace(namespace.clone());
    let place = SettingPlace::WithoutNamespace;
    assert_eq!(broken(settings), [(place, key, rule.clone())]);
    let place = SettingPlace::Namespace("chat".to_owned());
    let settings = Settings::default().namespace("chat", namespace.clone());
    assert_eq!(broken(settings), [(place, key, rule.clone())]);
}

#[test]
fn a_rule_of_history_is_told_with_the_namespaces_name_and_key() {
    use SettingRule as R;
    let none = Namespace::default;
    let kept = || none().history(10, DAY);
    let meta = |ttl, meta_ttl| R::MetaTooShort { ttl, meta_ttl };
    let (brief, long) = (Some(SECOND), 31 * DAY);
    let (cache, auto) = (RecoveryMode::Cache, RecoveryMode::AutoCache);
    for (namespace, key, rule) in [
        (
            none().history(10, Duration::ZERO),
            "history_ttl",
            R::HalfAHistory,
        ),
        (none().history(0, DAY), "history_size", R::HalfAHistory),
        (
            kept().history_meta_ttl(brief),
            "history_meta_ttl",
            meta(DAY, SECOND),
        ),
        (
            none().history(10, long),
            "history_ttl",
            meta(long, 30 * DAY),
        ),
        (
            none().positioning(Grant::Forced),
            "positioning",
            R::NeedsHistory,
        ),
        (none().recovery(Grant::Asked), "recovery", R::NeedsHistory),
        (
            none().recovery_mode(cache),
            "recovery_mode",
            R::NeedsHistory,
        ),
        (
            kept().recovery_mode(auto),
            "recovery_mode",
            R::NeedsForcedRecovery,
        ),
    ] {
        assert_breaks(&namespace, key, &rule);
    }
}

#[test]
fn another_rule_of_a_namespace_is_told_with_its_name_and_key() {
    use SettingRule as R;
    let none = Namespace::default;
    let slow = || none().overflow(OverflowPolicy::Conflate);
    let subscribers = none().allow_subscribe(Access::SUBSCRIBERS);
    for (namespace, key, rule) in [
        (subscribers, "allow_subscribe", R::SubscribersSubscribe),
        (
            none().allow_presence(Access::CLIENTS),
            "allow_presence",
            R::NeedsPresence,
        ),
        (
            none().allow_history(Access::CLIENTS),
            "allow_history",
            R::NeedsHistory,
        ),
        (
            slow().overflow_publications(0),
            "overflow_publications",
            R::Zero,
        ),
        (slow().overflow_bytes(0), "overflow_bytes", R::Zero),
    ] {
        assert_breaks(&namespace, key, &rule);
    }
}

#[test]
fn a_namespace_with_everything_can_be_used() {
    let full = Namespace::default()
        .history(100, DAY)
        .positioning(Grant::Forced)
        .recovery(Grant::Forced)
        .recovery_mode(RecoveryMode::AutoCache)
        .with_presence()
        .join_leave(JoinLeave::Forced)
        .allowed_delta_types(vec![DeltaType::Fossil])
        .allow_subscribe(Access::CLIENTS.and_anonymous())
        .with_user_limited_channels()
        .allow_presence(Access::SUBSCRIBERS)
        .allow_history(Access::SUBSCRIBERS)
        .overflow(OverflowPolicy::DropOldest);
    let personal = PersonalChannel::default()
        .namespace("chat")
        .connections(PersonalConnections::Latest);
    let settings = Settings::default()
        .namespace("chat", full)
        .personal_channel(Some(personal));
    let checked = settings.validate().unwrap();
    assert_eq!(checked.personal_channel("7").as_deref(), Some("chat:#7"));
    assert_eq!(checked.personal_channel(""), None);
}

#[test]
fn nobody_may_subscribe_to_what_is_meant_for_another_user() {
    let open = Namespace::default().allow_subscribe(Access::CLIENTS);
    let settings = |namespace| {
        Settings::default()
            .without_namespace(namespace)
            .personal_channel(Some(PersonalChannel::default()))
    };
    let (place, rule) = (SettingPlace::Everywhere, SettingRule::PersonalForAll);
    let told = broken(settings(open.clone()));
    assert_eq!(told, [(place, "personal_channel", rule)]);
    assert!(
        settings(open.with_user_limited_channels())
            .validate()
            .is_ok()
    );
    assert!(settings(Namespace::default()).validate().is_ok());
}

#[test]
fn every_broken_rule_is_told_at_once_and_in_words() {
    let settings = Settings::default()
        .channel_limit(0)
        .without_namespace(Namespace::default().history(1, Duration::ZERO))
        .namespace("x", Namespace::default().recovery(Grant::Forced));
    let told = settings.validate().unwrap_err().to_string();
    for words in [
        "channel_limit: it must be above 0",
        "history_ttl without namespace: history_size and history_ttl",
        "recovery of namespace \"x\": it needs history",
        "namespaces of namespace \"x\": a namespace's name has two or more",
    ] {
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn a_namespaces_name_is_two_or_more_plain_characters() {
    for name in ["ab", "A-z_0.9", "--"] {
        let settings = Settings::default().namespace(name, Namespace::default());
        assert!(settings.validate().is_ok(), "{name}");
    }
    for name in ["", "a", "a b", "a:b", "été", "$ab"] {
        let settings = Settings::default().namespace(name, Namespace::default());
        let place = SettingPlace::Namespace(name.to_owned());
        assert_eq!(broken(settings), [(place, "namespaces", SettingRule::Name)]);
    }
}

#[test]
fn a_channel_has_the_namespace_before_its_colon() {
    let checked = Settings::default()
        .namespace("chat", Namespace::default().with_presence())
        .validate()
        .unwrap();
    for by in [NamedBy::Client, NamedBy::Application] {
        let has_presence = |channel| checked.channel(channel, by).map(|(_, n)| n.presence);
        assert_eq!(has_presence("chat:a"), Ok(true));
        assert_eq!(has_presence("$chat:a"), Ok(true));
        assert_eq!(has_presence("chat"), Ok(false));
        assert_eq!(
            has_presence("other:a"),
            Err(InvalidChannel::UnknownNamespace)
        );
        assert_eq!(has_presence(""), Err(InvalidChannel::Empty));
    }
    assert_eq!(InvalidChannel::UnknownNamespace.code().code(), 102);
    assert_eq!(InvalidChannel::TooLong.code().code(), 107);
}

#[test]
fn a_clients_channel_is_ascii_and_has_at_most_so_many_bytes() {
    let checked = Settings::default().validate().unwrap();
    let named = |channel: &str, by| checked.channel(channel, by).map(|_| ());
    let (longest, longer) = ("a".repeat(255), "a".repeat(256));
    assert_eq!(named(&longest, NamedBy::Client), Ok(()));
    assert_eq!(
        named(&longer, NamedBy::Client),
        Err(InvalidChannel::TooLong)
    );
    assert_eq!(named(&longer, NamedBy::Application), Ok(()));
    assert_eq!(named("été", NamedBy::Client), Err(InvalidChannel::NotAscii));
    assert_eq!(named("été", NamedBy::Application), Ok(()));
}

#[test]
fn an_expression_says_what_stands_behind_the_namespace() {
    let letters = ChannelRegex::new(r"^\p{L}+$").unwrap();
    let checked = Settings::default()
        .namespace("chat", Namespace::default().channel_regex(Some(letters)))
        .validate()
        .unwrap();
    let named = |channel: &str, by| checked.channel(channel, by).map(|_| ());
    assert_eq!(named("chat:été", NamedBy::Client), Ok(()));
    assert_eq!(named("$chat:été", NamedBy::Client), Ok(()));
    assert_eq!(
        named("chat:a1", NamedBy::Client),
        Err(InvalidChannel::NotMatched)
    );
    assert_eq!(named("chat:a1", NamedBy::Application), Ok(()));
    assert_eq!(named("été", NamedBy::Client), Err(InvalidChannel::NotAscii));
}

#[test]
fn a_namespace_keeps_positions_as_long_as_all_do_unless_it_says_otherwise() {
    let kept = Namespace::default().history(1, SECOND);
    let own = kept.clone().history_meta_ttl(Some(DAY));
    let checked = Settings::default()
        .history_meta_ttl(2 * DAY)
        .namespace("all", kept)
        .namespace("own", own)
        .validate()
        .unwrap();
    let meta_ttl = |name| {
        let namespace = checked.namespace(Some(name)).unwrap();
        namespace.retention().unwrap().meta_ttl
    };
    assert_eq!((meta_ttl("all"), meta_ttl("own")), (2 * DAY, DAY));
}
