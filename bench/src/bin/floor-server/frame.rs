//! Frames as a client writes them, and headers as a server answers them (RFC 6455 §5.2). Nothing is checked.

/// The longest header a server writes: two bytes and a 64-bit length.
pub(crate) const LONGEST: usize = 10;

/// The longest header a client writes, with a mask besides; that of every large frame.
pub(crate) const LONGEST_MASKED: usize = LONGEST + 4;

/// The header of a frame that a client wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// FIN, reserved bits and opcode.
    pub(crate) first: u8,
    pub(crate) mask: [u8; 4],
    /// Bytes of the header itself.
    pub(crate) size: usize,
    /// Bytes of payload.
    pub(crate) length: usize,
}

impl Head {
    /// Reads the header at the front of `bytes`; `None` if it is not all there yet.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let [first, second, rest @ ..] = bytes else {
            return None;
        };
        let (length, extended) = match second & 0x7f {
            126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 2),
            127 => (u64::from_be_bytes(*rest.first_chunk()?), 8),
            short => (u64::from(short), 0),
        };
        Some(Self {
            first: *first,
            mask: *rest.get(extended..)?.first_chunk()?,
            size: 2 + extended + 4,
            length: usize::try_from(length).ok()?,
        })
    }

    /// Returns the bytes of the whole frame.
    pub(crate) fn frame(&self) -> usize {
        self.size.saturating_add(self.length)
    }

    /// Says whether it is the client's close.
    pub(crate) fn is_close(&self) -> bool {
        self.first & 0x0f == 0x8
    }

    /// Returns the first byte of the answer: what came, but a pong for a ping.
    fn answer(&self) -> u8 {
        match self.first & 0x0f {
            0x9 => 0x8a,
            _ => self.first,
        }
    }

    /// Appends the answer to this frame, whose masked payload this is.
    pub(crate) fn answer_copied(&self, payload: &[u8], out: &mut Vec<u8>) {
        let mut header = [0; LONGEST];
        let header = self.write_header(&mut header);
        out.extend_from_slice(header);
        let start = out.len();
        out.extend_from_slice(payload);
        unmask(out.get_mut(start..).unwrap_or_default(), self.mask);
    }

    /// Turns the frame into its answer where it lies: the header without a mask is four bytes shorter. `frame` has room
    /// for at least the answer's header before the payload.
    pub(crate) fn answer_in_place<'f>(&self, frame: &'f mut [u8]) -> &'f mut [u8] {
        let before = frame.len().saturating_sub(self.length);
        if let Some((room, payload)) = frame.split_at_mut_checked(before) {
            unmask(payload, self.mask);
            let size = self.write_header(room).len();
            return frame.get_mut(before - size..).unwrap_or_default();
        }
        frame
    }

    /// Writes the answer's header to the end of `room`, and returns it.
    fn write_header<'r>(&self, room: &'r mut [u8]) -> &'r [u8] {
        let short = u8::try_from(self.length).ok().filter(|short| *short < 126);
        let mut header = [0; LONGEST];
        let size = if let Some(short) = short {
            header = [self.answer(), short, 0, 0, 0, 0, 0, 0, 0, 0];
            2
        } else if let Ok(length) = u16::try_from(self.length) {
            let [high, low] = length.to_be_bytes();
            header = [self.answer(), 126, high, low, 0, 0, 0, 0, 0, 0];
            4
        } else {
            let [first, second, length @ ..] = &mut header;
            (*first, *second) = (self.answer(), 127);
            *length = (self.length as u64).to_be_bytes();
            LONGEST
        };
        let start = room.len().saturating_sub(size);
        let at = room.get_mut(start..).unwrap_or_default();
        at.copy_from_slice(header.get(..at.len()).unwrap_or_default());
        at
    }
}

/// Takes the mask off, sixteen bytes at a time (RFC 6455 §5.3).
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u128::from_ne_bytes([a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d]);
    let (chunks, rest) = payload.as_chunks_mut();
    for chunk in chunks {
        *chunk = (u128::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use sockeye_bench::load::{OpCode, client_frame};

    use super::*;

    #[test]
    fn an_answer_is_the_same_copied_and_in_place() {
        for length in [0, 1, 17, 125, 126, 65_535, 65_536, 100_000] {
            let payload: Vec<u8> = (0..=255).cycle().take(length).collect();
            let mut frame = client_frame(OpCode::Binary, &payload);
            let head = Head::parse(&frame).unwrap();
            assert_eq!((head.frame(), head.length), (frame.len(), length));
            assert_eq!(Head::parse(&frame[..head.size - 1]), None);
            let mut copied = b"before".to_vec();
            head.answer_copied(&frame[head.size..], &mut copied);
            let answer = head.answer_in_place(&mut frame);
            assert_eq!(answer, &copied[6..]);
            assert!(answer.ends_with(&payload));
            assert_eq!(answer.len() + 4, head.frame());
        }
    }
}
