//! `[channels]` and the sections around it: what they make, and what is answered to a mistake.

mod around;

use std::time::Duration;

use sockeye_channels::{
    Access, AnonymousConnect, Durability, Grant, JoinLeave, NamedBy, Namespace, OverflowPolicy,
    RecoveryMode, Settings,
};

use super::*;
use crate::config::{
    Channels,
    api::Callers,
    broker::{Broker, RawSynchronous},
};

#[track_caller]
fn made(name: &str, file: &str) -> Channels {
    let config = from(name, file, &[], Flags::default()).and_then(|resolved| resolved.check());
    config.map_err(rendered).unwrap().channels.unwrap()
}

#[track_caller]
fn assert_answers(name: &str, mistakes: &[(&str, &str)]) {
    for (n, (file, words)) in mistakes.iter().enumerate() {
        let report = report(&format!("{name}-{n}"), file, &[]);
        assert_says(&report, &[words, "sockeye.toml:"]);
        assert!(
            !report.contains("the configuration can't be used"),
            "{report}"
        );
    }
}

#[test]
fn by_default_nobody_gets_in_and_nothing_is_written() {
    let channels = made("channels-default", "");
    assert_eq!(channels.settings.anonymous, AnonymousConnect::WithToken);
    assert!(!channels.settings.danger_insecure && !channels.settings.connect_hook);
    assert_eq!(
        (channels.tokens.clone(), channels.api.clone()),
        (None, None)
    );
    assert_eq!(channels.broker, Broker::Memory);
    assert!(channels.dangers().is_empty());
    let library = Settings::default();
    let mut settings = channels.settings;
    assert_eq!(settings.without_namespace, library.without_namespace);
    // The one namespace is for users, whom nobody vouches for yet.
    let chat = settings.namespaces.remove("chat").unwrap();
    assert_eq!(chat.allow_subscribe, Access::CLIENTS);
    assert_eq!(chat.allow_publish, Access::SUBSCRIBERS);
    assert_eq!(settings, library);
}

#[test]
fn namespaces_of_a_file_take_the_place_of_those_by_default() {
    let channels = made(
        "channels-named",
        "[channels.namespace.news]\npresence = true\n",
    );
    let names: Vec<_> = channels.settings.namespaces.keys().collect();
    assert_eq!(names, ["news"]);
    let none = made("channels-none", "[channels.namespace]\n");
    assert!(none.settings.namespaces.is_empty());
    let plain = made("channels-empty", "[channels.namespace.news]\n");
    let expected = Namespace::default();
    assert_eq!(plain.settings.namespaces.get("news"), Some(&expected));
    let without = made(
        "channels-without",
        "[channels.without_namespace]\npresence = true\n",
    );
    assert!(without.settings.without_namespace.presence);
    assert!(without.settings.namespaces.contains_key("chat"));
}

#[test]
fn every_option_of_a_namespace_is_made() {
    let file = "[channels.namespace.a-b.c]
history_size = 10\nhistory_ttl = '1h'\nhistory_meta_ttl = '2h'\ndurability = 'durable'
force_positioning = true\nallow_recovery = true\nrecovery_mode = 'cache'
presence = true\njoin_leave = true\nforce_push_join_leave = true
allowed_delta_types = ['fossil']\nallow_tags_filter = true
allow_subscribe_for_client = true\nallow_subscribe_for_anonymous = true
allow_publish_for_subscriber = true\nallow_presence_for_client = true
allow_history_for_subscriber = true\nallow_history_for_anonymous = true
allow_user_limited_channels = true\nchannel_regex = '^[0-9]+$'
publication_data_format = 'json'\npublishes_per_second_per_client = 5
overflow = 'conflate'\noverflow_publications = 7\noverflow_bytes = '1 KiB'\n";
    let file = file.replace("a-b.c", "'a-b.c'");
    let channels = made("channels-full", &file);
    let (hour, fossil) = (
        Duration::from_secs(3600),
        sockeye_channels::DeltaType::Fossil,
    );
    let expected = Namespace::default()
        .history(10, hour)
        .history_meta_ttl(Some(2 * hour))
        .positioning(Grant::Forced)
        .recovery(Grant::Asked)
        .recovery_mode(RecoveryMode::Cache)
        .with_presence()
        .join_leave(JoinLeave::Forced)
        .allowed_delta_types(vec![fossil])
        .with_tags_filters()
        .allow_subscribe(Access::CLIENTS.and_anonymous())
        .allow_publish(Access::SUBSCRIBERS)
        .allow_presence(Access::CLIENTS)
        .allow_history(Access::SUBSCRIBERS.and_anonymous())
        .with_user_limited_channels()
        .channel_regex(sockeye_channels::ChannelRegex::new("^[0-9]+$").ok())
        .publication_data_format(sockeye_channels::DataFormat::Json)
        .publishes_per_second_per_client(std::num::NonZeroU32::new(5))
        .overflow(OverflowPolicy::Conflate)
        .overflow_publications(7)
        .overflow_bytes(1024);
    assert_eq!(channels.settings.namespaces.get("a-b.c"), Some(&expected));
    let checked = channels.settings.validate().unwrap();
    assert!(checked.channel("a-b.c:7", NamedBy::Client).is_ok());
    let file = Broker::File {
        path: "sockeye.db".into(),
        synchronous: RawSynchronous::Full,
    };
    assert_eq!(channels.broker, file);
}

#[test]
fn a_namespaces_keys_are_also_environment_variables() {
    let file = "[channels.namespace.'big-news.1']\nhistory_ttl = '1h'\n";
    let variables = [
        ("SOCKEYE_CHANNELS_NAMESPACE_BIG_NEWS_1_HISTORY_SIZE", "7"),
        ("SOCKEYE_CHANNELS_WITHOUT_NAMESPACE_PRESENCE", "true"),
        ("SOCKEYE_API_KEYS", "one, two"),
    ];
    let resolved = from("channels-env", file, &variables, Flags::default()).unwrap();
    let channels = resolved.check().unwrap().channels.unwrap();
    let news = channels.settings.namespaces.get("big-news.1").unwrap();
    assert_eq!(news.history_size, 7);
    assert!(channels.settings.without_namespace.presence);
    let Callers::WithKey(keys) = channels.api.unwrap().callers else {
        panic!("anybody may call");
    };
    assert_eq!(keys.len(), 2);

    let twins = "[channels.namespace.a-b]\n[channels.namespace.a_b]\n";
    let variable = [("SOCKEYE_CHANNELS_NAMESPACE_A_B_PRESENCE", "true")];
    let report = report("channels-twins", twins, &variable);
    assert_says(
        &report,
        &["it could mean each of", "channels.namespace.a-b.presence"],
    );
}

#[test]
fn flags_set_what_a_try_needs() {
    let flags = Flags {
        channels: crate::config::ChannelFlags {
            danger_insecure: Some(true),
            broker_path: Some("here.db".to_owned()),
        },
        ..Flags::default()
    };
    let file = "[channels.namespace.kept]\nhistory_size = 1\nhistory_ttl = '1h'\n";
    let resolved = from("channels-flags", file, &[], flags).unwrap();
    let channels = resolved.check().unwrap().channels.unwrap();
    assert_says(
        &channels.dangers().join("\n"),
        &["channels.danger_insecure"],
    );
    let Broker::File { path, .. } = channels.broker else {
        panic!("nothing is kept");
    };
    assert_eq!(path, std::path::PathBuf::from("here.db"));
}

#[test]
fn a_misplaced_or_misspelt_name_is_sent_where_it_belongs() {
    assert_answers(
        "channels-names",
        &[
            (
                "[channels.namespace.chat]\nhistory_sise = 1",
                "did you mean `history_size`?",
            ),
            (
                "[channels]\nhistory_size = 1",
                "`history_size` belongs in [channels.namespace.NAME] or [channels.without_namespace]",
            ),
            (
                "[channels.namespace.chat]\nchannel_limit = 1",
                "`channel_limit` belongs in [channels]",
            ),
            (
                "[channels.namespace]\npresence = true",
                "a namespace is a section of its own",
            ),
            (
                "[channels]\nnamespace = 1",
                "write [channels.namespace.NAME]",
            ),
            (
                "[namespace.chat]\npresence = true",
                "namespaces are [channels.namespace.NAME]",
            ),
            (
                "[channels.namespace.'a b']",
                "channels.namespace.a b: a namespace's name has two or more",
            ),
            ("[channel]\nenabled = true", "did you mean [channels]?"),
            (
                "[channels.namespace.chat]\nhistory_size = -1",
                "channels.namespace.chat.history_size: -1 is not a number",
            ),
        ],
    );
}

#[test]
fn settings_that_contradict_each_other_are_shown_where_they_stand() {
    let ns = |lines: &str| format!("[channels.namespace.chat]\n{lines}\n");
    let mistakes = [
        (
            ns("history_size = 1"),
            "chat.history_size: history_size and history_ttl",
        ),
        (
            ns("force_recovery = true"),
            "chat.force_recovery: it needs history",
        ),
        (
            ns("allow_positioning = true"),
            "chat.allow_positioning: it needs history",
        ),
        (ns("force_push_join_leave = true"), "it needs join_leave"),
        (
            ns("allow_publish_for_anonymous = true"),
            "it widens allow_publish_for_client or its like",
        ),
        (ns("auto_cache_recover = true"), "it needs recovery_mode"),
        (ns("channel_regex = '('"), "it is not a regular expression"),
        (
            ns("allowed_delta_types = ['x']"),
            "\"x\" is no kind of patch",
        ),
        (ns("subscribe_hook = true"), "hooks.subscribe names no URL"),
        (ns("publish_hook = true"), "hooks.publish names no URL"),
        (
            ns("durability = 'durable'\n[broker]\nmemory = true"),
            "chat.durability: broker.memory keeps everything in memory",
        ),
    ];
    for (n, (file, words)) in mistakes.iter().enumerate() {
        let report = report(&format!("channels-contradiction-{n}"), file, &[]);
        assert_says(&report, &[words, "sockeye.toml:2:"]);
    }
}

#[test]
fn settings_of_all_channels_that_contradict_each_other_are_shown_where_they_stand() {
    assert_answers(
        "channels-all",
        &[
            (
                "[channels]\npong_wait = '30s'",
                "channels.pong_wait: a pong must be",
            ),
            (
                "[channels]\nuser_separator = '#'",
                "separators must be four different",
            ),
            (
                "[channels]\nchannel_limit = 5000",
                "channels.channel_limit: it must be above",
            ),
            (
                "[channels]\noutbox_bytes = 1",
                "1 bytes have no room for one message",
            ),
            ("[channels]\nmessage_bytes = 0", "it must be above 0"),
            (
                "[channels]\nallowed_origins = ['x']",
                "\"x\" is not an origin",
            ),
            (
                "[channels]\npersonal_channel_namespace = 'chat'",
                "channels.personal_channel is on",
            ),
            (
                "[channels]\npersonal_channel = 'on'\npersonal_channel_namespace = 'x'",
                "there is no namespace \"x\"",
            ),
            ("[broker]\npath = ''", "it must name a file"),
        ],
    );
}
