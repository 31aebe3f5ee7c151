//! SockJS 0.3 without sockets, for servers and clients.
//!
//! A request's path names a [`Resource`]. What the client says is read by [`read_strings`]; what it is told goes out
//! through the [`Framing`] of its transport.
//!
//! Nothing here knows of sockets, clocks or tasks: time, randomness and bytes are arguments.

#![forbid(unsafe_code)]

mod callback;
mod client;
mod close_frame;
mod errors;
mod escape;
mod frame_reader;
mod framing;
mod head;
mod iframe;
mod info;
mod json;
mod percent;
mod receive;
mod resource;
mod run;
mod send;
mod session;

pub use callback::Callback;
pub use client::{FrameError, SESSION_RANDOM_BYTES, ServerFrame, send_body, session_path};
pub use close_frame::CloseFrame;
pub use errors::{BodyError, RequestError};
pub use escape::{Escape, escape_into};
pub use frame_reader::FrameReader;
pub use framing::{Batch, Framing};
pub use head::{Cors, Rules, SessionCookie};
pub use iframe::IframePage;
pub use info::{Capabilities, InfoError};
pub use json::{BodyLimits, read_frame_text, read_strings};
pub use receive::{Receive, SendBy};
pub use resource::{MAX_ID_BYTES, Resource};
pub use send::read_send;
pub use session::{Attached, Gone, Leaves, Length, Next, Response, SessionMachine, Ticket, Times};
