//! The driver's way out: outbox → conn → socket, in one write for all that waits.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use bytes::Buf;
use sockeye_endpoint::{Batch, CanWrite, Outgoing, Shared};
use sockeye_types::{Close, Message};
use sockeye_ws_proto::{Conn, Framing, Prepared, Scratch, SendError};

use super::{Driver, End, Phase, Stream, Unsent, framed::binary_close};
use crate::{
    lent::Lent,
    sockjs::{FRAMED, IsBinary},
};

/// About how much is taken from an outbox for one write.
const BATCH_BYTES: usize = 256 << 10;

/// How many pieces one write gathers.
const PIECES: usize = 32;

impl<S: Stream> Driver<S> {
    /// Writes what waits, as far as the socket takes it.
    pub(super) fn send_out(
        &mut self,
        cx: &mut Context<'_>,
        lent: &mut Lent,
        now: Instant,
    ) -> Result<CanWrite, End> {
        if self.unsent.is_some() && self.flush(cx, &mut lent.scratch, now)? == CanWrite::No {
            // Pings and the close pass the messages that wait, and leave behind what is under way.
            self.encode(lent, now, 0);
            return Ok(CanWrite::No);
        }
        self.encode(lent, now, BATCH_BYTES);
        self.flush(cx, &mut lent.scratch, now)
    }

    /// Turns what is in the outbox into frames, about `budget` bytes of messages. What comes behind the peer's close or
    /// our own is dropped.
    pub(super) fn encode(&mut self, lent: &mut Lent, now: Instant, budget: usize) {
        let due = if self.framed.is_some() {
            self.conversation.take(budget, &mut lent.taken)
        } else {
            self.conversation.take_batched(budget, &mut lent.taken)
        };
        let scratch = &mut lent.scratch;
        if let Some(pings) = due.pings {
            for payload in pings {
                let _ = self.conn.ping(&payload, scratch);
            }
        }
        if self.framed.is_some() {
            return self.encode_framed(lent, now, due.close);
        }
        let sent = &mut lent.traffic.sent;
        for outgoing in &lent.taken {
            let done = match outgoing {
                Outgoing::Message(message) => self.conn.send(message, scratch),
                Outgoing::Shared(shared) => send_shared(&mut self.conn, shared, scratch),
            };
            if done.is_ok() {
                sent.count(outgoing.message());
            }
        }
        // Most turns have one, and to clear a deque costs more than that.
        drop(lent.taken.pop_front());
        if !lent.taken.is_empty() {
            lent.taken.clear();
        }
        if let Some(batch) = &due.batch {
            self.encode_batch(batch, lent);
        }
        if let Some(close) = due.close {
            self.conn.close(&close, &mut lent.scratch, now);
        }
    }

    /// Turns broadcasts that go out together into frames: without compression into bytes that all connections share.
    fn encode_batch(&mut self, batch: &Batch, lent: &mut Lent) {
        let (scratch, sent) = (&mut lent.scratch, &mut lent.traffic.sent);
        if self.conn.framing() == Some(Framing::PLAIN) {
            let bytes = batch.framed(Framing::PLAIN.to_bits(), |shared| {
                prepared(shared, Framing::PLAIN, scratch).into_bytes()
            });
            let frames = Prepared::from_parts(Framing::PLAIN, bytes);
            if self.conn.send_prepared(&frames, scratch).is_ok() {
                for shared in batch.messages() {
                    sent.count(shared.message());
                }
            }
            return;
        }
        for shared in batch.messages() {
            if send_shared(&mut self.conn, shared, scratch).is_ok() {
                sent.count(shared.message());
            }
        }
    }

    /// Turns what was taken from the outbox into one SockJS frame, with those that open and close the session around it.
    fn encode_framed(&mut self, lent: &mut Lent, now: Instant, close: Option<Close>) {
        let Some(framed) = &mut self.framed else {
            return;
        };
        let scratch = &mut lent.scratch;
        if let Some(open) = framed.open() {
            // What comes behind a close is dropped, as without frames.
            let _ = self.conn.send(&open, scratch);
        }
        for outgoing in &lent.taken {
            lent.traffic.sent.count(outgoing.message());
        }
        if let ([Outgoing::Shared(shared)], []) = lent.taken.as_slices()
            && let Some(framing) = self.conn.framing()
            && shared.message().is_text()
        {
            let bytes = shared.framed(framing.to_bits() | FRAMED, |message| {
                let alone = Outgoing::Message(message.clone());
                let (packed, _) = framed.pack(&mut std::iter::once(alone));
                let packed = packed.unwrap_or_else(|| Message::text(""));
                framing.prepare(&packed, scratch).into_bytes()
            });
            let prepared = Prepared::from_parts(framing, bytes);
            let _ = self.conn.send_prepared(&prepared, scratch);
            lent.taken.clear();
        } else {
            let (packed, result) = framed.pack(&mut lent.taken.drain(..));
            if let Some(packed) = packed {
                let _ = self.conn.send(&packed, scratch);
            }
            if result == Err(IsBinary) {
                self.conversation.close(binary_close());
            }
        }
        if let Some(close) = close {
            if let Some(frame) = framed.close(&close) {
                let _ = self.conn.send(&frame, scratch);
            }
            self.conn.close(&close, scratch, now);
        }
    }

    /// Gives the socket what is ready, and says whether it has taken all of it.
    pub(super) fn flush(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut Scratch,
        now: Instant,
    ) -> Result<CanWrite, End> {
        let out = &mut scratch.out;
        if out.is_empty() && self.unsent.is_none() {
            return Ok(CanWrite::Yes);
        }
        let before = out.len();
        let written = match &mut self.phase {
            Phase::Talking(io) => write_all(io, cx, out),
            Phase::Parting(parting) => write_all(&mut parting.io, cx, out),
            Phase::Gone => Poll::Ready(Ok(())),
        };
        match written {
            Poll::Ready(Ok(())) => {
                self.unsent = None;
                Ok(CanWrite::Yes)
            }
            Poll::Ready(Err(error)) => Err(End::Lost(error)),
            Poll::Pending => {
                let moved = out.len() < before;
                let unsent = self
                    .unsent
                    .get_or_insert_with(|| Unsent::new(now, &self.place));
                if moved {
                    unsent.since = now;
                }
                Ok(CanWrite::No)
            }
        }
    }
}

/// Turns a broadcast into a frame.
fn send_shared(conn: &mut Conn, shared: &Shared, scratch: &mut Scratch) -> Result<(), SendError> {
    match conn.framing() {
        Some(framing) => conn.send_prepared(&prepared(shared, framing, scratch), scratch),
        None => conn.send(shared.message(), scratch),
    }
}

/// Encodes a broadcast for a framing, unless another connection has done so.
fn prepared(shared: &Shared, framing: Framing, scratch: &mut Scratch) -> Prepared {
    let bytes = shared.framed(framing.to_bits(), |message| {
        framing.prepare(message, scratch).into_bytes()
    });
    Prepared::from_parts(framing, bytes)
}

fn write_all<S: Stream>(
    stream: &mut S,
    cx: &mut Context<'_>,
    out: &mut impl Buf,
) -> Poll<io::Result<()>> {
    while out.has_remaining() {
        let first = out.chunk();
        let written = if first.len() == out.remaining() {
            Pin::new(&mut *stream).poll_write(cx, first)
        } else {
            poll_write_pieces(stream, cx, out)
        };
        match std::task::ready!(written)? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            written => out.advance(written),
        }
    }
    Pin::new(stream).poll_flush(cx)
}

fn poll_write_pieces<S: Stream>(
    stream: &mut S,
    cx: &mut Context<'_>,
    out: &impl Buf,
) -> Poll<io::Result<usize>> {
    let mut pieces = [IoSlice::new(&[]); PIECES];
    let count = out.chunks_vectored(&mut pieces);
    Pin::new(stream).poll_write_vectored(cx, pieces.get(..count).unwrap_or_default())
}
