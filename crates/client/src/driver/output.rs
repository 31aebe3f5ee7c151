//! The driver's way out: outbox → conn → stream, in one write for all that waits.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use bytes::Buf;
use sockeye_ws_proto::{Output, Scratch};
use tokio::io::AsyncWrite;

use super::{Driver, End, Step};
use crate::{Direction, lent::Lent, observer::Watch, stream::Stream};

/// About how much is taken from an outbox for one write.
const BATCH_BYTES: usize = 256 << 10;

/// How many pieces one write gathers.
const PIECES: usize = 32;

/// Whether the stream has taken all there was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    All,
    NotAll,
}

impl Driver {
    /// Writes what waits, as far as the stream takes it.
    pub(super) fn send_out(
        &mut self,
        cx: &mut Context<'_>,
        lent: &mut Lent,
        now: Instant,
    ) -> Result<Step, End> {
        if self.blocked.is_some() && self.flush(cx, &mut lent.scratch, now)? == Written::NotAll {
            return Ok(Step::Waits);
        }
        self.encode(cx, &mut lent.scratch, now);
        let had = !lent.scratch.out.is_empty();
        match self.flush(cx, &mut lent.scratch, now)? {
            // More may have come meanwhile, and a close may have waited for this.
            Written::All if had => Ok(Step::GoesOn),
            Written::All | Written::NotAll => Ok(Step::Waits),
        }
    }

    /// Turns what is in the outbox into frames, and the close behind it. What comes behind the server's close or our
    /// own is dropped.
    fn encode(&mut self, cx: &mut Context<'_>, scratch: &mut Scratch, now: Instant) {
        while scratch.out.len() < BATCH_BYTES {
            match self.waiting.messages.poll_recv(cx) {
                Poll::Ready(Some(queued)) => {
                    let _ = self.conn.send(&queued.message, scratch);
                    self.in_flight.push(queued.cost);
                }
                // It was closed, by the caller's close, and is empty now.
                Poll::Ready(None) => {
                    if let Some(asked) = self.asked.take() {
                        self.conn.close(&asked.close, scratch, now);
                    }
                    return;
                }
                Poll::Pending => return,
            }
        }
    }

    /// Gives the stream what is ready, and says whether it has taken all of it.
    pub(super) fn flush(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut Scratch,
        now: Instant,
    ) -> Result<Written, End> {
        let out = &mut scratch.out;
        if out.is_empty() && self.blocked.is_none() {
            return Ok(Written::All);
        }
        let before = out.len();
        match write_all(&mut self.io, cx, out, self.watch.as_deref_mut()) {
            Poll::Ready(Ok(())) => {
                self.blocked = None;
                for cost in self.in_flight.drain(..) {
                    self.outbox.make_room(cost);
                }
                Ok(Written::All)
            }
            Poll::Ready(Err(error)) => Err(End::Lost(error)),
            Poll::Pending => {
                if out.len() < before {
                    self.blocked = Some(now);
                }
                self.blocked.get_or_insert(now);
                Ok(Written::NotAll)
            }
        }
    }
}

fn write_all(
    stream: &mut Box<dyn Stream>,
    cx: &mut Context<'_>,
    out: &mut Output,
    mut watch: Option<&mut Watch>,
) -> Poll<io::Result<()>> {
    while out.has_remaining() {
        let mut pieces = [IoSlice::new(&[]); PIECES];
        let count = out.chunks_vectored(&mut pieces);
        let pieces = pieces.get(..count).unwrap_or_default();
        let written = std::task::ready!(Pin::new(&mut *stream).poll_write_vectored(cx, pieces))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        if let Some(watch) = &mut watch {
            let mut left = written;
            for piece in pieces {
                let here = piece.get(..left.min(piece.len())).unwrap_or_default();
                watch.saw(Direction::Sent, here);
                left -= here.len();
            }
        }
        out.advance(written);
    }
    Pin::new(stream).poll_flush(cx)
}
