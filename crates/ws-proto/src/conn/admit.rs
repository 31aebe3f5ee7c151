//! Whether a frame may come: its header, judged by what came before it and by the limits.

use sockeye_types::Limits;

use super::{Conn, decode::Part};
use crate::{
    ProtocolError,
    assembly::{Assembly, Kind},
    frame::{Coding, Fin, Header, Opcode},
};

impl Conn {
    /// Judges a header by what came before it and by the limits.
    #[inline]
    pub(super) fn admit(&mut self, header: &Header) -> Result<Part, ProtocolError> {
        if header.coding == Coding::Deflated {
            if self.deflate.is_none() {
                return Err(ProtocolError::ReservedBit);
            }
            if !matches!(header.opcode, Opcode::Text | Opcode::Binary) {
                return Err(ProtocolError::MisplacedCompressionBit);
            }
        }
        let limits = &self.settings.limits;
        match header.opcode {
            Opcode::Text => admit_first(Kind::Text, header, &mut self.assembly, limits),
            Opcode::Binary => admit_first(Kind::Binary, header, &mut self.assembly, limits),
            Opcode::Continuation => {
                let Some(assembly) = &mut self.assembly else {
                    return Err(ProtocolError::NothingToContinue);
                };
                check_frame_bytes(header, assembly.coding(), limits)?;
                assembly.admit(header, limits)?;
                Ok(Part::Piece(header.fin))
            }
            control @ (Opcode::Close | Opcode::Ping | Opcode::Pong) => Ok(Part::Control(control)),
        }
    }
}

/// Judges the first frame of a message.
#[inline]
fn admit_first(
    kind: Kind,
    header: &Header,
    assembly: &mut Option<Box<Assembly>>,
    limits: &Limits,
) -> Result<Part, ProtocolError> {
    if assembly.is_some() {
        return Err(ProtocolError::MessageInterrupted);
    }
    check_frame_bytes(header, header.coding, limits)?;
    if header.coding == Coding::Plain {
        if header.payload_bytes > limits.message_bytes as u64 {
            return Err(ProtocolError::MessageTooBig);
        }
        if header.fin == Fin::Last {
            return Ok(Part::Message(kind));
        }
    }
    *assembly = Some(Box::new(Assembly::new(kind, header.coding)));
    Ok(Part::Piece(header.fin))
}

#[inline]
fn check_frame_bytes(
    header: &Header,
    coding: Coding,
    limits: &Limits,
) -> Result<(), ProtocolError> {
    let most = match coding {
        Coding::Plain => limits.frame_bytes,
        Coding::Deflated => most_deflated(limits),
    };
    if header.payload_bytes > most as u64 {
        return Err(ProtocolError::FrameTooBig);
    }
    Ok(())
}

/// Returns how long a compressed frame may be.
///
/// Many clients compress also what does not become smaller, and it grows: by up to an eighth and some, with the
/// smallest window and memory that zlib has (its `deflateBound`). A message within the limits shall not be refused for
/// how it is written. Only what it inflates to is kept.
fn most_deflated(limits: &Limits) -> usize {
    limits
        .frame_bytes
        .saturating_add(limits.frame_bytes / 7)
        .saturating_add(64)
}
