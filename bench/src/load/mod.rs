//! The generator: connections without a library, driven by one thread that spins on an edge-triggered poll.
//!
//! Frames are built and masked beforehand, so that writing costs one system call; what comes back is compared byte by
//! byte with what must come back.

mod carrier;
mod chat;
mod checker;
mod churn;
mod conn;
mod crowd;
mod deflate;
mod echo;
mod exchange;
mod fan_out;
mod frame;
mod handshake;
mod headers;
mod line;
mod meter;
mod outcome;
mod payload;
mod probe;
mod repeated_get;
mod response;
mod ring;
mod sessions;
mod sockjs;
mod sockjs_frames;
mod stream;
mod wait;

pub use carrier::{Carrier, Security, Target};
pub use chat::Chat;
pub use checker::{Checker, Tally, Wrong};
pub use churn::Churn;
pub use conn::Conn;
pub use crowd::Crowd;
pub use echo::{Echo, Paced};
pub use fan_out::FanOut;
pub use frame::{FrameHeader, MASK, OpCode, client_frame};
pub use headers::Headers;
pub use meter::Meter;
pub use outcome::Outcome;
pub use payload::{Kind, payload};
pub use ring::Ring;
pub use sessions::Sessions;

use line::Side;
