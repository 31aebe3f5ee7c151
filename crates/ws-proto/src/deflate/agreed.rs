//! What both sides agreed on, seen from this side.

use sockeye_types::{ContextTakeover, WindowBits};

/// How one of the two compressors of a connection has to work (RFC 7692 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "RFC 7692 has two parameters a direction"
)]
pub struct Direction {
    /// The largest window it uses.
    pub window: WindowBits,
    /// Whether it remembers earlier messages.
    pub context: ContextTakeover,
}

/// What both sides agreed on in the opening handshake, seen from this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Agreed {
    /// Our compressor, and the peer's decompressor.
    pub compress: Direction,
    /// The peer's compressor, and our decompressor.
    pub decompress: Direction,
    /// zlib's level, 1 (fastest) to 9 (smallest). Ours alone: the peer does not hear of it.
    pub level: u8,
    /// Messages shorter than this many bytes are sent as they are. Ours alone, too.
    pub min_bytes: usize,
}
