//! permessage-deflate (RFC 7692): how both sides agree on it, and the codecs that act on what they agreed on.

mod agreed;
mod codecs;
mod compressor;
mod decompressor;
mod fixed;
mod history;
mod negotiation;
mod params;
mod quick;

pub use agreed::{Agreed, Direction};
pub use codecs::Codecs;
pub(crate) use compressor::Compressor;
pub(crate) use decompressor::Decompressor;
pub use decompressor::InflateError;
pub use negotiation::InvalidAnswer;
pub(crate) use negotiation::{accept, offer, take_answer};
pub use params::InvalidParams;

/// What ends the compressed data of every message and is left out on the wire (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

#[cfg(test)]
mod tests;
