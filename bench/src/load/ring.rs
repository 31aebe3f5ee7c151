//! The messages of a row, built once: the frames to send, and the payloads that must come back.

use super::{Kind, OpCode, client_frame, payload};

/// Most bytes of frames kept ready; at least two messages are kept, however large.
const BYTES_LIMIT: usize = 4 << 20;

/// Messages that are sent in order, again and again.
#[derive(Debug)]
pub struct Ring {
    opcode: OpCode,
    size: usize,
    frame_size: usize,
    payloads: Vec<Vec<u8>>,
    frames: Vec<u8>,
}

impl Ring {
    /// Builds messages of `size` bytes each, twice as many as are in flight at once if they are small.
    pub fn new(kind: Kind, size: usize, depth: usize) -> Self {
        let frame_size = client_frame(kind.opcode(), &payload(kind, size, 0)).len();
        let count = (2 * depth).min(BYTES_LIMIT / frame_size).max(2);
        let payloads: Vec<_> = (0..count).map(|n| payload(kind, size, n)).collect();
        let frames = payloads
            .iter()
            .flat_map(|payload| client_frame(kind.opcode(), payload))
            .collect();
        Self {
            opcode: kind.opcode(),
            size,
            frame_size,
            payloads,
            frames,
        }
    }

    /// Returns what every message's first frame must be.
    pub const fn opcode(&self) -> OpCode {
        self.opcode
    }

    /// Returns the bytes of one payload.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Returns the bytes of one frame as it is sent.
    pub const fn frame_size(&self) -> usize {
        self.frame_size
    }

    /// Returns the payload of message `number`, counted since the connection began.
    pub fn payload(&self, number: usize) -> &[u8] {
        self.payloads
            .get(number % self.payloads.len())
            .map_or(&[], Vec::as_slice)
    }

    /// Returns what can be written in one call: from byte `offset` of message `number` to the end of as many messages
    /// as there are up to `count`, or to the ring's end.
    pub fn window(&self, number: usize, offset: usize, count: usize) -> &[u8] {
        let first = number % self.payloads.len();
        let end = (first + count).min(self.payloads.len()) * self.frame_size;
        let start = first * self.frame_size + offset;
        self.frames.get(start..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_runs_on_to_the_end_of_the_ring() {
        let ring = Ring::new(Kind::Text, 10, 2);
        assert_eq!(ring.frame_size(), 16);
        assert_eq!(ring.window(0, 0, 3).len(), 48);
        assert_eq!(ring.window(4, 5, 1).len(), 11);
        assert_eq!(ring.window(3, 0, 3).len(), 16);
        assert_eq!(
            ring.window(1, 0, 1),
            client_frame(OpCode::Text, ring.payload(5))
        );
    }

    #[test]
    fn large_messages_are_kept_in_small_number() {
        let ring = Ring::new(Kind::Binary, 3 << 20, 64);
        assert_ne!(ring.payload(0), ring.payload(1));
        assert_eq!(ring.payload(0), ring.payload(2));
    }
}
