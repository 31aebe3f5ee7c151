//! Deltas: the first is whole, others are patches of the one before.

use sockeye_channel_proto::Codec;

use super::{
    super::*,
    stage::{Stage, at},
};
use crate::recovery::Ask;

fn kind(codec: Codec) -> Kind {
    Kind {
        codec,
        delta: Delta::Fossil,
        positioned: Positioned::Yes,
        ..Kind::default()
    }
}

fn text(number: u32) -> String {
    format!("{number} {}", "the same again and again, 사과 ".repeat(9))
}

#[tokio::test]
async fn a_newcomer_gets_it_whole_while_others_get_a_patch() {
    for codec in [Codec::Json, Codec::Protobuf] {
        let stage = Stage::new();
        let [mut a, mut b] = [(); 2].map(|()| stage.peer(1 << 20));
        stage.enter(&mut a, kind(codec), &Ask::Position).await;
        stage.publish(&text(1)).await;
        stage.publish(&text(2)).await;
        stage.enter(&mut b, kind(codec), &Ask::Position).await;
        stage.publish(&text(3)).await;
        stage.publish(&text(4)).await;
        let (one, patch) = (text(1), |number| format!("~{}", text(number)));
        assert_eq!(
            a.heard(),
            ["reply".into(), one, patch(2), patch(3), patch(4)]
        );
        assert_eq!(b.heard(), ["reply".into(), text(3), patch(4)]);
    }
}

#[tokio::test]
async fn who_recovers_goes_on_with_patches_at_once() {
    let stage = Stage::new();
    stage.publish(&text(1)).await;
    let mut peer = stage.peer(1 << 20);
    let ask = Ask::Stream {
        since: at(0, ""),
        limit: 9,
    };
    let recovered = stage.enter(&mut peer, kind(Codec::Json), &ask).await;
    assert!(recovered.recovered);
    stage.publish(&text(2)).await;
    assert_eq!(peer.heard(), ["reply".to_owned(), format!("~{}", text(2))]);
}

#[tokio::test]
async fn what_comes_on_the_way_is_whole_and_the_next_a_patch_of_it() {
    let stage = Stage::new();
    let [mut a, mut b] = [(); 2].map(|()| stage.peer(1 << 20));
    stage.enter(&mut a, kind(Codec::Json), &Ask::Position).await;
    stage.publish(&text(1)).await;
    let mut joining = stage.hub.join("news");
    joining
        .settle(&Ask::Position, super::stage::RETENTION)
        .await
        .unwrap();
    stage.publish(&text(2)).await;
    stage.publish(&text(3)).await;
    b.become_kind(kind(Codec::Json));
    joining.enter(b.member(kind(Codec::Json))).unwrap();
    stage.publish(&text(4)).await;
    assert_eq!(b.heard(), [text(2), text(3), format!("~{}", text(4))]);
}

#[tokio::test]
async fn a_patch_that_is_not_shorter_is_not_sent() {
    let stage = Stage::new();
    let mut peer = stage.peer(1 << 20);
    stage
        .enter(&mut peer, kind(Codec::Json), &Ask::Position)
        .await;
    for payload in ["a", "b"] {
        stage.publish(payload).await;
    }
    assert_eq!(peer.heard(), ["reply", "a", "b"]);
}

#[tokio::test]
async fn a_recovered_reply_is_a_chain() {
    let publications: Vec<_> = (1..4)
        .map(|number| {
            Arc::new(Publication {
                data: text(number).into(),
                ..Publication::default()
            })
        })
        .collect();
    let chain = chained(&publications, Codec::Json).unwrap();
    let are_patches: Vec<_> = chain.iter().map(|publication| publication.delta).collect();
    assert_eq!(are_patches, [false, true, true]);
    assert!(
        chain
            .iter()
            .all(|publication| publication.data.starts_with(b"\""))
    );
}
