//! Masks: what a client sends is the plain loop's work, and a server reads what was meant.

use std::time::Instant;

use bytes::Buf;
use sockeye_types::Message;
use sockeye_ws_proto::{Event, Scratch};

use crate::wire::{Fed, client, masked_frame, server};

/// Four bytes of key, one that says in what pieces the frame arrives, and a payload.
pub fn mask(data: &[u8]) {
    let Some((&[a, b, c, d, cut], payload)) = data.split_first_chunk() else {
        return;
    };
    let payload = payload.get(..60_000).unwrap_or(payload);
    let key = [a, b, c, d];
    let now = Instant::now();
    let mut scratch = Scratch::default();
    let message = Message::from(payload);
    let sent = client(key, None, now).send(&message, &mut scratch);
    assert_eq!(sent, Ok(()));
    let frame = scratch.out.copy_to_bytes(scratch.out.len());
    assert_eq!(frame, masked_frame(0x82, key, payload));
    let mut fed = Fed::new(server(None, now), now);
    frame
        .chunks(usize::from(cut) + 1)
        .for_each(|piece| fed.feed(piece));
    assert_eq!(fed.events, [Event::Message(message)]);
}
