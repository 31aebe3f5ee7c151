//! SockJS 0.3 without sockets, for servers and clients.
//!
//! A request's path names a [`Resource`]. What the client says is read by [`read_strings`]; what it is told goes out
//! through the [`Framing`] of its transport.
//!
//! Nothing here knows of sockets, clocks or tasks: time, randomness and bytes are arguments.

#![forbid(unsafe_code)]

mod callback;
mod close_frame;
mod errors;
mod escape;
mod framing;
mod json;
mod percent;
mod receive;
mod resource;
mod run;
mod session;

pub use callback::Callback;
pub use close_frame::CloseFrame;
pub use errors::{BodyError, RequestError};
pub use escape::{Escape, escape_into};
pub use framing::{Batch, Framing};
pub use json::{BodyLimits, read_frame_text, read_strings};
pub use receive::{Receive, SendBy};
pub use resource::{MAX_ID_BYTES, Resource};
pub use session::{Attached, Gone, Leaves, Length, Next, Response, SessionMachine, Ticket, Times};
