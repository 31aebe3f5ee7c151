//! SockJS 0.3 without sockets, for servers and clients.
//!
//! Nothing here knows of sockets, clocks or tasks: time, randomness and bytes are arguments.

#![forbid(unsafe_code)]

mod session;

pub use session::{Attached, Gone, Leaves, Length, Next, Response, SessionMachine, Ticket, Times};
