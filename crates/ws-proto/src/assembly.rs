//! A message that comes in pieces: in fragments (RFC 6455 §5.4), or compressed (RFC 7692). A message that comes whole
//! and plain never passes here.

use bytes::{Bytes, BytesMut};
use sockeye_types::{Limits, Message, Text};

use crate::{
    ProtocolError,
    deflate::{Codecs, Decompressor, InflateError},
    frame::{Coding, Header},
    utf8,
};

/// Up to this many bytes a payload is copied out of the buffer it came in.
///
/// A reference would cost less than a copy, but it keeps the whole buffer alive: a small message that somebody keeps
/// would pin a worker's read buffer of 256 KiB.
pub(crate) const COPIED_BYTES: usize = 32 << 10;

/// What a message's payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Binary,
}

/// A message of which some is here.
#[derive(Debug)]
pub(crate) struct Assembly {
    kind: Kind,
    coding: Coding,
    /// How many frames have begun.
    fragments: u32,
    /// The payload so far, inflated.
    bytes: BytesMut,
    /// How much of a text is known to be whole characters.
    checked: usize,
}

/// What inflates a payload, and how far.
#[derive(Debug)]
pub(crate) struct Inflating<'a> {
    pub(crate) decompressor: &'a mut Decompressor,
    pub(crate) codecs: &'a mut Codecs,
    /// The most bytes a message may have.
    pub(crate) limit: usize,
}

impl Assembly {
    /// Begins with the message's first frame.
    pub(crate) fn new(kind: Kind, coding: Coding) -> Self {
        Self {
            kind,
            coding,
            fragments: 1,
            bytes: BytesMut::new(),
            checked: 0,
        }
    }

    /// Returns how the payload is written.
    pub(crate) fn coding(&self) -> Coding {
        self.coding
    }

    /// Lets the header of a further fragment in.
    pub(crate) fn admit(&mut self, header: &Header, limits: &Limits) -> Result<(), ProtocolError> {
        if self.fragments >= limits.fragments {
            return Err(ProtocolError::TooManyFragments);
        }
        let room = limits.message_bytes.saturating_sub(self.bytes.len());
        if self.coding == Coding::Plain && header.payload_bytes > room as u64 {
            return Err(ProtocolError::MessageTooBig);
        }
        self.fragments += 1;
        Ok(())
    }

    /// Takes in unmasked payload as it arrives; how much may come, its header has decided.
    pub(crate) fn push(
        &mut self,
        piece: &[u8],
        inflating: Option<Inflating<'_>>,
    ) -> Result<(), ProtocolError> {
        match inflating {
            Some(with) => {
                Ok(with
                    .decompressor
                    .inflate(piece, &mut self.bytes, with.limit, with.codecs)?)
            }
            None => {
                self.bytes.extend_from_slice(piece);
                Ok(())
            }
        }
    }

    /// Checks what is there of a text, so that a bad byte is found before the rest arrives.
    pub(crate) fn check(&mut self) -> Result<(), ProtocolError> {
        if self.kind == Kind::Text {
            let fresh = self.bytes.get(self.checked..).unwrap_or_default();
            self.checked += utf8::whole_characters(fresh)?;
        }
        Ok(())
    }

    /// Makes the message of all that came.
    pub(crate) fn finish(
        mut self,
        inflating: Option<Inflating<'_>>,
    ) -> Result<Message, ProtocolError> {
        if let Some(with) = inflating {
            with.decompressor
                .finish(&mut self.bytes, with.limit, with.codecs)?;
        }
        let bytes = if self.bytes.len() <= COPIED_BYTES {
            Bytes::copy_from_slice(&self.bytes)
        } else {
            self.bytes.freeze()
        };
        message_of(self.kind, bytes)
    }
}

/// Makes a message of its whole payload.
///
/// Text is checked here from its first byte, also what was checked before while it arrived: the earlier check looked
/// at a buffer that its owner could have changed since, and a second pass costs less than unsafe code.
#[inline]
pub(crate) fn message_of(kind: Kind, payload: Bytes) -> Result<Message, ProtocolError> {
    match kind {
        Kind::Binary => Ok(Message::Binary(payload)),
        Kind::Text => match Text::try_from(payload) {
            Ok(text) => Ok(Message::Text(text)),
            Err(_) => Err(ProtocolError::NotText),
        },
    }
}

impl From<utf8::NotText> for ProtocolError {
    fn from(_: utf8::NotText) -> Self {
        Self::NotText
    }
}

impl From<InflateError> for ProtocolError {
    fn from(error: InflateError) -> Self {
        match error {
            InflateError::Corrupt => Self::CorruptDeflate,
            InflateError::TooBig => Self::MessageTooBig,
        }
    }
}
