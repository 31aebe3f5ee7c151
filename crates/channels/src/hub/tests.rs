//! Conversations: members in memory, over the broker in memory.

mod books;
mod delta;
mod model;
mod slow;
mod stage;

use sockeye_channel_proto::{Codec, Disconnect, Filter, FilterNode};

use self::stage::{Stage, at, json};
use super::*;
use crate::recovery::Ask;

#[tokio::test]
async fn a_reply_comes_first_and_then_exactly_what_follows() {
    let stage = Stage::new();
    stage.publish("a").await;
    let mut peer = stage.peer(1 << 20);
    let mut joining = stage.hub.join("news");
    stage.publish("b").await;
    let recovered = joining
        .settle(&Ask::Position, stage::RETENTION)
        .await
        .unwrap();
    assert_eq!(recovered.position.offset, 2);
    stage.publish("c").await;
    peer.reply();
    stage.publish("d").await;
    joining.enter(peer.member(stage::positioned())).unwrap();
    stage.publish("e").await;
    assert_eq!(peer.heard(), ["reply", "c", "d", "e"]);
}

#[tokio::test]
async fn what_was_missed_is_read_and_nothing_of_it_told_again() {
    let stage = Stage::new();
    for payload in ["a", "b", "c"] {
        stage.publish(payload).await;
    }
    let mut peer = stage.peer(1 << 20);
    let ask = Ask::Stream {
        since: at(1, ""),
        limit: 300,
    };
    let recovered = stage.enter(&mut peer, stage::positioned(), &ask).await;
    let missed: Vec<_> = recovered.publications.iter().map(|p| p.offset).collect();
    assert_eq!((recovered.recovered, missed), (true, vec![2, 3]));
    stage.publish("d").await;
    assert_eq!(peer.heard(), ["reply", "d"]);
}

#[tokio::test]
async fn each_codec_and_shape_has_its_own_bytes() {
    let stage = Stage::new();
    let mut peers = Vec::new();
    for codec in [Codec::Json, Codec::Protobuf] {
        for shape in [Shape::Reply, Shape::Bare] {
            let mut peer = stage.peer(1 << 20);
            let kind = Kind {
                codec,
                shape,
                ..Kind::default()
            };
            stage.enter(&mut peer, kind, &Ask::Nothing).await;
            peers.push(peer);
        }
    }
    stage.publish("a").await;
    for peer in &mut peers {
        assert_eq!(peer.heard(), ["reply", "a"]);
    }
}

#[tokio::test]
async fn a_payload_that_is_no_json_ends_those_who_read_nothing_else() {
    let stage = Stage::new();
    let (mut text, mut binary) = (stage.peer(1 << 20), stage.peer(1 << 20));
    stage.enter(&mut text, json(), &Ask::Nothing).await;
    stage
        .enter(&mut binary, stage::protobuf(), &Ask::Nothing)
        .await;
    stage.publish_bytes(b"boom").await;
    let bar = format!("{} {:?}", text.client, Disconnect::InappropriateProtocol);
    assert_eq!(stage.calls(), [bar]);
    assert_eq!(stage.hub.subscribers("news"), 1);
    assert_eq!(
        (text.heard(), binary.heard().len()),
        (vec!["reply".to_owned()], 2)
    );
}

#[tokio::test]
async fn what_a_filter_drops_still_moves_the_position() {
    let stage = Stage::new();
    let mut peer = stage.peer(1 << 20);
    let mut joining = stage.hub.join("news");
    joining
        .settle(&Ask::Position, stage::RETENTION)
        .await
        .unwrap();
    let node = FilterNode {
        key: "to".to_owned(),
        cmp: "eq".to_owned(),
        val: "us".to_owned(),
        ..FilterNode::default()
    };
    let member = Member {
        filter: Some(Filter::try_from(&node).unwrap()),
        ..peer.member(stage::positioned())
    };
    joining.enter(member).unwrap();
    stage.publish_to("a", "us").await;
    stage.publish_to("b", "them").await;
    stage.publish_to("c", "us").await;
    assert_eq!(peer.heard(), ["a", "c"]);
    assert!(stage.calls().is_empty());
    assert_eq!(stage.hub.position("news").unwrap().offset, 3);
}

#[tokio::test]
async fn who_comes_and_leaves_is_told_to_those_who_want_it_the_newcomer_too() {
    let stage = Stage::new();
    let (mut wants, mut other) = (stage.peer(1 << 20), stage.peer(1 << 20));
    let kind = Kind {
        announcements: Announcements::Heard,
        ..json()
    };
    stage.enter(&mut wants, kind, &Ask::Nothing).await;
    stage.enter(&mut other, json(), &Ask::Nothing).await;
    stage.announce(Announcement::Join(stage::who("ann"))).await;
    stage.announce(Announcement::Leave(stage::who("ann"))).await;
    assert_eq!(wants.heard(), ["reply", "+ann", "-ann"]);
    assert_eq!(other.heard(), ["reply"]);
}

#[tokio::test]
async fn a_hole_or_another_epoch_is_lost_state_for_positioned_members_and_for_nobody_else() {
    for position in [at(9, ""), at(1, "another")] {
        let stage = Stage::new();
        let (mut exact, mut loose) = (stage.peer(1 << 20), stage.peer(1 << 20));
        stage
            .enter(&mut exact, stage::positioned(), &Ask::Position)
            .await;
        stage.enter(&mut loose, json(), &Ask::Nothing).await;
        let mut on_the_way = stage.hub.join("news");
        on_the_way
            .settle(&Ask::Position, stage::RETENTION)
            .await
            .unwrap();
        stage.publish("a").await;
        stage.deliver_at("b", position);
        assert_eq!(stage.calls(), [format!("{} {:?}", exact.client, Lost::Gap)]);
        assert_eq!(exact.heard(), ["reply", "a"]);
        assert_eq!(loose.heard(), ["reply", "a", "b"]);
        let late = stage.peer(1 << 20);
        let entered = on_the_way.enter(late.member(stage::positioned()));
        assert!(matches!(entered, Err(JoinError::Missed)), "{entered:?}");
    }
}

#[tokio::test]
async fn whoever_takes_too_long_on_the_way_has_missed_something() {
    for (published, enters) in [(tail::MAX_TAIL, true), (tail::MAX_TAIL + 1, false)] {
        let stage = Stage::new();
        let peer = stage.peer(1 << 20);
        let mut joining = stage.hub.join("news");
        let settled = joining.settle(&Ask::Position, stage::RETENTION).await;
        assert!(settled.is_ok());
        for _ in 0..published {
            stage.publish("a").await;
        }
        let entered = joining.enter(peer.member(stage::positioned()));
        assert_eq!(entered.is_ok(), enters, "{entered:?}");
        assert_eq!(stage.is_empty(), !enters);
    }
}

#[tokio::test]
async fn what_is_delivered_again_is_not_told_again() {
    let stage = Stage::new();
    let (mut exact, mut loose) = (stage.peer(1 << 20), stage.peer(1 << 20));
    stage
        .enter(&mut exact, stage::positioned(), &Ask::Position)
        .await;
    stage.enter(&mut loose, json(), &Ask::Nothing).await;
    stage.publish("a").await;
    stage.publish("b").await;
    stage.deliver_at("a", at(1, ""));
    stage.deliver_at("b", at(2, ""));
    stage.publish("c").await;
    assert_eq!(exact.heard(), ["reply", "a", "b", "c"]);
    assert_eq!(loose.heard(), ["reply", "a", "b", "c"]);
}

#[tokio::test]
async fn a_stream_that_was_forgotten_under_its_members_is_lost_state() {
    let stage = Stage::new();
    let (mut exact, mut next) = (stage.peer(1 << 20), stage.peer(1 << 20));
    stage
        .enter(&mut exact, stage::positioned(), &Ask::Position)
        .await;
    stage.publish("a").await;
    stage.forget_stream().await;
    let ask = Ask::Stream {
        since: stage.hub.position("news").unwrap(),
        limit: 9,
    };
    let recovered = stage.enter(&mut next, stage::positioned(), &ask).await;
    assert!(!recovered.recovered);
    assert_eq!(stage.calls(), [format!("{} {:?}", exact.client, Lost::Gap)]);
    stage.publish("b").await;
    assert_eq!(next.heard(), ["reply", "b"]);
    assert_eq!(exact.heard(), ["reply", "a"]);
}

#[tokio::test]
async fn what_was_read_but_not_yet_told_reaches_each_once() {
    let stage = Stage::new();
    let (mut loose, mut exact) = (stage.peer(1 << 20), stage.peer(1 << 20));
    stage.enter(&mut loose, json(), &Ask::Nothing).await;
    stage.broker.deaf("a").await;
    let ask = Ask::Stream {
        since: at(0, ""),
        limit: 9,
    };
    let recovered = stage.enter(&mut exact, stage::positioned(), &ask).await;
    assert_eq!(recovered.publications.len(), 1);
    stage.broker.tell_now();
    stage.publish("b").await;
    assert_eq!(loose.heard(), ["reply", "a", "b"]);
    assert_eq!(exact.heard(), ["reply", "b"]);
    stage.broker.deaf("c").await;
    let mut third = stage.peer(1 << 20);
    let recovered = stage.enter(&mut third, stage::positioned(), &ask).await;
    assert_eq!(recovered.publications.len(), 2);
    stage.broker.tell_now();
    assert_eq!(third.heard(), ["reply", "c"]);
    assert_eq!(exact.heard(), ["c"]);
}

#[tokio::test]
async fn many_who_come_back_read_the_stream_once() {
    let stage = Stage::new();
    stage.publish("a").await;
    let ask = Ask::Stream {
        since: at(0, &stage.epoch().await),
        limit: 9,
    };
    let before = stage.broker.reads();
    let mut joinings: Vec<_> = (0..50).map(|_| stage.hub.join("news")).collect();
    let settling = joinings
        .iter_mut()
        .map(|joining| Box::pin(joining.settle(&ask, stage::RETENTION)));
    let settled = stage::all(settling).await;
    assert!(settled.iter().all(|one| one.as_ref().unwrap().recovered));
    assert_eq!(stage.broker.reads() - before, 1);
}

#[tokio::test]
async fn whoever_leaves_or_never_came_leaves_nothing_behind() {
    let stage = Stage::new();
    let mut peer = stage.peer(1 << 20);
    drop(stage.hub.join("news"));
    assert!(stage.is_empty());
    stage
        .enter(&mut peer, stage::positioned(), &Ask::Position)
        .await;
    let again = stage.hub.join("news").enter(peer.member(json()));
    assert!(matches!(again, Err(JoinError::Already)));
    assert_eq!(stage.hub.subscriptions(), 1);
    assert!(stage.hub.leave("news", peer.client));
    assert!(!stage.hub.leave("news", peer.client));
    stage.publish("a").await;
    assert_eq!(peer.heard(), ["reply"]);
    assert!(stage.is_empty());
    let joining = stage.hub.join("news");
    peer.end().await;
    assert!(matches!(
        joining.enter(peer.member(json())),
        Err(JoinError::Ended)
    ));
    assert!(stage.is_empty());
    assert_eq!(stage.broker.listening(), 0);
}
