//! Messages that are encoded once and sent to many.

use bytes::{Buf, Bytes};
use sockeye_types::{ContextTakeover, Message, WindowBits};

use crate::{
    Output, Scratch,
    deflate::{Agreed, Compressor, Direction},
    frame::{Coding, Header, Opcode},
};

/// How a server's conn writes messages: conns of one framing can share prepared messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Framing(Option<Squeeze>);

/// What compression depends on, but for the context: a prepared message never refers to earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Squeeze {
    window: WindowBits,
    level: u8,
    min_bytes: u32,
}

/// A message as it stands on the wire of every conn of one [`Framing`]. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Prepared {
    framing: Framing,
    pub(crate) coding: Coding,
    pub(crate) bytes: Bytes,
}

impl Prepared {
    /// Returns the framing the message was prepared for.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// Returns how many bytes the message has on the wire, header and all.
    pub fn wire_bytes(&self) -> usize {
        self.bytes.len()
    }
}

impl Framing {
    /// Frames without compression.
    pub const PLAIN: Self = Self(None);

    pub(crate) fn of(agreed: Option<&Agreed>) -> Self {
        Self(agreed.map(|agreed| Squeeze {
            window: agreed.compress.window,
            level: agreed.level,
            min_bytes: u32::try_from(agreed.min_bytes).unwrap_or(u32::MAX),
        }))
    }

    /// Returns a number for the framing, from which [`from_bits`](Self::from_bits) makes it again.
    pub fn to_bits(self) -> u64 {
        self.0.map_or(0, |squeeze| {
            u64::from(squeeze.min_bytes) << 32
                | u64::from(squeeze.level) << 8
                | u64::from(squeeze.window.as_u8())
        })
    }

    /// Makes a framing of its number; `None` if no framing has it.
    pub fn from_bits(bits: u64) -> Option<Self> {
        if bits == 0 {
            return Some(Self::PLAIN);
        }
        let [a, b, c, d, 0, 0, level, window] = bits.to_be_bytes() else {
            return None;
        };
        let window = WindowBits::new(window).ok()?;
        let min_bytes = u32::from_be_bytes([a, b, c, d]);
        Some(Self(Some(Squeeze {
            window,
            level,
            min_bytes,
        })))
    }

    /// Encodes a message, compressed if the framing says so, for [`Conn::send_prepared`](crate::Conn::send_prepared).
    #[must_use]
    pub fn prepare(self, message: &Message, scratch: &mut Scratch) -> Prepared {
        let payload = message.as_bytes();
        let opcode = opcode_of(message);
        let mut out = Output::new();
        let mut coding = Coding::Plain;
        if let Some(squeeze) = self.0
            && payload.len() as u64 >= u64::from(squeeze.min_bytes)
        {
            let alone = Direction {
                window: squeeze.window,
                context: ContextTakeover::None,
            };
            Compressor::new(alone, squeeze.level).compress(
                payload,
                &mut scratch.work,
                &mut scratch.codecs,
            );
            if scratch.work.len() < payload.len() {
                coding = Coding::Deflated;
                Header::of_one_frame(opcode, coding, None, &scratch.work)
                    .encode_with(&scratch.work, &mut out);
            }
            scratch.clear_work();
        }
        if coding == Coding::Plain {
            Header::of_one_frame(opcode, coding, None, payload).encode_with(payload, &mut out);
        }
        Prepared {
            framing: self,
            coding,
            bytes: out.copy_to_bytes(out.len()),
        }
    }
}

/// Returns the opcode of a message's first frame.
#[inline]
pub(crate) fn opcode_of(message: &Message) -> Opcode {
    match message {
        Message::Text(_) => Opcode::Text,
        Message::Binary(_) => Opcode::Binary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_framing_survives_being_a_number() {
        let squeeze = Squeeze {
            window: WindowBits::MIN,
            level: 9,
            min_bytes: u32::MAX,
        };
        for framing in [Framing::PLAIN, Framing(Some(squeeze))] {
            assert_eq!(Framing::from_bits(framing.to_bits()), Some(framing));
        }
        assert_eq!(Framing::from_bits(8), None);
        assert_eq!(Framing::from_bits(u64::MAX), None);
    }
}
