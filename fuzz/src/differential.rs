//! The same bytes for our server and for tungstenite's: the same events, or both refuse.

use std::time::Instant;

use sockeye_types::Message;
use sockeye_ws_proto::{Event, ProtocolError};

use crate::{
    tungstenite_peer::{Stop, Told, read_all},
    wire::{Fed, server},
};

/// Bytes of a client.
pub fn differential(data: &[u8]) {
    let now = Instant::now();
    let mut fed = Fed::new(server(None, now), now);
    fed.feed(data);
    let ours: Vec<Told> = fed.events.into_iter().map(told).collect();
    let (theirs, stop) = read_all(data);
    match fed.error {
        None => {
            assert_eq!(ours, theirs);
            assert_ne!(stop, Stop::Failed, "only tungstenite refuses");
        }
        Some(error) => {
            assert!(theirs.starts_with(&ours), "{error}: {ours:?}, {theirs:?}");
            assert!(is_known(error, stop), "only we refuse: {error}");
        }
    }
}

/// Where tungstenite may think otherwise of what we refuse.
fn is_known(error: ProtocolError, stop: Stop) -> bool {
    match error {
        // It takes lengths in any form, also those of control frames; RFC 6455 §5.2 has them in the shortest.
        ProtocolError::LengthNotMinimal
        | ProtocolError::LengthTooLarge
        | ProtocolError::ControlTooLong => true,
        // It tells of a close with such a code as of any other, and answers it with 1002.
        ProtocolError::CloseCodeIllegal(_) => stop != Stop::Starved,
        // It judges a frame once it is whole; we as soon as a byte shows it.
        _ => matches!(stop, Stop::Failed | Stop::Starved),
    }
}

fn told(event: Event) -> Told {
    match event {
        Event::Message(Message::Text(text)) => Told::Text(text.into_bytes()),
        Event::Message(Message::Binary(bytes)) => Told::Binary(bytes),
        Event::Ping(bytes) => Told::Ping(bytes),
        Event::Pong(bytes) => Told::Pong(bytes),
        Event::Close(_) => Told::Close,
    }
}
