//! What is prepared is sent as if it had been encoded then.

use bytes::{Bytes, BytesMut};
use proptest::{collection::vec, prelude::*};
use sockeye_channel_proto::{
    Codec, HistoryResult, NotJson, Prepared, Publication, Push, Reply, SubscribeResult, Wire,
};

use crate::any::Draw;

const CODECS: [Codec; 2] = [Codec::Json, Codec::Protobuf];

fn encoded<T: Wire>(codec: Codec, message: &T) -> BytesMut {
    let mut frame = BytesMut::new();
    codec.encode(message, &mut frame).unwrap();
    frame
}

fn prepare(codec: Codec, publications: &[Publication]) -> Vec<Prepared> {
    let prepared = publications.iter().map(|each| Prepared::new(codec, each));
    prepared.collect::<Result<_, _>>().unwrap()
}

fn read(codec: Codec, frame: BytesMut) -> Vec<Reply> {
    let replies: Result<_, _> = codec.decode(&frame.freeze()).collect();
    replies.unwrap()
}

proptest! {
    #[test]
    fn a_prepared_push_is_the_push_to_the_byte(bytes in vec(any::<u8>(), 0..200), channel in ".{0,200}") {
        for codec in CODECS {
            let publication = Draw(&bytes).publication();
            let prepared = Prepared::new(codec, &publication).unwrap();
            let push = Push::publication(channel.as_str(), publication);
            let mut frame = BytesMut::new();
            prepared.bare_push(&channel, &mut frame);
            prop_assert_eq!(&frame, &encoded(codec, &push));
            frame.clear();
            prepared.push(&channel, &mut frame);
            prop_assert_eq!(&frame, &encoded(codec, &Reply::from(push.clone())));
            prepared.push(&channel, &mut frame);
            prop_assert_eq!(read(codec, frame), [Reply::from(push.clone()), Reply::from(push)]);
        }
    }

    #[test]
    fn results_are_the_same_with_prepared_publications(id in any::<u32>(), bytes in vec(any::<u8>(), 0..400)) {
        for codec in CODECS {
            let mut draw = Draw(&bytes);
            let (subscribed, history) = (draw.subscribed(), draw.history());
            let mut frame = encoded(codec, &Reply::ping());
            let publications = prepare(codec, &subscribed.publications);
            codec.encode_subscribe(id, subscribed.clone(), &publications, &mut frame).unwrap();
            let publications = prepare(codec, &history.publications);
            codec.encode_history(id, history.clone(), &publications, &mut frame).unwrap();
            let expected = [Reply::ping(), Reply::subscribe(id, subscribed), Reply::history(id, history)];
            prop_assert_eq!(read(codec, frame), expected);
        }
    }
}

#[test]
fn what_is_no_json_is_not_prepared_and_spoils_no_result() {
    let boom = Publication {
        data: Bytes::from_static(b"boom"),
        ..Publication::default()
    };
    assert_eq!(Prepared::new(Codec::Json, &boom), Err(NotJson));
    let prepared = prepare(Codec::Protobuf, &[boom]);
    let mut frame = BytesMut::from("{}");
    let result = SubscribeResult {
        data: Bytes::from_static(b"boom"),
        ..SubscribeResult::default()
    };
    let empty = prepare(Codec::Json, &[Publication::default()]);
    for (result, publications) in [
        (SubscribeResult::default(), &prepared),
        (result.clone(), &empty),
        (result, &Vec::new()),
    ] {
        let encoded = Codec::Json.encode_subscribe(1, result, publications, &mut frame);
        assert_eq!(encoded, Err(NotJson));
    }
    let history = HistoryResult::default();
    let encoded = Codec::Json.encode_history(1, history, &prepared, &mut frame);
    assert_eq!(encoded, Err(NotJson));
    assert_eq!(&frame[..], b"{}");
}
