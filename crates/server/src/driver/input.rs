//! The driver's way in: socket → conn → handler.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use bytes::BytesMut;
use sockeye_ws_proto::Event;
use tokio_util::io::poll_read_buf;

use super::{Driver, End, Phase, Step, Stream, Turn};
use crate::lent::Lent;

/// A large frame's buffer grows by this much at first, then doubles: what a header announces is not believed until it
/// comes.
const GROWTH_BYTES: usize = 256 << 10;

/// What decoding a buffer came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decoded {
    /// The buffer holds no whole frame any more.
    Drained,
    /// The handler is busy: nothing more is decoded, nor read, until it is not.
    Busy,
    /// The turn's share of events is used up.
    Enough,
    /// The conn is over.
    Over,
}

/// Says whether a frame with this first byte may end the conn: any but a whole message, a ping or a pong (RFC 6455 §5.2).
/// Those can break a rule as well; but to encode the outbox before each of them would undo the batch.
fn may_end(first: u8) -> bool {
    !matches!(first, 0x81 | 0x82 | 0xc1 | 0xc2 | 0x89 | 0x8a)
}

impl<S: Stream> Driver<S> {
    /// Lets the handler have the messages that wait, then reads once and lets it have those.
    pub(super) fn take_in(
        &mut self,
        cx: &mut Context<'_>,
        turn: &mut Turn<'_>,
    ) -> Result<Step, End> {
        let mut input = mem::take(&mut self.input);
        let decoded = self.decode(cx, &mut input, turn);
        if !input.is_empty() {
            self.input = input;
        }
        match decoded {
            Decoded::Drained => {}
            Decoded::Busy => return Ok(self.pause(turn.now)),
            Decoded::Enough | Decoded::Over => return Ok(Step::GoesOn),
        }
        if turn.lent.scratch.out.len() > self.conversation.limits().outbox_bytes {
            // The peer takes nothing: answers to its pings would only pile up. Once it takes something, this goes on.
            return Ok(self.pause(turn.now));
        }
        self.conn.resume_reading(turn.now);
        let (read, decoded) = if self.input.is_empty() {
            self.read_into_lent(cx, turn)
        } else {
            self.read_into_own(cx, turn)
        };
        match read {
            Poll::Pending => Ok(Step::Waits),
            Poll::Ready(Err(error)) => Err(End::Lost(error)),
            Poll::Ready(Ok(0)) => {
                self.conn.handle_eof();
                Ok(Step::GoesOn)
            }
            Poll::Ready(Ok(_)) if decoded == Decoded::Busy => Ok(self.pause(turn.now)),
            Poll::Ready(Ok(_)) => Ok(Step::GoesOn),
        }
    }

    /// Reads into the thread's buffer, as most do; what is left of it, part of a frame or what a busy handler has not
    /// seen, becomes the connection's own.
    fn read_into_lent(
        &mut self,
        cx: &mut Context<'_>,
        turn: &mut Turn<'_>,
    ) -> (Poll<std::io::Result<usize>>, Decoded) {
        turn.lent.clear_read();
        let mut input = mem::take(&mut turn.lent.read);
        let read = self.read(cx, &mut input);
        let decoded = match read {
            Poll::Ready(Ok(1..)) => self.decode(cx, &mut input, turn),
            _ => Decoded::Drained,
        };
        if !input.is_empty() {
            self.input = BytesMut::with_capacity(input.len() + self.missing(input.len()));
            self.input.extend_from_slice(&input);
        }
        turn.lent.read = input;
        turn.lent.read.clear();
        (read, decoded)
    }

    /// Reads on into a frame that is partly there, straight to where it stays.
    fn read_into_own(
        &mut self,
        cx: &mut Context<'_>,
        turn: &mut Turn<'_>,
    ) -> (Poll<std::io::Result<usize>>, Decoded) {
        let mut input = mem::take(&mut self.input);
        if input.capacity() == input.len() {
            input.reserve(self.missing(input.len()));
        }
        let read = self.read(cx, &mut input);
        let decoded = match read {
            Poll::Ready(Ok(1..)) => self.decode(cx, &mut input, turn),
            _ => Decoded::Drained,
        };
        if !input.is_empty() {
            self.input = input;
        }
        (read, decoded)
    }

    /// How much room to make for the rest of the frame that is arriving.
    fn missing(&self, arrived: usize) -> usize {
        // Of a header, the longest has 14 bytes.
        self.conn.wanted().clamp(14, arrived.max(GROWTH_BYTES))
    }

    fn read(&mut self, cx: &mut Context<'_>, into: &mut BytesMut) -> Poll<std::io::Result<usize>> {
        match &mut self.phase {
            Phase::Talking(io) | Phase::Parting { io, .. } => poll_read_buf(Pin::new(io), cx, into),
            Phase::Gone => Poll::Ready(Ok(0)),
        }
    }

    /// Hands out one message after the other, as long as the handler takes them.
    fn decode(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut BytesMut,
        turn: &mut Turn<'_>,
    ) -> Decoded {
        loop {
            if self.conversation.poll_ready(cx).is_pending() {
                return Decoded::Busy;
            }
            if self.stalled.is_none() && input.first().is_some_and(|first| may_end(*first)) {
                // Nothing leaves behind a close: what was answered goes first.
                self.encode(turn.lent, turn.now);
            }
            let Some(left) = turn.events.checked_sub(1) else {
                return Decoded::Enough;
            };
            match self.conn.decode(input, &mut turn.lent.scratch, turn.now) {
                Ok(Some(event)) => {
                    turn.events = left;
                    if let Event::Message(message) = event {
                        self.conversation.deliver(message);
                    }
                }
                Ok(None) if self.conn.is_over() => return Decoded::Over,
                Ok(None) => return Decoded::Drained,
                Err(_) => return Decoded::Over,
            }
        }
    }

    /// Nothing is read for a while: the peer is not blamed for it.
    fn pause(&mut self, now: Instant) -> Step {
        self.conn.pause_reading(now);
        Step::Waits
    }

    /// Throws away what the peer still sends. Ready when it has ended.
    pub(super) fn poll_discard(&mut self, cx: &mut Context<'_>, lent: &mut Lent) -> Poll<()> {
        lent.clear_read();
        let mut input = mem::take(&mut lent.read);
        let read = self.read(cx, &mut input);
        lent.read = input;
        lent.read.clear();
        match read {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(1..)) => {
                // There may be more: not now, others wait too.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Ready(_) => Poll::Ready(()),
        }
    }
}
