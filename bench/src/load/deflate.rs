//! permessage-deflate as the generator does it (RFC 7692 §7.2): each message by itself when it sends, whatever the server
//! remembers when it hears.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::{OpCode, Wrong, client_frame};

/// What a sender takes off the end of every message, and a receiver puts there again.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// The bit of the first byte that says so.
pub(super) const COMPRESSED: u8 = 0x40;

/// Builds one whole masked frame with the deflated payload in it.
pub(super) fn deflated_frame(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    // A buffer is filled only as far as it has room: what deflate adds at most, and the tail.
    let mut packed = Vec::with_capacity(payload.len() + payload.len() / 8 + 64);
    let mut compress = Compress::new(Compression::default(), false);
    // Into memory that suffices nothing can go wrong.
    let _ = compress.compress_vec(payload, &mut packed, FlushCompress::Sync);
    let mut frame = client_frame(opcode, packed.strip_suffix(&TAIL).unwrap_or(&packed));
    if let Some(first) = frame.first_mut() {
        *first |= COMPRESSED;
    }
    frame
}

/// Inflates what one server sends, with all it sent before as context.
#[derive(Debug)]
pub(super) struct Inflater {
    stream: Decompress,
    packed: Vec<u8>,
    plain: Vec<u8>,
}

impl Inflater {
    pub(super) fn new() -> Self {
        Self {
            stream: Decompress::new(false),
            packed: Vec::new(),
            plain: Vec::new(),
        }
    }

    /// Takes more of a message.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.packed.extend_from_slice(bytes);
    }

    /// Ends the message, and returns it if it is at most `size` bytes long.
    pub(super) fn finish(&mut self, size: usize) -> Result<&[u8], Wrong> {
        self.packed.extend(TAIL);
        self.plain.clear();
        // One byte more shows that it is too long.
        self.plain.reserve(size + 1);
        let before = self.stream.total_in();
        let status =
            self.stream
                .decompress_vec(&self.packed, &mut self.plain, FlushDecompress::Sync);
        let taken = self.stream.total_in() - before;
        let is_whole = taken == self.packed.len() as u64;
        self.packed.clear();
        match status {
            Ok(Status::Ok | Status::BufError) if is_whole && self.plain.len() <= size => {
                Ok(&self.plain)
            }
            _ => Err(Wrong::Deflated),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Kind, payload};

    #[test]
    fn what_is_deflated_is_smaller_and_comes_back() {
        let mut inflater = Inflater::new();
        for number in 0..3 {
            let json = payload(Kind::DeflatedJson, 1024, number);
            let mut frame = deflated_frame(OpCode::Text, &json);
            assert_eq!(frame[0], 0xc1);
            assert!(frame.len() < 700, "{}", frame.len());
            let packed = frame.split_off(8);
            let mask = [frame[4], frame[5], frame[6], frame[7]];
            let packed: Vec<u8> = packed
                .iter()
                .zip(mask.iter().cycle())
                .map(|(b, m)| b ^ m)
                .collect();
            let (one, other) = packed.split_at(100);
            inflater.take(one);
            inflater.take(other);
            assert_eq!(inflater.finish(1024).unwrap(), json);
            inflater.take(&packed);
            assert_eq!(inflater.finish(1023), Err(Wrong::Deflated));
            inflater = Inflater::new();
        }
    }
}
