//! Our half of the compression: whole messages in, raw deflate out.

use std::mem;

use bytes::{BufMut, BytesMut};
use flate2::{Compress, FlushCompress, Status};
use sockeye_types::ContextTakeover;

use super::{Codecs, Direction, TAIL, codecs::CompressorKind, quick::Remembering};

/// Compresses the messages of one connection (RFC 7692 §7.2.1).
///
/// Level 1 is our own, higher ones are zlib's. Without context takeover it holds no memory: what compresses is lent to
/// it for each message. With it, a [`Remembering`] or a zlib state is kept from the first message on.
#[derive(Debug)]
pub(crate) struct Compressor {
    kind: CompressorKind,
    context: ContextTakeover,
    kept: Kept,
}

/// What is kept between messages.
#[derive(Debug)]
enum Kept {
    Nothing,
    Quick(Box<Remembering>),
    Zlib(Box<Compress>),
}

impl Compressor {
    /// Makes a compressor; a level outside of 1 to 9 is brought to the nearer end.
    pub(crate) fn new(direction: Direction, level: u8) -> Self {
        Self {
            kind: CompressorKind {
                window: direction.window,
                level: level.clamp(1, 9),
            },
            context: direction.context,
            kept: Kept::Nothing,
        }
    }

    /// Appends the payload of a whole message to `out`, compressed, without the four bytes that RFC 7692 leaves out.
    pub(crate) fn compress(&mut self, payload: &[u8], out: &mut BytesMut, codecs: &mut Codecs) {
        if payload.is_empty() {
            // RFC 7692 §7.2.3.6. zlib has nothing to flush, and after another flush it would put out nothing.
            out.put_u8(0x00);
            return;
        }
        if self.kind.level == 1 {
            self.compress_quickly(payload, out, codecs);
            return;
        }
        let mut zlib = match mem::replace(&mut self.kept, Kept::Nothing) {
            Kept::Zlib(zlib) => zlib,
            Kept::Nothing | Kept::Quick(_) => codecs.take_compressor(self.kind),
        };
        flush(&mut zlib, payload, out, codecs);
        debug_assert!(out.ends_with(&TAIL));
        out.truncate(out.len() - TAIL.len());
        match self.context {
            ContextTakeover::Kept => self.kept = Kept::Zlib(zlib),
            ContextTakeover::None => codecs.give_compressor(self.kind, zlib),
        }
    }

    fn compress_quickly(&mut self, payload: &[u8], out: &mut BytesMut, codecs: &mut Codecs) {
        let window = self.kind.window;
        if self.context == ContextTakeover::None {
            codecs.quick().compress(payload, window, out);
            return;
        }
        let mut quick = match mem::replace(&mut self.kept, Kept::Nothing) {
            Kept::Quick(quick) => quick,
            Kept::Nothing | Kept::Zlib(_) => Box::new(Remembering::new()),
        };
        quick.compress(payload, window, out);
        self.kept = Kept::Quick(quick);
    }

    /// Forgets the context: what is compressed next refers to nothing that was sent before. To be called after a
    /// compressed message that this compressor did not make, because it has moved the peer's window.
    pub(crate) fn reset(&mut self, codecs: &mut Codecs) {
        match &mut self.kept {
            Kept::Nothing => {}
            Kept::Quick(quick) => quick.forget(),
            Kept::Zlib(_) => {
                if let Kept::Zlib(zlib) = mem::replace(&mut self.kept, Kept::Nothing) {
                    codecs.give_compressor(self.kind, zlib);
                }
            }
        }
    }
}

/// Compresses all of `input` and flushes it, so that the output ends at a byte, after an empty block (RFC 7692
/// §7.2.1).
fn flush(zlib: &mut Compress, mut input: &[u8], out: &mut BytesMut, codecs: &mut Codecs) {
    loop {
        let buffer = codecs.buffer();
        let (read, written) = (zlib.total_in(), zlib.total_out());
        let status = zlib.compress(input, buffer, FlushCompress::Sync);
        let read = distance(read, zlib.total_in());
        let written = distance(written, zlib.total_out());
        input = input.get(read..).unwrap_or_default();
        out.extend_from_slice(buffer.get(..written).unwrap_or_default());
        match status {
            // A full buffer may have more behind it.
            Ok(Status::Ok) if written == buffer.len() || !input.is_empty() => {}
            Ok(Status::Ok | Status::BufError) => return,
            Ok(Status::StreamEnd) | Err(_) => {
                unreachable!("a stream that is never finished takes any input")
            }
        }
    }
}

/// How far one of zlib's totals has moved within one call, which can't be further than a slice is long.
pub(super) fn distance(before: u64, after: u64) -> usize {
    usize::try_from(after - before).unwrap_or(usize::MAX)
}
