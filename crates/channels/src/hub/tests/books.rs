//! What rooms and members cost, and that all of it is given back.

use super::{
    super::*,
    stage::{Stage, json},
};
use crate::recovery::Ask;

#[test]
fn a_room_and_a_member_are_small() {
    // A room without its members, name and groups; a member is this, twice at most, and a place in a group.
    const { assert!(size_of::<Room>() <= 400) };
    const { assert!(room::SEAT == 32) };
}

#[tokio::test]
async fn ten_thousand_rooms_and_one_of_ten_thousand_vanish_as_all_leave() {
    let stage = Stage::new();
    let mut peers = stage.peers(10_000);
    let channels = |number: usize| {
        let small = (0..10).map(move |nth| format!("small {}", (number + nth) % 10_000));
        small.chain(["news".to_owned()])
    };
    for (number, peer) in peers.iter().enumerate() {
        for channel in channels(number) {
            let mut joining = stage.hub.join(&channel);
            joining.settle(&Ask::Nothing, None).await.unwrap();
            joining.enter(peer.member(json())).unwrap();
        }
    }
    assert_eq!(stage.hub.subscriptions(), 110_000);
    assert_eq!(stage.broker.listening(), 10_001);
    let seven = stage.hub.channels(|name| name == "small 7");
    assert_eq!(seven, [("small 7".into(), 10)]);
    stage.publish("a").await;
    stage.publish("b").await;
    assert!(peers.iter_mut().all(|peer| peer.heard() == ["a", "b"]));
    for (number, peer) in peers.iter().enumerate() {
        for channel in channels(number) {
            assert!(stage.hub.leave(&channel, peer.client));
        }
    }
    assert!(stage.is_empty());
    assert_eq!(stage.broker.listening(), 0);
}
