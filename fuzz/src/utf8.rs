//! Text in fragments of any length, a byte at a time: refused with the very byte that makes it no UTF-8.

use std::{str, time::Instant};

use sockeye_types::Message;
use sockeye_ws_proto::{Event, ProtocolError};

use crate::wire::{Fed, masked_frame, server};

/// The longest text: its prefixes are checked one by one.
const MOST_BYTES: usize = 512;

/// A text message; the first byte says how long its fragments are.
pub fn utf8(data: &[u8]) {
    let Some((&cut, text)) = data.split_first() else {
        return;
    };
    let text = text.get(..MOST_BYTES).unwrap_or(text);
    let now = Instant::now();
    let mut fed = Fed::new(server(None, now), now);
    let mut opcode = 0x1;
    let mut arrived = 0;
    for fragment in text.chunks(usize::from(cut) + 1) {
        let frame = masked_frame(opcode, [0x5a, 0xa5, 0xc3, 0x3c], fragment);
        let (header, payload) = frame.split_at(frame.len() - fragment.len());
        fed.feed(header);
        for byte in payload {
            fed.feed(&[*byte]);
            arrived += 1;
            let expected = first_fault(text.get(..arrived).unwrap_or(text));
            assert_eq!(fed.error, expected, "after {arrived} bytes of text");
        }
        opcode = 0x0;
    }
    fed.feed(&masked_frame(0x80 | opcode, [0; 4], b""));
    match str::from_utf8(text) {
        Ok(text) => assert_eq!(fed.events, [Event::Message(Message::from(text))]),
        Err(_) => assert_eq!(fed.error, Some(ProtocolError::NotText)),
    }
}

/// Returns the error that is due once this much has arrived; a character that may still become whole is none.
fn first_fault(text: &[u8]) -> Option<ProtocolError> {
    let fault = str::from_utf8(text).err()?;
    fault.error_len().map(|_| ProtocolError::NotText)
}
