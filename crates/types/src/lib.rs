//! The nouns that every room of Sockeye shares: messages, their text, closes, and the settings of an endpoint.
//!
//! Nothing here knows of sockets, clocks, transports or handlers.

mod binary;
mod close;
mod close_code;
mod deflate;
mod heartbeat;
mod limits;
mod message;
mod text;
mod transport;

pub use binary::BinaryOverText;
pub use close::{Close, InvalidClose, MAX_REASON_BYTES};
pub use close_code::CloseCode;
pub use deflate::{ContextTakeover, Deflate, InvalidDeflate, WindowBits};
pub use heartbeat::Heartbeat;
pub use limits::Limits;
pub use message::Message;
pub use text::{InvalidText, Text};
pub use transport::Transport;
