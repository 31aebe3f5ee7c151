//! What channels read from strangers: commands, and replies where this side is the client.

use std::fmt::Debug;

use bytes::{Bytes, BytesMut};
use sockeye_channel_proto::{
    Codec, Command, ConnectRequest, Prepared, Push, Reply, Request, Wire, read_emulation,
};

const CODECS: [Codec; 2] = [Codec::Json, Codec::Protobuf];

/// So many messages of a frame are read.
const MESSAGES: usize = 64;

/// A frame of commands, or a body of one.
pub fn channel_commands(data: &[u8]) {
    let data = Bytes::copy_from_slice(data);
    for codec in CODECS {
        for command in read::<Command>(codec, &data) {
            let id = command.id;
            let request = command.request();
            if request != Request::Invalid {
                assert_eq!(Command::new(id, request.clone()).request(), request);
            }
        }
        if let Ok(connect) = codec.decode_one::<ConnectRequest>(&data) {
            agree(codec, &connect);
        }
        if let Ok(posted) = read_emulation(codec, &data) {
            read::<Command>(codec, &posted.data);
        }
    }
}

/// A frame of replies, or of bare pushes. What is pushed is the same if it is prepared.
pub fn channel_replies(data: &[u8]) {
    let data = Bytes::copy_from_slice(data);
    for codec in CODECS {
        let pushes = read::<Reply>(codec, &data);
        let pushes = pushes.into_iter().filter_map(|reply| reply.push);
        for push in pushes.chain(read::<Push>(codec, &data)) {
            let Some(publication) = push.r#pub else {
                continue;
            };
            let prepared = Prepared::new(codec, &publication);
            let mut frame = BytesMut::new();
            let pushed = prepared.map(|it| it.bare_push(&push.channel, &mut frame));
            assert_eq!(pushed, Ok(()), "what was read can be written");
            let push = Push::publication(push.channel, publication);
            assert_eq!(codec.decode(&frame.freeze()).next(), Some(Ok(push)));
        }
    }
}

/// The messages of a frame. Each comes back out of what it is encoded to.
fn read<T: Wire + PartialEq + Debug>(codec: Codec, frame: &Bytes) -> Vec<T> {
    let decoded = codec.decode(frame).at_most(MESSAGES);
    let messages: Vec<T> = decoded.map_while(Result::ok).collect();
    assert!(messages.len() <= MESSAGES);
    messages.iter().for_each(|message| agree(codec, message));
    messages
}

/// What is read from a codec can be written in it, and is read from the other codec alike, if that can carry it.
fn agree<T: Wire + PartialEq + Debug>(from: Codec, message: &T) {
    for codec in CODECS {
        let mut frame = BytesMut::new();
        if codec.encode(message, &mut frame).is_err() {
            assert_ne!(codec, from, "what was read can be written");
            assert!(frame.is_empty());
            continue;
        }
        let frame = frame.freeze();
        let mut again = codec.decode::<T>(&frame);
        let first = again.next().and_then(Result::ok);
        assert!(again.next().is_none(), "a message is one message");
        if from == codec || from == Codec::Json {
            assert_eq!(first.as_ref(), Some(message));
        }
        // A payload that came in Protobuf may have spaces around it, which JSON leaves out.
        assert!(first.is_some() || codec != from);
    }
}
