//! What codecs share: idle zlib states, lent for one message at a time, and a buffer between zlib and the output.

use flate2::{Compress, Compression, Decompress};
use sockeye_types::WindowBits;

use super::quick::Quick;

/// How many idle compressors are kept, each of up to 371 KiB. Compressing never pauses within a message, so that one a
/// set of parameters is enough; with more sets in use than this, the one that was idle longest goes.
const IDLE_COMPRESSORS: usize = 4;

/// How many idle decompressors are kept, each of 46 KiB. More than one, because a message may pause between
/// reads.
const IDLE_DECOMPRESSORS: usize = 8;

/// How many bytes zlib writes before they move on to the output: at most so many more than a limit allows are inflated.
const BUFFER_BYTES: usize = 16 * 1024;

/// Idle zlib states and a buffer, which all connections of one worker share.
///
/// It holds at most about 1.8 MiB, and nothing before its first use.
#[derive(Debug, Default)]
pub struct Codecs {
    compressors: Vec<(CompressorKind, Box<Compress>)>,
    #[expect(
        clippy::vec_box,
        reason = "the boxes go to connections, which must stay small"
    )]
    decompressors: Vec<Box<Decompress>>,
    quick: Option<Quick>,
    buffer: Vec<u8>,
}

/// What tells one zlib compressor from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CompressorKind {
    pub(super) window: WindowBits,
    /// 1 to 9.
    pub(super) level: u8,
}

impl Codecs {
    /// Lends a compressor without a past.
    pub(super) fn take_compressor(&mut self, kind: CompressorKind) -> Box<Compress> {
        match self.compressors.iter().position(|(idle, _)| *idle == kind) {
            Some(position) => {
                let (_, mut zlib) = self.compressors.remove(position);
                zlib.reset();
                zlib
            }
            None => Box::new(Compress::new_with_window_bits(
                Compression::new(kind.level.into()),
                false,
                kind.window.as_u8(),
            )),
        }
    }

    /// Takes back what [`take_compressor`](Self::take_compressor) lent.
    pub(super) fn give_compressor(&mut self, kind: CompressorKind, zlib: Box<Compress>) {
        if self.compressors.len() >= IDLE_COMPRESSORS {
            self.compressors.remove(0);
        }
        self.compressors.push((kind, zlib));
    }

    /// Lends a decompressor without a past, for any window: zlib-rs gives each the largest, whatever it is asked for.
    pub(super) fn take_decompressor(&mut self) -> Box<Decompress> {
        match self.decompressors.pop() {
            Some(mut zlib) => {
                zlib.reset(false);
                zlib
            }
            None => Box::new(Decompress::new(false)),
        }
    }

    /// Takes back what [`take_decompressor`](Self::take_decompressor) lent.
    pub(super) fn give_decompressor(&mut self, zlib: Box<Decompress>) {
        if self.decompressors.len() < IDLE_DECOMPRESSORS {
            self.decompressors.push(zlib);
        }
    }

    /// What compresses messages that stand alone at the fastest level.
    pub(super) fn quick(&mut self) -> &mut Quick {
        self.quick.get_or_insert_with(Quick::new)
    }

    /// A buffer for zlib to write to. What is in it is of no meaning.
    pub(super) fn buffer(&mut self) -> &mut [u8] {
        self.buffer.resize(BUFFER_BYTES, 0);
        &mut self.buffer
    }

    /// How many idle compressors and decompressors there are.
    #[cfg(test)]
    pub(super) fn idle(&self) -> (usize, usize) {
        (self.compressors.len(), self.decompressors.len())
    }
}
