//! Frame headers, to and from bytes (RFC 6455 §5.2). Here are the rules that a header alone can break.

use crate::{Output, ProtocolError, mask};

/// The longest payload of a control frame, in bytes (RFC 6455 §5.5).
pub(crate) const MAX_CONTROL_BYTES: usize = 125;

/// The longest header, in bytes.
const MAX_HEADER_BYTES: usize = 14;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2_RSV3: u8 = 0x30;
const MASK: u8 = 0x80;

/// Which end a frame comes from (RFC 6455 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    Client,
    Server,
}

/// What a frame is (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xa,
}

impl Opcode {
    fn parse(bits: u8) -> Result<Self, ProtocolError> {
        Ok(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return Err(ProtocolError::ReservedOpcode(bits)),
        })
    }

    pub(crate) const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// Whether a frame is its message's last (RFC 6455 §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fin {
    Last,
    MoreToCome,
}

/// How a message's payload is written: as it is, or by permessage-deflate (RFC 7692 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Plain,
    Deflated,
}

/// What precedes a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) opcode: Opcode,
    pub(crate) fin: Fin,
    pub(crate) coding: Coding,
    pub(crate) mask: Option<[u8; 4]>,
    pub(crate) payload_bytes: u64,
}

impl Header {
    /// Reads a header and says how many bytes it has; `None` if more must arrive first. What the first two bytes do
    /// wrong is found without waiting for the others.
    #[inline]
    pub(crate) fn parse(
        bytes: &[u8],
        sender: Sender,
    ) -> Result<Option<(Self, usize)>, ProtocolError> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        let fin = if first & FIN == 0 {
            Fin::MoreToCome
        } else {
            Fin::Last
        };
        let coding = if first & RSV1 == 0 {
            Coding::Plain
        } else {
            Coding::Deflated
        };
        if first & RSV2_RSV3 != 0 {
            return Err(ProtocolError::ReservedBit);
        }
        let opcode = Opcode::parse(first & 0x0f)?;
        let masked = second & MASK != 0;
        match sender {
            Sender::Client if !masked => return Err(ProtocolError::MaskMissing),
            Sender::Server if masked => return Err(ProtocolError::MaskForbidden),
            Sender::Client | Sender::Server => {}
        }
        let short = second & 0x7f;
        if opcode.is_control() {
            if fin == Fin::MoreToCome {
                return Err(ProtocolError::ControlFragmented);
            }
            if usize::from(short) > MAX_CONTROL_BYTES {
                return Err(ProtocolError::ControlTooLong);
            }
        }
        let Some((payload_bytes, rest)) = parse_length(short, rest)? else {
            return Ok(None);
        };
        let (mask, rest) = if masked {
            let Some((key, rest)) = rest.split_first_chunk::<4>() else {
                return Ok(None);
            };
            (Some(*key), rest)
        } else {
            (None, rest)
        };
        let header = Self {
            opcode,
            fin,
            coding,
            mask,
            payload_bytes,
        };
        Ok(Some((header, bytes.len() - rest.len())))
    }

    /// Appends the header, with the shortest form of its length.
    #[inline]
    pub(crate) fn encode(&self, out: &mut Output) {
        out.make_room(MAX_HEADER_BYTES);
        self.put(out);
    }

    /// Appends the header to an output that has room for it. Most of a header is known where it is made.
    #[inline(always)]
    fn put(&self, out: &mut Output) {
        let fin = if self.fin == Fin::Last { FIN } else { 0 };
        let rsv1 = if self.coding == Coding::Deflated {
            RSV1
        } else {
            0
        };
        let first = fin | rsv1 | self.opcode as u8;
        let mask = if self.mask.is_some() { MASK } else { 0 };
        if let Ok(short @ 0..=125) = u8::try_from(self.payload_bytes) {
            out.put(&[first, mask | short]);
        } else if let Ok(length) = u16::try_from(self.payload_bytes) {
            let [a, b] = length.to_be_bytes();
            out.put(&[first, mask | 126, a, b]);
        } else {
            out.put(&[first, mask | 127]);
            out.put(&self.payload_bytes.to_be_bytes());
        }
        if let Some(key) = self.mask {
            out.put(&key);
        }
    }

    /// Makes the header of a message or control frame that goes out in one frame.
    #[inline]
    pub(crate) fn of_one_frame(
        opcode: Opcode,
        coding: Coding,
        mask: Option<[u8; 4]>,
        payload: &[u8],
    ) -> Self {
        Self {
            opcode,
            fin: Fin::Last,
            coding,
            mask,
            payload_bytes: payload.len() as u64,
        }
    }

    /// Appends the header and its payload, masked if the header says so.
    #[inline]
    pub(crate) fn encode_with(&self, payload: &[u8], out: &mut Output) {
        out.make_room(MAX_HEADER_BYTES + payload.len());
        self.put(out);
        out.put(payload);
        if let Some(key) = self.mask {
            mask::apply(out.last(payload.len()), key, 0);
        }
    }
}

/// Reads the payload's length behind the seven bits `short`, in its shortest form only (RFC 6455 §5.2).
#[inline]
fn parse_length(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, ProtocolError> {
    match short {
        126 => {
            let Some((bytes, rest)) = rest.split_first_chunk::<2>() else {
                return Ok(None);
            };
            let length = u16::from_be_bytes(*bytes);
            if length < 126 {
                return Err(ProtocolError::LengthNotMinimal);
            }
            Ok(Some((u64::from(length), rest)))
        }
        127 => {
            let Some((bytes, rest)) = rest.split_first_chunk::<8>() else {
                return Ok(None);
            };
            let length = u64::from_be_bytes(*bytes);
            if length > u64::MAX >> 1 {
                return Err(ProtocolError::LengthTooLarge);
            }
            if length <= u64::from(u16::MAX) {
                return Err(ProtocolError::LengthNotMinimal);
            }
            Ok(Some((length, rest)))
        }
        _ => Ok(Some((u64::from(short), rest))),
    }
}

#[cfg(test)]
mod tests;
