//! The short way: a plain message in one frame that is there to its last byte, as almost all messages come.
//!
//! What it gives is what `decode` would give; it only asks fewer questions.

use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use sockeye_types::{Limits, Message, Text};

use super::Conn;
use crate::{
    assembly::{COPIED_BYTES, Kind},
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

/// The messages that some input begins with, as long as they are small, plain, in one frame and wholly there: see
/// [`Conn::whole_messages`].
#[derive(Debug)]
pub struct WholeMessages<'a> {
    conn: &'a mut Conn,
    input: &'a mut BytesMut,
    /// Where the next frame begins.
    at: usize,
    /// How long a payload may be that goes this way; `None` if none does.
    most: Option<usize>,
}

impl Conn {
    /// Gives the messages that the input begins with, one after the other, as [`decode`](Self::decode) would, but only
    /// as long as they are small, plain, in one frame and wholly there. Whatever else comes is left for `decode`, as it
    /// was. Those that were given leave the input together, when the iterator is dropped.
    #[inline]
    pub fn whole_messages<'a>(
        &'a mut self,
        input: &'a mut BytesMut,
        now: Instant,
    ) -> WholeMessages<'a> {
        self.hear(input, now);
        WholeMessages {
            most: self.most_whole(),
            conn: self,
            input,
            at: 0,
        }
    }

    /// Takes the first of them, if the input begins with one.
    #[inline(always)]
    pub(super) fn take_whole(&mut self, input: &mut BytesMut) -> Option<Message> {
        let most = self.most_whole()?;
        let mut at = 0;
        let message = next_whole(input, &mut at, self.role.peer(), most)?;
        self.cut(input, at);
        Some(message)
    }

    /// Returns how long a payload may be that goes the short way; `None` if none does.
    #[inline]
    fn most_whole(&self) -> Option<usize> {
        let is_between = self.frame.is_none() && self.assembly.is_none() && !self.closing.is_over();
        is_between.then(|| most(&self.settings.limits))
    }

    /// Cuts off the frames that were taken.
    #[inline]
    fn cut(&mut self, input: &mut BytesMut, bytes: usize) {
        if bytes == input.len() {
            // Its room is as it was, and need not be made anew for what comes next.
            input.clear();
        } else {
            input.advance(bytes);
        }
        self.left_bytes = input.len();
        self.message_due = None;
    }
}

/// Takes the message whose frame begins at `at`, which moves on to the next.
#[inline(always)]
fn next_whole(input: &mut [u8], at: &mut usize, sender: Sender, most: usize) -> Option<Message> {
    let mut whole = Whole::find(input.get_mut(*at..)?, sender)?;
    if whole.payload.len() > most {
        return None;
    }
    whole.unmask();
    let message = match whole.kind {
        Kind::Binary => Some(Message::Binary(Bytes::copy_from_slice(whole.payload))),
        Kind::Text => Text::copied(whole.payload).map(Message::Text),
    };
    match message {
        Some(_) => *at += whole.frame_bytes,
        // Whoever decodes it says what is wrong with it.
        None => whole.unmask(),
    }
    message
}

impl Iterator for WholeMessages<'_> {
    type Item = Message;

    #[inline]
    fn next(&mut self) -> Option<Message> {
        next_whole(self.input, &mut self.at, self.conn.role.peer(), self.most?)
    }
}

impl Drop for WholeMessages<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.at > 0 {
            self.conn.cut(self.input, self.at);
        }
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
    /// Unmasks the payload, or masks it again.
    #[inline]
    fn unmask(&mut self) {
        if let Some(key) = self.key {
            mask::apply(self.payload, key, 0);
        }
    }

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
