//! Bytes that are no messages, or nearly some.

use bytes::{Bytes, BytesMut};
use proptest::{collection::vec, prelude::*};
use sockeye_channel_proto::{Codec, Command, Reply, Wire, read_emulation};

use crate::any::Draw;

const CODECS: [Codec; 2] = [Codec::Json, Codec::Protobuf];

/// Whatever is read can be written, and is then read alike. Behind an error comes nothing.
fn read<T: Wire + PartialEq + std::fmt::Debug>(codec: Codec, frame: &Bytes) {
    let mut messages = codec.decode::<T>(frame);
    while let Some(message) = messages.next() {
        let Ok(message) = message else {
            assert!(messages.next().is_none());
            break;
        };
        let mut again = BytesMut::new();
        codec.encode(&message, &mut again).unwrap();
        let again: Result<Vec<T>, _> = codec.decode(&again.freeze()).collect();
        assert_eq!(again.unwrap(), [message]);
    }
}

fn read_all(frame: &[u8]) {
    let frame = Bytes::copy_from_slice(frame);
    for codec in CODECS {
        read::<Command>(codec, &frame);
        read::<Reply>(codec, &frame);
        let _ = read_emulation(codec, &frame);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_messages_or_an_error(frame in vec(any::<u8>(), 0..200)) {
        read_all(&frame);
    }

    #[test]
    fn a_frame_that_is_damaged_is_messages_or_an_error(
        bytes in vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        for codec in CODECS {
            let mut frame = BytesMut::new();
            codec.encode(&Draw(&bytes).command(), &mut frame).unwrap();
            codec.encode(&Draw(&bytes).reply(), &mut frame).unwrap();
            let at = at.index(frame.len());
            frame[at] = byte;
            read_all(&frame);
            read_all(&frame[..at]);
        }
    }
}

#[test]
fn long_frames_of_short_messages_are_read_message_by_message() {
    for (codec, ping) in [(Codec::Json, &b"{}\n"[..]), (Codec::Protobuf, b"\0")] {
        let frame = Bytes::from(ping.repeat(1 << 16));
        let messages = codec.decode::<Reply>(&frame).map(Result::unwrap);
        assert_eq!(messages.count(), 1 << 16);
    }
}
