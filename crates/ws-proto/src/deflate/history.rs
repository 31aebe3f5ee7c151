//! The last bytes of what a decompressor put out: all that must be kept of it between messages.

use std::{cmp, collections::VecDeque};

use flate2::Decompress;
use sockeye_types::WindowBits;

/// The sliding window of the peer's compressor, as far as it is filled (RFC 7692 §7.1.1).
///
/// It takes the place of a zlib state for each connection: it is no larger than the window agreed on, and no larger
/// than what was received.
#[derive(Debug)]
pub(super) struct History {
    bytes: VecDeque<u8>,
    window: WindowBits,
}

impl History {
    /// Makes an empty one, which holds no memory yet.
    pub(super) fn new(window: WindowBits) -> Self {
        Self {
            bytes: VecDeque::new(),
            window,
        }
    }

    /// Adds what was put out, and forgets what the window no longer reaches.
    pub(super) fn record(&mut self, output: &[u8]) {
        let window = 1 << self.window.as_u8();
        let output = tail(output, window);
        let overflow = (self.bytes.len() + output.len()).saturating_sub(window);
        self.bytes.drain(..overflow);
        let len = self.bytes.len() + output.len();
        if len > self.bytes.capacity() {
            // Doubles, but not beyond the window, as `extend` would.
            let capacity = cmp::min(len.next_power_of_two(), window);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend(output);
    }

    /// Puts a decompressor without a past where the last one stopped.
    pub(super) fn load(&self, zlib: &mut Decompress) {
        let (older, newer) = self.bytes.as_slices();
        for part in [older, newer] {
            if !part.is_empty() && zlib.set_dictionary(part).is_err() {
                unreachable!("raw deflate takes any dictionary");
            }
        }
    }

    /// Forgets everything, and gives the memory back.
    pub(super) fn clear(&mut self) {
        self.bytes = VecDeque::new();
    }

    /// How many bytes of memory it holds.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

/// The last bytes of a slice, at most so many.
pub(super) fn tail(bytes: &[u8], most: usize) -> &[u8] {
    let start = bytes.len().saturating_sub(most);
    bytes.get(start..).unwrap_or_default()
}
