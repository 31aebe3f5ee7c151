//! What a subscription is given.

use super::*;

#[test]
fn positions_are_for_whom_they_are_forced_on_or_who_asks_and_may() {
    use Continuity::{None as Nothing, Positioned, Recoverable};
    let none = Namespace::default().history(10, DAY);
    let (asks, forced) = (Grant::Asked, Grant::Forced);
    for (namespace, given) in [
        (none.clone(), [Nothing, Nothing, Nothing]),
        (
            none.clone().positioning(asks),
            [Nothing, Positioned, Positioned],
        ),
        (none.clone().positioning(forced), [Positioned; 3]),
        (none.clone().recovery(asks), [Nothing, Nothing, Recoverable]),
        (none.clone().recovery(forced), [Recoverable; 3]),
        (
            none.clone().positioning(forced).recovery(asks),
            [Positioned, Positioned, Recoverable],
        ),
        (
            none.allow_history(Access::SUBSCRIBERS),
            [Nothing, Positioned, Recoverable],
        ),
        (
            Namespace::default().positioning(forced).recovery(forced),
            [Nothing; 3],
        ),
    ] {
        let granted = [Nothing, Positioned, Recoverable].map(|continuity| {
            let asked = Asked {
                continuity,
                join_leave: false,
            };
            grant(&user("7"), &namespace, asked, &Override::default()).continuity
        });
        assert_eq!(granted, given, "{namespace:?}");
    }
}

#[test]
fn insecure_gives_every_position_that_is_asked_for() {
    let namespace = Namespace::default().history(10, DAY);
    let asked = |continuity| Asked {
        continuity,
        join_leave: true,
    };
    for continuity in [
        Continuity::None,
        Continuity::Positioned,
        Continuity::Recoverable,
    ] {
        let instead = Override::default();
        let granted = grant(&insecure(""), &namespace, asked(continuity), &instead);
        assert_eq!(granted.continuity, continuity);
        assert!(!granted.join_leave);
        let namespace = namespace.clone().join_leave(JoinLeave::Permitted);
        let granted = grant(&insecure(""), &namespace, asked(continuity), &instead);
        assert!(granted.join_leave);
    }
}

#[test]
fn who_comes_and_leaves_is_told_if_it_is_forced_or_asked_for_and_permitted() {
    for (join_leave, access, asks, announced, told) in [
        (JoinLeave::Off, Access::CLIENTS, true, false, false),
        (JoinLeave::Permitted, Access::NOBODY, true, true, false),
        (JoinLeave::Permitted, Access::SUBSCRIBERS, true, true, true),
        (
            JoinLeave::Permitted,
            Access::SUBSCRIBERS,
            false,
            true,
            false,
        ),
        (JoinLeave::Forced, Access::NOBODY, false, true, true),
    ] {
        let namespace = Namespace::default()
            .join_leave(join_leave)
            .allow_presence(access);
        let asked = Asked {
            continuity: Continuity::None,
            join_leave: asks,
        };
        let granted = grant(&user("7"), &namespace, asked, &Override::default());
        assert_eq!((granted.announced, granted.join_leave), (announced, told));
        assert!(!granted.presence);
    }
}

#[test]
fn a_token_can_force_and_unforce_what_the_namespace_says() {
    let namespace = Namespace::default()
        .history(10, DAY)
        .with_presence()
        .recovery(Grant::Forced)
        .positioning(Grant::Forced)
        .join_leave(JoinLeave::Forced);
    let given = |namespace: &Namespace, instead| {
        let granted = grant(&user("7"), namespace, Asked::default(), &instead);
        let Granted {
            continuity,
            presence,
            announced,
            join_leave,
        } = granted;
        (continuity, presence, announced, join_leave)
    };
    let off = Override::default().all([Some(false); 5]);
    assert_eq!(
        given(&namespace, off),
        (Continuity::None, false, false, false)
    );
    let on = Override::default().all([Some(true); 5]);
    let kept = Namespace::default().history(10, DAY);
    assert_eq!(
        given(&kept, on),
        (Continuity::Recoverable, true, true, true)
    );
    let nothing = Namespace::default();
    assert_eq!(given(&nothing, on), (Continuity::None, true, true, true));
}

#[test]
fn what_is_asked_is_what_the_request_says() {
    for (recoverable, positioned, continuity) in [
        (false, false, Continuity::None),
        (false, true, Continuity::Positioned),
        (true, false, Continuity::Recoverable),
        (true, true, Continuity::Recoverable),
    ] {
        for join_leave in [false, true] {
            let request = SubscribeRequest {
                recoverable,
                positioned,
                join_leave,
                ..SubscribeRequest::default()
            };
            let asked = Asked {
                continuity,
                join_leave,
            };
            assert_eq!(Asked::from(&request), asked);
        }
    }
}
