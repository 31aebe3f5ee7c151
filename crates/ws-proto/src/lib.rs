//! RFC 6455 and RFC 7692 as state machines, for servers and clients.
//!
//! Pure: time, randomness and bytes come in as arguments, and replies go out through buffers that the caller passes.

#![forbid(unsafe_code)]
#![allow(
    dead_code,
    unused_imports,
    reason = "the conn that uses all this comes next"
)]

mod allowance;
pub mod deflate;
mod errors;
mod frame;
mod mask;
mod output;
mod utf8;

pub use errors::{Lapse, ProtocolError, SendError};
pub use output::{Output, REFERENCED_BYTES};
