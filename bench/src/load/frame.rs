//! Frames as a client writes them and frame headers as a server writes them (RFC 6455 §5.2).

use super::{Wrong, deflate::COMPRESSED};

/// The masking key of every frame the generator sends. It is no secret here: nobody sits between.
pub const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The longest header a server may write: two bytes and a 64-bit length.
const LONGEST: usize = 10;

/// What a frame is (RFC 6455 §11.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "RFC 6455 reserves the rest")]
pub enum OpCode {
    /// More of the message before.
    Continuation = 0x0,
    /// Text, or its first fragment.
    Text = 0x1,
    /// Binary, or its first fragment.
    Binary = 0x2,
    /// The peer closes.
    Close = 0x8,
    /// The peer asks for a pong.
    Ping = 0x9,
    /// An answer to a ping.
    Pong = 0xa,
}

/// The header of a frame that a server wrote: unmasked, no reserved bit set but the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameHeader {
    /// Whether the frame ends its message.
    pub is_final: bool,
    /// Whether its message is deflated: the first reserved bit (RFC 7692 §6).
    pub is_deflated: bool,
    /// What the frame is.
    pub opcode: OpCode,
    /// Bytes of payload.
    pub length: usize,
    /// Bytes of the header itself, 2 to 10.
    pub size: usize,
}

/// Builds one whole masked frame, with the shortest header that fits (RFC 6455 §5.2).
pub fn client_frame(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(LONGEST + MASK.len() + payload.len());
    frame.push(0x80 | opcode as u8);
    if let Ok(length @ 0..=125) = u8::try_from(payload.len()) {
        frame.push(0x80 | length);
    } else if let Ok(length) = u16::try_from(payload.len()) {
        frame.push(0x80 | 126);
        frame.extend(length.to_be_bytes());
    } else {
        frame.push(0x80 | 127);
        frame.extend((payload.len() as u64).to_be_bytes());
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(b, m)| b ^ m));
    frame
}

impl OpCode {
    fn of(number: u8) -> Result<Self, Wrong> {
        Ok(match number {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return Err(Wrong::Header),
        })
    }
}

impl FrameHeader {
    /// Reads the header at the front of `bytes`; `None` if it is not all there yet.
    ///
    /// # Errors
    /// [`Wrong::Header`] for what a server may not write, or for a length this machine can't count.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, Wrong> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        // Reserved bits set, or masked.
        if first & 0x30 != 0 || second & 0x80 != 0 {
            return Err(Wrong::Header);
        }
        let (length, size) = match second {
            126 => match rest.first_chunk() {
                Some(length) => (u64::from(u16::from_be_bytes(*length)), 4),
                None => return Ok(None),
            },
            127 => match rest.first_chunk() {
                Some(length) => (u64::from_be_bytes(*length), LONGEST),
                None => return Ok(None),
            },
            short => (u64::from(*short), 2),
        };
        Ok(Some(Self {
            is_final: first & 0x80 != 0,
            is_deflated: first & COMPRESSED != 0,
            opcode: OpCode::of(first & 0x0f)?,
            length: usize::try_from(length).map_err(|_| Wrong::Header)?,
            size,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_masked_hello_of_rfc_6455_section_5_7_comes_out() {
        assert_eq!(
            client_frame(OpCode::Text, b"Hello"),
            [
                0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58
            ]
        );
    }

    #[test]
    fn the_length_takes_the_shortest_form() {
        for (length, header) in [(125, 6), (126, 8), (65_535, 8), (65_536, 14)] {
            let frame = client_frame(OpCode::Binary, &vec![0; length]);
            assert_eq!(frame.len(), header + length, "{length}");
        }
    }

    #[test]
    fn a_header_is_read_once_its_last_byte_is_there() {
        for (bytes, length) in [
            (&[0x82, 125][..], 125),
            (&[0x82, 126, 1, 0], 256),
            (&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0], 65_536),
        ] {
            for short in 0..bytes.len() {
                assert_eq!(FrameHeader::parse(&bytes[..short]), Ok(None));
            }
            let header = FrameHeader::parse(bytes).unwrap().unwrap();
            assert_eq!((header.length, header.size), (length, bytes.len()));
            assert_eq!((header.is_final, header.opcode), (true, OpCode::Binary));
        }
    }

    #[test]
    fn what_a_server_may_not_write_is_wrong() {
        for bytes in [[0xa2, 1], [0x82, 0x81], [0x83, 1]] {
            assert_eq!(FrameHeader::parse(&bytes), Err(Wrong::Header));
        }
    }
}
