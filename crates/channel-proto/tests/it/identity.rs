//! What is encoded is decoded, and both codecs say the same.

use std::fmt::Debug;

use bytes::{Bytes, BytesMut};
use proptest::{collection::vec, prelude::*};
use sockeye_channel_proto::{Codec, EmulationRequest, Wire, read_emulation};

use crate::any::Draw;

fn through<T: Wire>(codec: Codec, messages: &[T]) -> Vec<T> {
    let mut frame = BytesMut::new();
    for message in messages {
        codec.encode(message, &mut frame).unwrap();
    }
    if codec == Codec::Json {
        let feeds = frame.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(feeds + 1, messages.len());
    }
    let decoded: Result<_, _> = codec.decode(&frame.freeze()).collect();
    decoded.unwrap()
}

fn check<T: Wire + PartialEq + Debug>(messages: &[T]) {
    for codec in [Codec::Json, Codec::Protobuf] {
        assert_eq!(through(codec, messages), messages, "{codec:?}");
    }
}

proptest! {
    #[test]
    fn any_commands_come_back_as_they_went(bytes in vec(any::<u8>(), 0..400), more in vec(any::<u8>(), 0..100)) {
        check(&[Draw(&bytes).command(), Draw(&more).command()]);
        check(&[Draw(&bytes).connect()]);
    }

    #[test]
    fn any_replies_and_pushes_come_back_as_they_went(bytes in vec(any::<u8>(), 0..400), more in vec(any::<u8>(), 0..100)) {
        check(&[Draw(&bytes).reply(), Draw(&more).reply()]);
        check(&[Draw(&bytes).push()]);
    }

    #[test]
    fn a_request_comes_back_out_of_its_command(bytes in vec(any::<u8>(), 0..200)) {
        let command = Draw(&bytes).command();
        let request = command.clone().request();
        let alone = sockeye_channel_proto::Command::new(command.id, request.clone());
        if request != sockeye_channel_proto::Request::Invalid {
            prop_assert_eq!(alone.request(), request);
        }
    }

    #[test]
    fn posted_commands_come_back_as_they_went(bytes in vec(any::<u8>(), 0..100), node in ".{0,4}") {
        for codec in [Codec::Json, Codec::Protobuf] {
            let mut data = BytesMut::new();
            codec.encode(&Draw(&bytes).command(), &mut data).unwrap();
            let request = EmulationRequest { node: node.clone(), session: "s".to_owned(), data: data.freeze() };
            let mut body = BytesMut::new();
            codec.encode(&request, &mut body).unwrap();
            let mut body = body.freeze();
            if codec == Codec::Protobuf {
                prost::decode_length_delimiter(&mut body).unwrap();
            }
            prop_assert_eq!(read_emulation(codec, &body).unwrap(), request);
        }
    }
}

#[test]
fn a_frame_is_text_in_json_and_binary_in_protobuf() {
    use sockeye_types::Message;
    let json = Codec::Json.message(BytesMut::from("{}"));
    assert_eq!(json, Message::from("{}"));
    let protobuf = Codec::Protobuf.message(BytesMut::from(&b"\0"[..]));
    assert_eq!(protobuf, Message::from(Bytes::from_static(b"\0")));
}
