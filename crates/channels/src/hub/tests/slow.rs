//! Members that read slowly: what becomes of each, and that others don't notice.

use super::{
    super::*,
    stage::{Peer, Stage, json, positioned},
};
use crate::{OverflowPolicy, recovery::Ask};

/// Room for one message beside the one that is always taken.
const SMALL: usize = 200;

fn stage(policy: OverflowPolicy) -> Stage {
    let mut stage = Stage::new();
    stage.overflow.policy = policy;
    stage
}

/// Reads until nothing comes any more, however often those who feed it must have their turn.
async fn read_all(peer: &mut Peer) -> Vec<String> {
    let mut heard = Vec::new();
    for _ in 0..50 {
        heard.append(&mut peer.heard());
        tokio::task::yield_now().await;
    }
    heard
}

fn word(number: u32) -> String {
    format!("{number:0100}")
}

#[tokio::test]
async fn a_slow_member_is_closed_and_costs_nobody_anything() {
    let stage = stage(OverflowPolicy::Close);
    let (mut slow, mut fast) = (stage.peer(SMALL), stage.peer(SMALL));
    stage.enter(&mut slow, positioned(), &Ask::Position).await;
    stage.enter(&mut fast, positioned(), &Ask::Position).await;
    fast.heard();
    for number in 0..9 {
        stage.publish(&word(number)).await;
        assert_eq!(fast.heard(), [word(number)]);
    }
    assert_eq!(stage.calls(), [format!("{} Slow", slow.client)]);
    assert_eq!(stage.hub.subscribers("news"), 1);
}

#[tokio::test]
async fn the_oldest_are_dropped_and_the_next_says_how_many() {
    let stage = stage(OverflowPolicy::DropOldest);
    let (mut slow, mut fast) = (stage.peer(SMALL), stage.peer(SMALL));
    stage.enter(&mut slow, json(), &Ask::Nothing).await;
    stage.enter(&mut fast, json(), &Ask::Nothing).await;
    slow.heard();
    fast.heard();
    for number in 0..9 {
        stage.publish(&word(number)).await;
        assert_eq!(fast.heard(), [word(number)]);
    }
    // One is in the outbox, four wait.
    let rest = [5, 6, 7, 8].map(|number| {
        let skipped = if number == 5 { "(4)" } else { "" };
        format!("{skipped}{}", word(number))
    });
    let heard = read_all(&mut slow).await;
    assert_eq!(heard, [&[word(0)][..], &rest].concat());
    stage.publish("at last").await;
    assert_eq!(slow.heard(), ["at last"], "it is one of all again");
    assert!(stage.calls().is_empty());
}

#[tokio::test]
async fn the_latest_of_each_key_waits() {
    let stage = stage(OverflowPolicy::Conflate);
    let mut slow = stage.peer(SMALL);
    stage.enter(&mut slow, json(), &Ask::Nothing).await;
    slow.heard();
    let long = |name: &str| format!("{name}{}", "-".repeat(100));
    for (name, key) in [
        ("0", "x"),
        ("1", "x"),
        ("2", "y"),
        ("3", "x"),
        ("4", "y"),
        ("5", "x"),
    ] {
        stage.publish_to(&long(name), key).await;
    }
    let heard = read_all(&mut slow).await;
    assert_eq!(heard, [long("0"), format!("(3){}", long("4")), long("5")]);
}

#[tokio::test]
async fn a_positioned_member_that_would_miss_something_is_told_so_instead() {
    for policy in [OverflowPolicy::DropOldest, OverflowPolicy::Conflate] {
        let stage = stage(policy);
        let mut slow = stage.peer(SMALL);
        stage.enter(&mut slow, positioned(), &Ask::Position).await;
        slow.heard();
        for number in 0..5 {
            stage.publish(&word(number)).await;
        }
        assert!(stage.calls().is_empty(), "one in the outbox, four wait");
        stage.publish(&word(5)).await;
        assert_eq!(stage.calls(), [format!("{} Slow", slow.client)]);
        assert_eq!(read_all(&mut slow).await, [word(0)], "and nothing else");
        assert!(stage.is_empty());
    }
}

#[tokio::test]
async fn who_leaves_while_something_waits_is_sent_nothing_more() {
    let stage = stage(OverflowPolicy::DropOldest);
    let mut slow = stage.peer(SMALL);
    stage.enter(&mut slow, json(), &Ask::Nothing).await;
    slow.heard();
    for number in 0..4 {
        stage.publish(&word(number)).await;
    }
    tokio::task::yield_now().await;
    assert!(stage.hub.leave("news", slow.client));
    assert_eq!(read_all(&mut slow).await, [word(0)]);
    stage.enter(&mut slow, json(), &Ask::Nothing).await;
    stage.publish("new").await;
    assert_eq!(read_all(&mut slow).await, ["reply", "new"]);
}

#[tokio::test]
async fn a_member_that_ends_while_something_waits_holds_nothing() {
    let stage = stage(OverflowPolicy::DropOldest);
    let mut slow = stage.peer(SMALL);
    stage.enter(&mut slow, json(), &Ask::Nothing).await;
    for number in 0..4 {
        stage.publish(&word(number)).await;
    }
    slow.end().await;
    assert!(stage.hub.leave("news", slow.client));
    assert!(stage.is_empty());
}

#[tokio::test]
async fn who_has_caught_up_goes_on_with_patches() {
    let stage = stage(OverflowPolicy::DropOldest);
    let mut slow = stage.peer(SMALL);
    let kind = Kind {
        delta: Delta::Fossil,
        ..json()
    };
    stage.enter(&mut slow, kind, &Ask::Nothing).await;
    slow.heard();
    for number in 0..3 {
        stage.publish(&word(number)).await;
    }
    assert_eq!(read_all(&mut slow).await, [0, 1, 2].map(word));
    stage.publish(&word(3)).await;
    assert_eq!(slow.heard(), [format!("~{}", word(3))]);
}
