//! The peer's half of the compression: pieces of raw deflate in, messages out, never more than the limit.

use std::mem;

use bytes::BytesMut;
use flate2::{Decompress, FlushDecompress, Status};
use sockeye_types::ContextTakeover;
use thiserror::Error;

use super::{
    Codecs, Direction,
    compressor::distance,
    history::{History, tail},
};

/// What comes after the last byte of a message: what RFC 7692 leaves out, and to see that its last block was whole, an empty block that
/// ends the deflate stream.
const END: [u8; 9] = [0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff];

/// How many deflate streams one message may consist of. One more is corrupt: it bounds the work that blocks of two
/// bytes can cause. Who ends a stream at all does so once for each flush.
const STREAMS: u16 = 1024;

/// Inflates the messages of one connection (RFC 7692 §7.2.2).
///
/// A zlib state is lent to it from the first byte of a message to its end. With context takeover it keeps between
/// messages what the peer may refer back to, and nothing else.
///
/// ```text
///             input                deflate stream ends
///   Idle ───────────────► Inflating ───────────────► Ended
///    ▲ ▲                    │ │  ▲                    │ │
///    │ └──────finish────────┘ │  └───── input ────────┘ │
///    └────────finish──────────┼─────────────────────────┘
///                             └── bad data, limit ──► Failed
/// ```
#[derive(Debug)]
pub(crate) struct Decompressor {
    phase: Phase,
    context: ContextTakeover,
    history: History,
    /// How many bytes at the end of the output are not yet in the history.
    unrecorded: usize,
    /// How many deflate streams of this message have ended.
    ended: u16,
}

#[derive(Debug)]
enum Phase {
    /// Between messages.
    Idle,
    /// Within a message.
    Inflating(Box<Decompress>),
    /// Within a message, after a block with BFINAL set and nothing yet behind it (RFC 7692 §7.2.3.4).
    Ended(Box<Decompress>),
    /// Nothing can be inflated anymore.
    Failed(InflateError),
}

/// The peer's compressed data can't be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InflateError {
    /// The data is not what a compressor puts out, or a message stops in the middle of a block.
    #[error("the compressed data is corrupt")]
    Corrupt,
    /// There is more in it than is allowed.
    #[error("the message is larger than allowed when it is inflated")]
    TooBig,
}

impl Decompressor {
    /// Makes a decompressor, which holds no memory yet.
    pub(crate) fn new(direction: Direction) -> Self {
        Self {
            phase: Phase::Idle,
            context: direction.context,
            history: History::new(direction.window),
            unrecorded: 0,
            ended: 0,
        }
    }

    /// Appends to `out` what the next piece of a message holds, however the message was cut. `out` must hold all that
    /// was inflated of this message before, and never grows beyond `limit` bytes.
    ///
    /// # Errors
    /// [`InflateError`], and from then on the same one at each call.
    pub(crate) fn inflate(
        &mut self,
        input: &[u8],
        out: &mut BytesMut,
        limit: usize,
        codecs: &mut Codecs,
    ) -> Result<(), InflateError> {
        let advanced = self.advance(input, out, limit, codecs);
        if let Err(error) = advanced {
            self.phase = Phase::Failed(error);
        }
        advanced
    }

    /// Ends a message: appends to `out` what is still to come of it, as [`inflate`](Self::inflate) does, and gives
    /// the zlib state back.
    ///
    /// # Errors
    /// [`InflateError`], and from then on the same one at each call.
    pub(crate) fn finish(
        &mut self,
        out: &mut BytesMut,
        limit: usize,
        codecs: &mut Codecs,
    ) -> Result<(), InflateError> {
        if let Phase::Inflating(_) = self.phase {
            // The tail is a whole block only if the message stopped where RFC 7692 §7.2.1 has it stop.
            self.inflate(&END, out, limit, codecs)?;
        }
        match mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Idle => Ok(()),
            Phase::Ended(zlib) => {
                codecs.give_decompressor(zlib);
                self.ended = 0;
                match self.context {
                    ContextTakeover::Kept => self.record(out),
                    ContextTakeover::None => self.forget(),
                }
                Ok(())
            }
            Phase::Inflating(_) => {
                self.phase = Phase::Failed(InflateError::Corrupt);
                Err(InflateError::Corrupt)
            }
            Phase::Failed(error) => {
                self.phase = Phase::Failed(error);
                Err(error)
            }
        }
    }

    fn advance(
        &mut self,
        mut input: &[u8],
        out: &mut BytesMut,
        limit: usize,
        codecs: &mut Codecs,
    ) -> Result<(), InflateError> {
        if let Phase::Failed(error) = self.phase {
            return Err(error);
        }
        while !input.is_empty() {
            let mut zlib = self.resume(out, codecs);
            let before = out.len();
            let stop = drain(&mut zlib, &mut input, out, limit, codecs)?;
            self.unrecorded += out.len() - before;
            self.phase = match stop {
                Stop::OutOfInput => Phase::Inflating(zlib),
                Stop::StreamEnd if self.ended >= STREAMS => return Err(InflateError::Corrupt),
                Stop::StreamEnd => {
                    self.ended += 1;
                    Phase::Ended(zlib)
                }
            };
        }
        Ok(())
    }

    /// Takes the state that the next byte of input is for.
    fn resume(&mut self, out: &BytesMut, codecs: &mut Codecs) -> Box<Decompress> {
        match mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Inflating(zlib) => zlib,
            Phase::Idle | Phase::Failed(_) => {
                let mut zlib = codecs.take_decompressor();
                self.history.load(&mut zlib);
                zlib
            }
            // RFC 7692 §7.2.3.4: the message goes on in a new stream, with the window as it was.
            Phase::Ended(mut zlib) => {
                self.record(out);
                zlib.reset(false);
                self.history.load(&mut zlib);
                zlib
            }
        }
    }

    fn record(&mut self, out: &BytesMut) {
        self.history.record(tail(out, self.unrecorded));
        self.unrecorded = 0;
    }

    fn forget(&mut self) {
        self.history.clear();
        self.unrecorded = 0;
    }

    /// How many bytes of memory are kept between messages.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.history.capacity()
    }
}

/// Why [`drain`] came back.
enum Stop {
    OutOfInput,
    StreamEnd,
}

/// Inflates until the input is used up and all that it held is put out, or until the deflate stream ends.
fn drain(
    zlib: &mut Decompress,
    input: &mut &[u8],
    out: &mut BytesMut,
    limit: usize,
    codecs: &mut Codecs,
) -> Result<Stop, InflateError> {
    loop {
        let room = limit.saturating_sub(out.len());
        let buffer = codecs.buffer();
        let (read, written) = (zlib.total_in(), zlib.total_out());
        let status = zlib
            .decompress(input, buffer, FlushDecompress::None)
            .map_err(|_| InflateError::Corrupt)?;
        let read = distance(read, zlib.total_in());
        let written = distance(written, zlib.total_out());
        if written > room {
            return Err(InflateError::TooBig);
        }
        *input = input.get(read..).unwrap_or_default();
        out.extend_from_slice(buffer.get(..written).unwrap_or_default());
        match status {
            Status::StreamEnd => return Ok(Stop::StreamEnd),
            // A full buffer may have more behind it.
            Status::Ok | Status::BufError if written == buffer.len() => {}
            Status::Ok | Status::BufError if input.is_empty() => return Ok(Stop::OutOfInput),
            Status::Ok => {}
            Status::BufError => return Err(InflateError::Corrupt),
        }
    }
}
