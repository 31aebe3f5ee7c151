//! The driver's way out: outbox → conn → socket, in one write for all that waits.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use bytes::Buf;
use sockeye_endpoint::{CanWrite, Outgoing};
use sockeye_ws_proto::{Framing, Prepared, Scratch};

use super::{Driver, End, InFlight, Phase, Stream};
use crate::lent::Lent;

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
        if self.stalled.is_some() && self.flush(cx, &mut lent.scratch, now)? == CanWrite::No {
            return Ok(CanWrite::No);
        }
        self.encode(lent, now);
        self.flush(cx, &mut lent.scratch, now)
    }

    /// Turns what is in the outbox into frames. What comes behind the peer's close or our own is dropped.
    pub(super) fn encode(&mut self, lent: &mut Lent, now: Instant) {
        let due = self.conversation.take(BATCH_BYTES, &mut lent.taken);
        let scratch = &mut lent.scratch;
        for payload in due.pings {
            let _ = self.conn.ping(&payload, scratch);
        }
        for outgoing in lent.taken.drain(..) {
            self.in_flight = InFlight::Messages;
            let _ = match outgoing {
                Outgoing::Message(message) => self.conn.send(&message, scratch),
                Outgoing::Shared(shared) => match self.conn.framing() {
                    Some(framing) => self
                        .conn
                        .send_prepared(&prepared(&shared, framing, scratch), scratch),
                    None => self.conn.send(shared.message(), scratch),
                },
            };
        }
        if let Some((close, initiator)) = due.close
            && self.conn.is_open()
        {
            self.ordered = Some(initiator);
            self.conn.close(&close, scratch, now);
        }
    }

    /// Gives the socket what is ready, and tells the outbox when all of it is gone.
    pub(super) fn flush(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut Scratch,
        now: Instant,
    ) -> Result<CanWrite, End> {
        let (Phase::Talking(io) | Phase::Parting { io, .. }) = &mut self.phase else {
            return Ok(CanWrite::No);
        };
        let out = &mut scratch.out;
        if out.is_empty() && self.stalled.is_none() && self.in_flight == InFlight::Nothing {
            return Ok(CanWrite::Yes);
        }
        let before = out.len();
        match write_all(io, cx, out) {
            Poll::Ready(Ok(())) => {
                self.stalled = None;
                if self.in_flight == InFlight::Messages {
                    self.in_flight = InFlight::Nothing;
                    self.conversation.written();
                }
                Ok(CanWrite::Yes)
            }
            Poll::Ready(Err(error)) => Err(End::Lost(error)),
            Poll::Pending => {
                if out.len() < before || self.stalled.is_none() {
                    self.stalled = Some(now);
                }
                Ok(CanWrite::No)
            }
        }
    }
}

/// Encodes a broadcast for a framing, unless another connection has done so.
fn prepared(
    shared: &sockeye_endpoint::Shared,
    framing: Framing,
    scratch: &mut Scratch,
) -> Prepared {
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
        let mut pieces = [IoSlice::new(&[]); PIECES];
        let count = out.chunks_vectored(&mut pieces);
        let written = if count == 1 {
            Pin::new(&mut *stream).poll_write(cx, out.chunk())
        } else {
            Pin::new(&mut *stream).poll_write_vectored(cx, pieces.get(..count).unwrap_or_default())
        };
        match std::task::ready!(written)? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            written => out.advance(written),
        }
    }
    Pin::new(stream).poll_flush(cx)
}
