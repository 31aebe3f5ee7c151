//! The messages of a row, built once: the frames to send, and the payloads that must come back.

use super::{Kind, OpCode, client_frame, deflate::deflated_frame, payload};

/// Most bytes of frames kept ready; at least two messages are kept, however large.
const BYTES_LIMIT: usize = 4 << 20;

/// Messages that are sent in order, again and again.
#[derive(Debug)]
pub struct Ring {
    kind: Kind,
    size: usize,
    payloads: Vec<Vec<u8>>,
    frames: Vec<u8>,
    /// Where each frame ends.
    ends: Vec<usize>,
}

impl Ring {
    /// Builds messages of `size` bytes each, twice as many as are in flight at once if they are small.
    pub fn new(kind: Kind, size: usize, depth: usize) -> Self {
        let build = match kind.is_deflated() {
            true => deflated_frame,
            false => client_frame,
        };
        let first = build(kind.opcode(), &payload(kind, size, 0)).len();
        let count = (2 * depth).min(BYTES_LIMIT / first).max(2);
        let payloads: Vec<_> = (0..count).map(|n| payload(kind, size, n)).collect();
        let (mut frames, mut ends) = (Vec::new(), Vec::new());
        for payload in &payloads {
            frames.extend(build(kind.opcode(), payload));
            ends.push(frames.len());
        }
        Self {
            kind,
            size,
            payloads,
            frames,
            ends,
        }
    }

    /// Returns what every message's first frame must be.
    pub const fn opcode(&self) -> OpCode {
        self.kind.opcode()
    }

    /// Says whether messages may come back deflated.
    pub const fn is_deflated(&self) -> bool {
        self.kind.is_deflated()
    }

    /// Returns the bytes of one payload.
    pub const fn size(&self) -> usize {
        self.size
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
        let first = number % self.ends.len();
        let last = (first + count).min(self.ends.len());
        self.frames
            .get(self.end_of(first) + offset..self.end_of(last))
            .unwrap_or_default()
    }

    /// Returns how many messages were ended by writing so many bytes from byte `offset` of message `number`, and how many
    /// bytes of the next are written.
    pub fn advance(&self, number: usize, offset: usize, bytes: usize) -> (usize, usize) {
        let first = number % self.ends.len();
        let written = self.end_of(first) + offset + bytes;
        let rest = self.ends.get(first..).unwrap_or_default();
        let ended = rest.partition_point(|end| *end <= written);
        (ended, written - self.end_of(first + ended))
    }

    /// Returns where so many frames end.
    fn end_of(&self, frames: usize) -> usize {
        let last = frames.checked_sub(1);
        last.and_then(|last| self.ends.get(last))
            .map_or(0, |end| *end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_runs_on_to_the_end_of_the_ring() {
        let ring = Ring::new(Kind::Text, 10, 2);
        assert_eq!(ring.window(0, 0, 3).len(), 48);
        assert_eq!(ring.window(4, 5, 1).len(), 11);
        assert_eq!(ring.window(3, 0, 3).len(), 16);
        assert_eq!(
            ring.window(1, 0, 1),
            client_frame(OpCode::Text, ring.payload(5))
        );
    }

    #[test]
    fn what_is_written_ends_messages() {
        for kind in [Kind::Text, Kind::DeflatedJson] {
            let ring = Ring::new(kind, 100, 2);
            let sizes: Vec<usize> = (0..4).map(|n| ring.window(n, 0, 1).len()).collect();
            assert_eq!(ring.advance(0, 0, 5), (0, 5));
            assert_eq!(ring.advance(1, 5, sizes[1] - 6), (0, sizes[1] - 1));
            assert_eq!(ring.advance(6, 5, sizes[2] - 5 + 7), (1, 7));
            assert_eq!(ring.advance(0, 0, sizes.iter().sum()), (4, 0));
        }
    }

    #[test]
    fn large_messages_are_kept_in_small_number() {
        let ring = Ring::new(Kind::Binary, 3 << 20, 64);
        assert_ne!(ring.payload(0), ring.payload(1));
        assert_eq!(ring.payload(0), ring.payload(2));
    }
}
