//! What an endpoint asks of permessage-deflate (RFC 7692), in words that fit both roles.

use thiserror::Error;

/// How large an LZ77 sliding window is, as a power of two: 9 (512 B) to 15 (32 KiB) (RFC 7692 §7.1.2).
///
/// RFC 7692 allows 8 as well, but zlib can't compress with it; an offer of 8 is answered as far as zlib can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(u8);

impl WindowBits {
    /// 512 bytes.
    pub const MIN: Self = Self(9);
    /// 32 KiB.
    pub const MAX: Self = Self(15);

    /// Makes window bits of a number from 9 to 15.
    ///
    /// # Errors
    /// [`InvalidDeflate::WindowBits`] for any other.
    pub const fn new(bits: u8) -> Result<Self, InvalidDeflate> {
        if bits >= 9 && bits <= 15 {
            Ok(Self(bits))
        } else {
            Err(InvalidDeflate::WindowBits(bits))
        }
    }

    /// Returns the exponent.
    pub const fn as_u8(self) -> u8 {
        self.0
    }
}

/// Whether a compressor remembers earlier messages (RFC 7692 §7.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "RFC 7692 knows taking the context over and not taking it over"
)]
pub enum ContextTakeover {
    /// Messages refer back to earlier ones: smaller on the wire, and a window kept for each connection.
    Kept,
    /// Each message stands alone: nothing is kept between messages.
    None,
}

/// What this side offers or accepts of permessage-deflate (RFC 7692).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deflate {
    /// zlib's level, 1 (fastest) to 9 (smallest). Default 1: higher ones cost ten times the CPU and more, for a quarter
    /// to a third less on the wire.
    pub level: u8,
    /// Messages shorter than this many bytes are sent as they are. Default 256.
    pub min_bytes: usize,
    /// Whether our compressor remembers earlier messages. Default none: with it, each connection that sends keeps
    /// 64 KiB at level 1, and at higher ones 245 KiB (9 bits) to 371 KiB (15 bits).
    pub own_context: ContextTakeover,
    /// Whether the peer's compressor may remember earlier messages. Default none: with it, each connection that
    /// receives keeps a window of up to 32 KiB.
    pub peer_context: ContextTakeover,
    /// The largest window of our compressor. Default 15.
    pub own_window: WindowBits,
    /// The largest window the peer's compressor is asked to use. Default 15.
    pub peer_window: WindowBits,
}

/// The settings contradict what RFC 7692 or zlib can do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidDeflate {
    /// Window bits must be 9 to 15.
    #[error("window bits must be 9 to 15, not {0}")]
    WindowBits(u8),
}

impl Default for Deflate {
    fn default() -> Self {
        Self {
            level: 1,
            min_bytes: 256,
            own_context: ContextTakeover::None,
            peer_context: ContextTakeover::None,
            own_window: WindowBits::MAX,
            peer_window: WindowBits::MAX,
        }
    }
}

impl Deflate {
    /// Sets zlib's level; what is outside 1 to 9 is brought to the nearer end.
    #[must_use]
    pub fn level(mut self, level: u8) -> Self {
        self.level = level.clamp(1, 9);
        self
    }

    /// Sets from how many bytes on messages are compressed.
    #[must_use]
    pub fn min_bytes(mut self, min_bytes: usize) -> Self {
        self.min_bytes = min_bytes;
        self
    }

    /// Sets whether compressors remember earlier messages, ours and the peer's.
    #[must_use]
    pub fn contexts(mut self, own: ContextTakeover, peer: ContextTakeover) -> Self {
        (self.own_context, self.peer_context) = (own, peer);
        self
    }

    /// Sets the largest windows, ours and the peer's.
    #[must_use]
    pub fn windows(mut self, own: WindowBits, peer: WindowBits) -> Self {
        (self.own_window, self.peer_window) = (own, peer);
        self
    }
}
