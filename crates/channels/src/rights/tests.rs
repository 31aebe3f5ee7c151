//! Every verdict, as tables over who asks and what the namespace says.

mod grants;

use std::time::Duration;

use super::*;
use crate::{channel_name::Separators, settings::NamedBy};

const DAY: Duration = Duration::from_secs(86_400);
const ALLOWED: Verdict = Verdict::Allowed(Source::Namespace);
const INSECURE: Verdict = Verdict::Allowed(Source::Insecure);

fn user(user: &str) -> Asker<'_> {
    Asker {
        user,
        trust: Trust::Checked,
    }
}

fn insecure(user: &str) -> Asker<'_> {
    Asker {
        user,
        trust: Trust::Insecure,
    }
}

fn subscribe(asker: Asker<'_>, channel: &str, namespace: &Namespace) -> Verdict {
    let channel = ChannelName::parse(channel, Separators::default());
    may_subscribe(&asker, &channel, namespace, SubscriptionToken::Absent)
}

const ACCESSES: [Access; 6] = [
    Access::NOBODY,
    Access::NOBODY.and_anonymous(),
    Access::SUBSCRIBERS,
    Access::SUBSCRIBERS.and_anonymous(),
    Access::CLIENTS,
    Access::CLIENTS.and_anonymous(),
];

/// Who is among each of [`ACCESSES`]: a user apart, a subscribed user, nobody apart, nobody subscribed.
const AMONG: [[bool; 4]; 6] = [
    [false, false, false, false],
    [false, false, false, false],
    [false, true, false, false],
    [false, true, false, true],
    [true, true, false, false],
    [true, true, true, true],
];

const ASKERS: [(&str, Standing); 4] = [
    ("7", Standing::Apart),
    ("7", Standing::Subscribed),
    ("", Standing::Apart),
    ("", Standing::Subscribed),
];

#[test]
fn by_default_nobody_may_do_anything() {
    let settings = Settings::default().validate().unwrap();
    for (id, standing) in ASKERS {
        let asker = Asker::new(id, settings.settings());
        for channel in ["news", "$news", "#7", "#", "talk#7,8", "a#b"] {
            let (name, namespace) = settings.channel(channel, NamedBy::Client).unwrap();
            let token = SubscriptionToken::Absent;
            assert_eq!(
                may_subscribe(&asker, &name, namespace, token),
                DENIED,
                "{channel}"
            );
            assert_eq!(may_publish(&asker, namespace, standing), DENIED);
            assert_eq!(may_read_presence(&asker, namespace, standing), OFF);
            assert_eq!(may_read_history(&asker, namespace, standing), OFF);
            let asked = Asked {
                continuity: Continuity::Recoverable,
                join_leave: true,
            };
            let granted = grant(&asker, namespace, asked, &Override::default());
            assert_eq!(granted, Granted::default());
        }
        assert!(settings.channel("news:a", NamedBy::Client).is_err());
        let call = may_call(&settings.settings().rpc, "say", settings.settings());
        assert_eq!(call, OFF);
        assert_eq!(settings.personal_channel("7"), None);
    }
}

#[test]
fn who_publishes_and_reads_is_who_is_among_those_who_may() {
    let base = Namespace::default().history(10, DAY).with_presence();
    for (access, among) in ACCESSES.into_iter().zip(AMONG) {
        let namespace = base
            .clone()
            .allow_publish(access)
            .allow_presence(access)
            .allow_history(access);
        for ((id, standing), is_among) in ASKERS.into_iter().zip(among) {
            for (asker, otherwise) in [(user(id), DENIED), (insecure(id), INSECURE)] {
                let expected = if is_among { ALLOWED } else { otherwise };
                let verdicts = [
                    may_publish(&asker, &namespace, standing),
                    may_read_presence(&asker, &namespace, standing),
                    may_read_history(&asker, &namespace, standing),
                ];
                assert_eq!(verdicts, [expected; 3], "{access:?} {id:?} {standing:?}");
            }
        }
    }
}

#[test]
fn one_access_says_nothing_of_the_others() {
    let base = Namespace::default().history(10, DAY).with_presence();
    let all = |namespace: &Namespace| {
        let (asker, standing) = (user("7"), Standing::Subscribed);
        [
            subscribe(asker, "news", namespace),
            may_publish(&asker, namespace, standing),
            may_read_presence(&asker, namespace, standing),
            may_read_history(&asker, namespace, standing),
        ]
    };
    let open = Access::CLIENTS;
    for (n, namespace) in [
        base.clone().allow_subscribe(open),
        base.clone().allow_publish(open),
        base.clone().allow_presence(open),
        base.allow_history(open),
    ]
    .iter()
    .enumerate()
    {
        let mut expected = [DENIED; 4];
        expected[n] = ALLOWED;
        assert_eq!(all(namespace), expected);
    }
}

#[test]
fn what_is_off_is_not_available_whoever_asks() {
    let open = Namespace::default()
        .allow_presence(Access::CLIENTS)
        .allow_history(Access::CLIENTS);
    for asker in [user("7"), user(""), insecure("7"), insecure("")] {
        for namespace in [&Namespace::default(), &open] {
            for (_, standing) in ASKERS {
                assert_eq!(may_read_presence(&asker, namespace, standing), OFF);
                assert_eq!(may_read_history(&asker, namespace, standing), OFF);
            }
        }
    }
}

#[test]
fn a_token_comes_before_everything_and_a_bad_one_helps_nobody() {
    let namespaces = [
        Namespace::default(),
        Namespace::default().allow_subscribe(Access::CLIENTS.and_anonymous()),
        Namespace::default().with_subscribe_hook(),
        Namespace::default().with_user_limited_channels(),
    ];
    for (token, verdict) in [
        (SubscriptionToken::Good, Verdict::Allowed(Source::Token)),
        (
            SubscriptionToken::Expired,
            Verdict::Refused(ErrorCode::TokenExpired),
        ),
        (SubscriptionToken::Invalid, DENIED),
        (
            SubscriptionToken::OfAnother,
            Verdict::Closed(Disconnect::InvalidToken),
        ),
    ] {
        for namespace in &namespaces {
            for asker in [user("7"), user(""), insecure("7"), insecure("")] {
                for channel in ["news", "$news", "talk#7", "talk#8"] {
                    let name = ChannelName::parse(channel, Separators::default());
                    let given = may_subscribe(&asker, &name, namespace, token);
                    assert_eq!(given, verdict, "{channel} {asker:?} {token:?}");
                }
            }
        }
    }
}

#[test]
fn a_private_channel_takes_a_token_whatever_else_holds() {
    let open = Namespace::default().allow_subscribe(Access::CLIENTS.and_anonymous());
    for namespace in [
        open.clone(),
        open.clone().with_subscribe_hook(),
        open.with_user_limited_channels(),
    ] {
        for asker in [user("7"), user(""), insecure("7"), insecure("")] {
            for channel in ["$news", "$talk#7", "$ns:news"] {
                assert_eq!(subscribe(asker, channel, &namespace), DENIED, "{channel}");
            }
        }
    }
}

#[test]
fn a_channel_that_is_limited_to_users_is_theirs_alone() {
    let limited = Namespace::default().with_user_limited_channels();
    let open = Access::CLIENTS.and_anonymous();
    for namespace in [
        limited.clone(),
        limited.clone().allow_subscribe(open),
        limited.with_subscribe_hook(),
    ] {
        let theirs = Verdict::Allowed(Source::UserLimited);
        for (asker, verdict) in [
            (user("7"), theirs),
            (user("8"), theirs),
            (user("9"), DENIED),
            (user(""), DENIED),
            (insecure("7"), theirs),
            (insecure("9"), INSECURE),
        ] {
            assert_eq!(
                subscribe(asker, "talk#7,8", &namespace),
                verdict,
                "{asker:?}"
            );
        }
        assert_eq!(subscribe(user(""), "talk#", &namespace), DENIED);
    }
}

#[test]
fn without_that_option_a_hash_is_a_character_like_others() {
    let open = Namespace::default().allow_subscribe(Access::CLIENTS);
    assert_eq!(subscribe(user("9"), "talk#7,8", &open), ALLOWED);
    let closed = Namespace::default();
    assert_eq!(subscribe(user("7"), "talk#7,8", &closed), DENIED);
}

#[test]
fn the_hook_is_asked_before_an_open_namespace_and_before_insecure() {
    let hooked = Namespace::default()
        .with_subscribe_hook()
        .with_publish_hook()
        .allow_subscribe(Access::CLIENTS.and_anonymous())
        .allow_publish(Access::CLIENTS.and_anonymous());
    for asker in [user("7"), user(""), insecure("7"), insecure("")] {
        assert_eq!(subscribe(asker, "news", &hooked), Verdict::AskHook);
        for (_, standing) in ASKERS {
            assert_eq!(may_publish(&asker, &hooked, standing), Verdict::AskHook);
        }
    }
}

#[test]
fn an_open_namespace_is_open_to_users_and_to_nobody_in_particular_if_it_says_so() {
    for (access, named, anonymous) in [
        (Access::NOBODY, DENIED, DENIED),
        (Access::NOBODY.and_anonymous(), DENIED, DENIED),
        (Access::CLIENTS, ALLOWED, DENIED),
        (Access::CLIENTS.and_anonymous(), ALLOWED, ALLOWED),
    ] {
        let namespace = Namespace::default().allow_subscribe(access);
        assert_eq!(subscribe(user("7"), "news", &namespace), named);
        assert_eq!(subscribe(user(""), "news", &namespace), anonymous);
        let or_insecure = |verdict| if verdict == DENIED { INSECURE } else { verdict };
        assert_eq!(
            subscribe(insecure("7"), "news", &namespace),
            or_insecure(named)
        );
        assert_eq!(
            subscribe(insecure(""), "news", &namespace),
            or_insecure(anonymous)
        );
    }
}

#[test]
fn a_method_goes_to_the_application_if_its_namespace_does() {
    let settings = Settings::default();
    let unknown = Verdict::Refused(ErrorCode::MethodNotFound);
    for (rpc, plain, chat, other) in [
        (Rpc::default(), OFF, OFF, OFF),
        (
            Rpc::default().with_plain_methods(),
            Verdict::AskHook,
            unknown,
            unknown,
        ),
        (
            Rpc::default().namespaces(["chat"]),
            unknown,
            Verdict::AskHook,
            unknown,
        ),
    ] {
        let verdicts = ["say", "chat:say", "x:say"].map(|method| may_call(&rpc, method, &settings));
        assert_eq!(verdicts, [plain, chat, other]);
    }
}
