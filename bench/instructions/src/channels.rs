//! Work of channels on the wire: commands read, and pushes written once or copied.

use std::hint::black_box;

use anyhow::ensure;
use bytes::{Bytes, BytesMut};
use sockeye_channel_proto::{
    Codec, Command, Prepared, Publication, PublishRequest, Push, Reply, Request,
};

use crate::row::BATCH;

/// Bytes of a payload.
const BYTES: usize = 128;
const CHANNEL: &str = "chat:lobby";

/// JSON of so many bytes.
fn payload() -> Bytes {
    let frame = r#"{"text":"","n":1.50}"#.len();
    let text = "x".repeat(BYTES - frame);
    Bytes::from(format!(r#"{{"text":"{text}","n":1.50}}"#))
}

fn publication() -> Publication {
    Publication {
        data: payload(),
        offset: 1234,
        ..Publication::default()
    }
}

/// Each frame has one publish command.
pub(crate) fn decode_publish(codec: Codec, rounds: u32) -> anyhow::Result<()> {
    let publish = PublishRequest {
        channel: CHANNEL.to_owned(),
        data: payload(),
        ..PublishRequest::default()
    };
    let mut frame = BytesMut::new();
    codec.encode(&Command::new(7, Request::Publish(publish)), &mut frame)?;
    let frame = frame.freeze();
    for _ in 0..rounds * BATCH {
        for command in codec.decode::<Command>(black_box(&frame)) {
            let request = black_box(command?.request());
            ensure!(matches!(request, Request::Publish(_)));
        }
    }
    Ok(())
}

/// Each answer stands in a frame of its own.
pub(crate) fn encode_published(codec: Codec, rounds: u32) -> anyhow::Result<()> {
    let mut frame = BytesMut::with_capacity(1 << 10);
    for _ in 0..rounds * BATCH {
        codec.encode(black_box(&Reply::publish(7)), &mut frame)?;
        black_box(&mut frame).clear();
    }
    Ok(())
}

/// A publication is encoded where it is sent.
pub(crate) fn encode_push(codec: Codec, rounds: u32) -> anyhow::Result<()> {
    let push = Reply::from(Push::publication(CHANNEL, publication()));
    let mut frame = BytesMut::with_capacity(1 << 10);
    for _ in 0..rounds * BATCH {
        codec.encode(black_box(&push), &mut frame)?;
        black_box(&mut frame).clear();
    }
    Ok(())
}

/// A publication is encoded once, and copied to where it is sent.
pub(crate) fn copy_push(codec: Codec, rounds: u32) -> anyhow::Result<()> {
    let prepared = Prepared::new(codec, &publication())?;
    let mut frame = BytesMut::with_capacity(1 << 10);
    for _ in 0..rounds * BATCH {
        black_box(&prepared).push(CHANNEL, &mut frame);
        black_box(&mut frame).clear();
    }
    Ok(())
}
