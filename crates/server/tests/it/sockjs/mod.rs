//! SockJS on the wire: every rule of SockJS 0.3 and of Sockeye's own bounds, seen by clients that write HTTP by hand.

mod binary;
mod binding;
mod bounds;
mod by;
mod clock;
mod counts;
mod escaping;
mod fields;
mod framing;
mod handlers;
mod http2;
mod life;
mod logs;
mod origins;
mod pages;
mod receiving;
mod sending;
mod served;
mod urls;
mod websockets;
pub(crate) mod wire;
