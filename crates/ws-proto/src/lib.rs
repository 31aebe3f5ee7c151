//! RFC 6455 and RFC 7692 as state machines, for servers and clients.
//!
//! The opening handshake is a pair of pure functions over HTTP heads: see [`handshake`]. A [`Conn`] is one connection
//! after it: bytes go in, [`Event`]s come out, and what must be answered is appended to an [`Output`].
//!
//! Nothing here knows of sockets, clocks or tasks: time, randomness and bytes are arguments.

#![deny(unsafe_code)]

mod allowance;
mod assembly;
mod closing;
mod conn;
pub mod deflate;
mod errors;
mod event;
mod frame;
pub mod handshake;
mod header;
mod keepalive;
mod mask;
mod moment;
mod output;
mod prepared;
mod role;
mod scanner;
mod scratch;
mod settings;
mod utf8;

pub use closing::Ending;
pub use conn::{Conn, Upcoming, WholeMessages};
pub use errors::{Lapse, ProtocolError, SendError};
pub use event::Event;
pub use output::{Output, REFERENCED_BYTES};
pub use prepared::{Framing, Prepared};
pub use role::{MaskKeys, Role};
pub use scanner::{FrameHead, FrameScanner};
pub use scratch::Scratch;
pub use settings::Settings;
