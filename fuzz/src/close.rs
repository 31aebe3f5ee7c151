//! Close frames of any payload: told, or refused for the right reason, and answered.

use std::{str, time::Instant};

use sockeye_types::{Close, CloseCode};
use sockeye_ws_proto::{Ending, Event, ProtocolError};

use crate::wire::{Fed, masked_frame, server};

/// The payload of a close frame.
pub fn close(data: &[u8]) {
    let payload = data.get(..125).unwrap_or(data);
    let now = Instant::now();
    let mut fed = Fed::new(server(None, now), now);
    fed.feed(&masked_frame(0x88, [9, 8, 7, 6], payload));
    let seen = fed.finish();
    let answer = match expected(payload) {
        Ok(close) => {
            assert_eq!(seen.ending, Some(Ending::Peer(close.clone())));
            assert_eq!(seen.events, [Event::Close(close)]);
            payload.get(..2).unwrap_or_default().to_vec()
        }
        Err(error) => {
            assert_eq!(seen.error, Some(error));
            assert_eq!(seen.ending, Some(Ending::Violation(error)));
            error.close_code().as_u16().to_be_bytes().to_vec()
        }
    };
    assert_eq!(seen.replies.first(), Some(&0x88));
    assert!(
        seen.replies
            .get(2..)
            .unwrap_or_default()
            .starts_with(&answer)
    );
}

/// What RFC 6455 §5.5.1 and §7.4 make of a payload.
fn expected(payload: &[u8]) -> Result<Close, ProtocolError> {
    let (code, reason) = match payload {
        [] => return Ok(Close::empty()),
        [_] => return Err(ProtocolError::CloseCodeCut),
        [a, b, reason @ ..] => (CloseCode::new(u16::from_be_bytes([*a, *b])), reason),
    };
    // Where both are wrong, either error would do.
    let reason = str::from_utf8(reason).map_err(|_| ProtocolError::CloseReasonNotText)?;
    if !code.is_sendable() {
        return Err(ProtocolError::CloseCodeIllegal(code));
    }
    Close::new(code, reason).map_err(|_| ProtocolError::ControlTooLong)
}
