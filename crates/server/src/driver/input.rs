//! The driver's way in: socket → conn → handler.

use std::{
    mem,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::BytesMut;
use sockeye_ws_proto::{Event, ProtocolError, Upcoming};

use super::{Driver, End, Phase, Step, Stream, Turn};
use crate::lent::{Expected, LARGE_FRAME_BYTES, Lent, is_large};

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
    /// The turn's share of events is used up, or enough waits to be written.
    Enough,
    /// The conn is over.
    Over,
}

/// What a read came to.
enum Read {
    /// There is nothing to read now.
    Nothing,
    /// Something came, and was decoded that far.
    Some(Decoded),
    /// The peer has ended.
    End,
}

impl<S: Stream> Driver<S> {
    /// Lets the handler have the messages that wait, then reads and lets it have those.
    pub(super) fn take_in(
        &mut self,
        cx: &mut Context<'_>,
        turn: &mut Turn<'_>,
    ) -> Result<Step, End> {
        let ready = self.conversation.poll_ready(cx, &mut turn.lent.calls);
        if ready.is_pending() {
            return Ok(self.pause(turn.now));
        }
        let decoded = match self.input.take() {
            None if self.has_unpacked() => self.decode(cx, &mut BytesMut::new(), turn),
            Some(mut input) => {
                let decoded = self.decode(cx, &mut input, turn);
                self.keep(input);
                decoded
            }
            None => Decoded::Drained,
        };
        match decoded {
            Decoded::Drained => {}
            Decoded::Busy => return Ok(self.pause(turn.now)),
            Decoded::Enough | Decoded::Over => return Ok(Step::GoesOn),
        }
        if turn.lent.scratch.out.len() > self.conversation.limits().outbox_bytes {
            // The peer takes nothing: answers to its pings would only pile up. Once it takes something, this goes on.
            self.conn.pause_reading(turn.now);
            return Ok(Step::WaitsToWrite);
        }
        self.conn.resume_reading(turn.now);
        // A second read mostly finds nothing, without asking the system, and so has the driver woken for what comes.
        match self.read_and_decode(cx, turn)? {
            Read::Some(Decoded::Drained) => {}
            read => return Ok(self.after(&read, turn)),
        }
        let read = self.read_and_decode(cx, turn)?;
        Ok(self.after(&read, turn))
    }

    fn after(&mut self, read: &Read, turn: &mut Turn<'_>) -> Step {
        match read {
            Read::Nothing => Step::Waits,
            Read::Some(Decoded::Busy) => self.pause(turn.now),
            Read::Some(_) => Step::GoesOn,
            Read::End => {
                // Who has only stopped to send may still read: what was answered goes out.
                self.encode_answers(turn);
                self.conn.handle_eof();
                Step::GoesOn
            }
        }
    }

    fn read_and_decode(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> Result<Read, End> {
        if !self.stream().is_none_or(|stream| stream.may_read()) {
            return Ok(Read::Nothing);
        }
        let (read, decoded) = match self.input.take() {
            None => match turn.lent.buffer_ahead() {
                None => self.read_into_lent(cx, turn),
                Some(large) => self.read_ahead(cx, large, turn),
            },
            Some(input) => self.read_into_own(cx, input, turn),
        };
        match read {
            Poll::Pending => Ok(Read::Nothing),
            Poll::Ready(Err(error)) => Err(End::Lost(error)),
            Poll::Ready(Ok(0)) => Ok(Read::End),
            Poll::Ready(Ok(_)) => Ok(Read::Some(decoded)),
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
            let mut own = turn
                .lent
                .large_buffer(input.len(), self.conn.wanted())
                .unwrap_or_else(|| {
                    BytesMut::with_capacity(input.len() + self.missing(input.len()))
                });
            own.extend_from_slice(&input);
            self.input = Some(Box::new(own));
        }
        turn.lent.read = input;
        turn.lent.read.clear();
        (read, decoded)
    }

    /// Reads into a large buffer, where a large frame that begins in it stays. Nothing else does.
    fn read_ahead(
        &mut self,
        cx: &mut Context<'_>,
        large: BytesMut,
        turn: &mut Turn<'_>,
    ) -> (Poll<std::io::Result<usize>>, Decoded) {
        let (read, decoded) = self.read_into_own(cx, Box::new(large), turn);
        let wanted = self.conn.wanted();
        let mut begins = false;
        if let Some(input) = self.input.as_deref_mut() {
            begins = is_large(input.len(), wanted);
            if !begins {
                *input = BytesMut::from(input.as_ref());
            }
        }
        if matches!(read, Poll::Ready(Ok(bytes)) if bytes < LARGE_FRAME_BYTES) && !begins {
            turn.lent.expected = Expected::Anything;
        }
        (read, decoded)
    }

    /// Reads on into a frame that is partly there, straight to where it stays.
    fn read_into_own(
        &mut self,
        cx: &mut Context<'_>,
        mut input: Box<BytesMut>,
        turn: &mut Turn<'_>,
    ) -> (Poll<std::io::Result<usize>>, Decoded) {
        if input.capacity() == input.len() {
            match turn.lent.large_buffer(input.len(), self.conn.wanted()) {
                Some(mut large) => {
                    large.extend_from_slice(&input);
                    *input = large;
                }
                None => input.reserve(self.missing(input.len())),
            }
        }
        let read = self.read(cx, &mut input);
        let decoded = match read {
            Poll::Ready(Ok(1..)) => self.decode(cx, &mut input, turn),
            _ => Decoded::Drained,
        };
        self.keep(input);
        (read, decoded)
    }

    /// Keeps what is not decoded yet; nothing is kept for nothing.
    fn keep(&mut self, input: Box<BytesMut>) {
        if !input.is_empty() {
            self.input = Some(input);
        }
    }

    /// How much room to make for the rest of the frame that is arriving.
    fn missing(&self, arrived: usize) -> usize {
        // Of a header, the longest has 14 bytes.
        self.conn.wanted().clamp(14, arrived.max(GROWTH_BYTES))
    }

    fn read(&mut self, cx: &mut Context<'_>, into: &mut BytesMut) -> Poll<std::io::Result<usize>> {
        match &mut self.phase {
            Phase::Talking(io) => io.poll_read_into(cx, into),
            Phase::Parting(parting) => parting.io.poll_read_into(cx, into),
            Phase::Gone => Poll::Ready(Ok(0)),
        }
    }

    /// Hands out one message after the other, as long as the handler takes them. It must be ready for the first.
    fn decode(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut BytesMut,
        turn: &mut Turn<'_>,
    ) -> Decoded {
        loop {
            if self.framed.is_none() && self.deliver_whole(cx, input, turn).is_pending() {
                return Decoded::Busy;
            }
            if input.is_empty() && !self.has_unpacked() {
                break;
            }
            let Some(left) = turn.events.checked_sub(1) else {
                return Decoded::Enough;
            };
            match self.next_event(input, turn) {
                Ok(Upcoming::Event(event)) => {
                    *turn.events = left;
                    if let Event::Message(message) = event {
                        turn.lent.traffic.received.count(&message);
                        let calls = &mut turn.lent.calls;
                        if self.conversation.deliver(message, cx, calls).is_pending() {
                            return Decoded::Busy;
                        }
                    }
                }
                Ok(Upcoming::Nothing) => break,
                Ok(Upcoming::End) => {
                    self.encode_answers(turn);
                    let _ = self.conn.decode(input, &mut turn.lent.scratch, turn.now);
                    break;
                }
                Err(_) => return Decoded::Over,
            }
        }
        if self.conn.is_over() {
            Decoded::Over
        } else {
            Decoded::Drained
        }
    }

    /// Hands out messages as they mostly come, up to whatever else comes. Ready when the handler is.
    #[inline]
    fn deliver_whole(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut BytesMut,
        turn: &mut Turn<'_>,
    ) -> Poll<()> {
        let Lent { traffic, calls, .. } = &mut *turn.lent;
        let mut messages = self.conn.whole_messages(input, turn.now);
        while *turn.events > 0
            && let Some(message) = &mut messages.next()
        {
            *turn.events -= 1;
            traffic.received.count(message);
            ready!(self.conversation.deliver_from(message, cx, calls));
        }
        Poll::Ready(())
    }

    /// Decodes the next event.
    #[inline]
    fn next_event(
        &mut self,
        input: &mut BytesMut,
        turn: &mut Turn<'_>,
    ) -> Result<Upcoming, ProtocolError> {
        if self.framed.is_some() {
            return self.next_framed(input, turn);
        }
        let scratch = &mut turn.lent.scratch;
        self.conn.decode_before_end(input, scratch, turn.now)
    }

    /// Returns what was unpacked before, or decodes the next event. A frame of several messages is as many events.
    fn next_framed(
        &mut self,
        input: &mut BytesMut,
        turn: &mut Turn<'_>,
    ) -> Result<Upcoming, ProtocolError> {
        loop {
            if let Some(framed) = &mut self.framed
                && let Some(message) = framed.next()
            {
                return Ok(Upcoming::Event(Event::Message(message)));
            }
            let scratch = &mut turn.lent.scratch;
            let upcoming = self.conn.decode_before_end(input, scratch, turn.now)?;
            match (&mut self.framed, upcoming) {
                (Some(framed), Upcoming::Event(Event::Message(frame))) => {
                    if let Err(close) = framed.unpack(&frame) {
                        self.conversation.close(close);
                    }
                }
                (_, upcoming) => return Ok(upcoming),
            }
        }
    }

    #[inline]
    fn has_unpacked(&self) -> bool {
        self.framed.as_ref().is_some_and(|framed| framed.has_next())
    }

    /// Encodes all that the handler has sent by now: nothing leaves behind a close. Where the socket is blocked it stays.
    fn encode_answers(&mut self, turn: &mut Turn<'_>) {
        if self.unsent.is_none() {
            self.encode(turn.lent, turn.now, usize::MAX);
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
