//! Any bytes as compressed messages: however they are cut the same comes of them, and never more than the limit.

use std::time::Instant;

use sockeye_ws_proto::Event;

use crate::{
    agreement::Agreement,
    wire::{Fed, MESSAGE_BYTES, Seen, masked_frame, server},
};

/// Two bytes that choose the agreement and the cuts, then two compressed messages, each one half of the rest.
pub fn inflate(data: &[u8]) {
    let Some((&[choice, cut], data)) = data.split_first_chunk() else {
        return;
    };
    let (first, second) = data.split_at(data.len() / 2);
    let whole = [
        masked_frame(0xc2, KEY, first),
        masked_frame(0xc2, KEY, second),
    ];
    let pieces = fragments(first, cut).chain(fragments(second, cut));
    let whole = fed(choice, whole.into_iter(), usize::MAX);
    let pieces = fed(choice, pieces, usize::from(cut) + 1);
    assert_eq!(whole, pieces);
    for event in whole.events {
        if let Event::Message(message) = event {
            assert!(message.len() <= MESSAGE_BYTES);
        }
    }
}

const KEY: [u8; 4] = [0x11, 0x22, 0x33, 0x44];

/// One message in frames of as many bytes as the cut says, and a last one that is empty.
fn fragments(payload: &[u8], cut: u8) -> impl Iterator<Item = Vec<u8>> {
    let pieces = payload.chunks(usize::from(cut) + 1);
    let firsts = std::iter::once(0x42).chain(std::iter::repeat(0x00));
    let first_of_last = if payload.is_empty() { 0xc2 } else { 0x80 };
    pieces
        .zip(firsts)
        .map(|(piece, first)| masked_frame(first, KEY, piece))
        .chain(std::iter::once(masked_frame(first_of_last, KEY, b"")))
}

fn fed(choice: u8, frames: impl Iterator<Item = Vec<u8>>, cut: usize) -> Seen {
    let now = Instant::now();
    let agreed = Agreement::new(choice | 0x01).server;
    let mut fed = Fed::new(server(agreed, now), now);
    for frame in frames {
        frame.chunks(cut).for_each(|piece| fed.feed(piece));
    }
    fed.finish()
}
