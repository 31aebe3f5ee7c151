//! The short way: a plain message in one frame that is there to its last byte, as almost all messages come.
//!
//! What it gives is what `decode` would give; it only asks fewer questions.

use bytes::{Buf, Bytes, BytesMut};
use sockeye_types::{Limits, Message};

use super::Conn;
use crate::{
    ProtocolError,
    assembly::{COPIED_BYTES, Kind, message_of},
    frame::Sender,
    mask,
};

/// A small message at the beginning of the input.
struct Whole<'a> {
    kind: Kind,
    /// Still masked, if there is a key.
    payload: &'a mut [u8],
    key: Option<[u8; 4]>,
    /// How many bytes its frame has, header and all.
    frame_bytes: usize,
}

impl Conn {
    /// Takes the message that the input begins with, if it is small, plain, in one frame and wholly there. `None` if it
    /// begins with anything else, and then it is as it was.
    ///
    /// # Errors
    /// [`ProtocolError::NotText`].
    #[inline]
    pub(super) fn take_whole(
        &mut self,
        input: &mut BytesMut,
    ) -> Option<Result<Message, ProtocolError>> {
        if self.frame.is_some() || self.assembly.is_some() || self.closing.is_over() {
            return None;
        }
        let whole = Whole::find(input, self.role.peer())?;
        if whole.payload.len() > most(&self.settings.limits) {
            return None;
        }
        if let Some(key) = whole.key {
            mask::apply(whole.payload, key, 0);
        }
        let payload = Bytes::copy_from_slice(whole.payload);
        let (kind, frame_bytes) = (whole.kind, whole.frame_bytes);
        input.advance(frame_bytes);
        self.left_bytes = input.len();
        self.message_due = None;
        Some(message_of(kind, payload))
    }
}

/// Returns how long a payload may be that goes this way.
#[inline]
fn most(limits: &Limits) -> usize {
    COPIED_BYTES
        .min(limits.frame_bytes)
        .min(limits.message_bytes)
}

impl<'a> Whole<'a> {
    #[inline]
    fn find(input: &'a mut [u8], sender: Sender) -> Option<Self> {
        let input_bytes = input.len();
        let ([first, second], rest) = input.split_first_chunk_mut::<2>()?;
        // The last frame of its message, no reserved bit.
        let kind = match first {
            0x81 => Kind::Text,
            0x82 => Kind::Binary,
            _ => return None,
        };
        let mask_bit = match sender {
            Sender::Client => 0x80,
            Sender::Server => 0,
        };
        // A mask bit that should not be as it is makes this more than 127.
        let (len, rest) = match *second ^ mask_bit {
            short @ ..126 => (usize::from(short), rest),
            126 => {
                let (length, rest) = rest.split_first_chunk_mut::<2>()?;
                let length = u16::from_be_bytes(*length);
                if length < 126 {
                    return None;
                }
                (usize::from(length), rest)
            }
            _ => return None,
        };
        let (key, rest) = match sender {
            Sender::Client => {
                let (key, rest) = rest.split_first_chunk_mut::<4>()?;
                (Some(*key), rest)
            }
            Sender::Server => (None, rest),
        };
        let header_bytes = input_bytes - rest.len();
        Some(Self {
            kind,
            payload: rest.get_mut(..len)?,
            key,
            frame_bytes: header_bytes + len,
        })
    }
}
