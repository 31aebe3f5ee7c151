//! The driver's way in: stream → conn → inbox.

use std::{
    io, mem,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use bytes::BytesMut;
use sockeye_ws_proto::Event;
use tokio_util::io::poll_read_buf;

use super::{Driver, End, Step, Turn};
use crate::{Direction, lent::Lent};

/// A large frame's buffer grows by this much at first, then doubles: what a header announces is not believed until it
/// comes.
const GROWTH_BYTES: usize = 64 << 10;

/// What decoding a buffer came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decoded {
    /// The buffer holds no whole frame any more.
    Drained,
    /// Nothing more is decoded, nor read, until the inbox is asked.
    Busy,
    /// The turn's share of events is used up.
    Enough,
    /// The conn is over.
    Over,
}

impl Driver {
    /// Puts what waits into the inbox, then reads and puts that there.
    pub(super) fn take_in(
        &mut self,
        cx: &mut Context<'_>,
        turn: &mut Turn<'_>,
    ) -> Result<Step, End> {
        let mut input = mem::take(&mut self.input);
        let decoded = self.decode(cx, &mut input, turn);
        self.input = input;
        if let Some(step) = self.after(decoded, turn) {
            return Ok(step);
        }
        if turn.lent.scratch.out.len() > self.limits.outbox_bytes {
            // The server takes nothing: answers to its pings would only pile up. Once it takes something, this goes on.
            self.conn.pause_reading(turn.now);
            return Ok(Step::Waits);
        }
        self.conn.resume_reading(turn.now);
        let read = match self.input.is_empty() {
            true => self.read_into_lent(cx, turn),
            false => self.read_into_own(cx, turn),
        };
        let (read, decoded) = match read {
            Poll::Ready(read) => read.map_err(End::Lost)?,
            Poll::Pending => return Ok(Step::Waits),
        };
        if read == 0 {
            self.conn.handle_eof();
            return Ok(Step::GoesOn);
        }
        Ok(self.after(decoded, turn).unwrap_or(Step::GoesOn))
    }

    /// What follows from decoding; `None` if more can be read.
    fn after(&mut self, decoded: Decoded, turn: &Turn<'_>) -> Option<Step> {
        match decoded {
            Decoded::Drained => None,
            Decoded::Busy => {
                self.conn.pause_reading(turn.now);
                Some(Step::Waits)
            }
            Decoded::Enough | Decoded::Over => Some(Step::GoesOn),
        }
    }

    /// Reads into the thread's buffer, as most do; what is left of it becomes the connection's own.
    fn read_into_lent(
        &mut self,
        cx: &mut Context<'_>,
        turn: &mut Turn<'_>,
    ) -> Poll<io::Result<(usize, Decoded)>> {
        turn.lent.clear_read();
        let mut input = mem::take(&mut turn.lent.read);
        let read = self.read(cx, &mut input);
        let decoded = self.decode(cx, &mut input, turn);
        if !input.is_empty() {
            let mut own = BytesMut::with_capacity(input.len() + self.missing(input.len()));
            own.extend_from_slice(&input);
            self.input = own;
        }
        turn.lent.read = input;
        turn.lent.read.clear();
        read.map_ok(|read| (read, decoded))
    }

    /// Reads on into a frame that is partly there, straight to where it stays.
    fn read_into_own(
        &mut self,
        cx: &mut Context<'_>,
        turn: &mut Turn<'_>,
    ) -> Poll<io::Result<(usize, Decoded)>> {
        let mut input = mem::take(&mut self.input);
        if input.capacity() == input.len() {
            input.reserve(self.missing(input.len()));
        }
        let read = self.read(cx, &mut input);
        let decoded = match read {
            Poll::Ready(Ok(1..)) => self.decode(cx, &mut input, turn),
            _ => Decoded::Drained,
        };
        // Nothing is kept for nothing.
        self.input = if input.is_empty() {
            BytesMut::new()
        } else {
            input
        };
        read.map_ok(|read| (read, decoded))
    }

    /// How much room to make for the rest of the frame that is arriving.
    fn missing(&self, arrived: usize) -> usize {
        // Of a header, the longest has 14 bytes.
        self.conn.wanted().clamp(14, arrived.max(GROWTH_BYTES))
    }

    fn read(&mut self, cx: &mut Context<'_>, into: &mut BytesMut) -> Poll<io::Result<usize>> {
        let before = into.len();
        let read = poll_read_buf(Pin::new(&mut self.io), cx, into);
        if let Some(watch) = &mut self.watch {
            watch.saw(Direction::Received, into.get(before..).unwrap_or_default());
        }
        read
    }

    /// Puts one message after the other into the inbox, as long as there is room.
    fn decode(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut BytesMut,
        turn: &mut Turn<'_>,
    ) -> Decoded {
        while !input.is_empty() && !self.conn.is_over() {
            if self.inbox.poll_room(cx).is_pending() {
                return Decoded::Busy;
            }
            let Some(left) = turn.events.checked_sub(1) else {
                return Decoded::Enough;
            };
            turn.events = left;
            let scratch = &mut turn.lent.scratch;
            match self.conn.decode_before_close(input, scratch, turn.now) {
                Ok(Some(Event::Message(message))) => self.inbox.put(message),
                Ok(Some(Event::Pong(payload))) => self.pings.answer(&payload, turn.now),
                Ok(Some(Event::Ping(_) | Event::Close(_))) => {}
                Ok(None) if self.conn.is_before_close(input) => {
                    if self.poll_answered(cx, turn.now).is_pending() {
                        return Decoded::Busy;
                    }
                    let _ = self.conn.decode(input, scratch, turn.now);
                }
                Ok(None) => return Decoded::Drained,
                Err(_) => return Decoded::Over,
            }
        }
        if self.conn.is_over() {
            Decoded::Over
        } else {
            Decoded::Drained
        }
    }

    /// Ready when the server's close can be answered. Nothing may be sent behind the answer, so whatever came before
    /// the close is received first, and what the receiver sent before it asked for more is written. A receiver that
    /// does not ask holds the close up for `close_time` at most.
    fn poll_answered(&mut self, cx: &Context<'_>, now: Instant) -> Poll<()> {
        if !self.conn.is_open() {
            return Poll::Ready(());
        }
        self.held.get_or_insert(now);
        if self.held_until().is_some_and(|until| now >= until) {
            return Poll::Ready(());
        }
        if self.inbox.poll_waited_for(cx).is_ready() && self.outbox.is_empty() {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Until when the server's close is held up; `None` if it is not.
    pub(super) fn held_until(&self) -> Option<Instant> {
        self.held?.checked_add(self.limits.close_time)
    }

    /// Throws away what the server still sends. Ready when it has ended.
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
