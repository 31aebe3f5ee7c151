//! What one peer may cost, in bytes, counts and time.

use std::time::Duration;

/// What one peer may cost on one endpoint. Every limit has a verdict: what happens at one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest message, in bytes after inflating. Default 1 MiB. One more byte closes with 1009.
    /// A peer can make the server hold this much for as long as [`message_time`](Self::message_time).
    pub message_bytes: usize,
    /// The largest frame on the wire, in payload bytes. Default 1 MiB. A larger one closes with 1009 as soon as its
    /// header is read. Lower it where messages come in fragments and no single frame needs to be large.
    /// A compressed frame may have a seventh and 64 bytes more: what does not become smaller becomes larger.
    pub frame_bytes: usize,
    /// How many frames one message may come in. Default 4,096. One more closes with 1008. It bounds the work an
    /// endless stream of empty fragments can cause.
    pub fragments: u32,
    /// How long a message may take from its first byte to its last. Default 60 s. A slower one closes with 1008.
    pub message_time: Duration,
    /// How many pings, pongs and closes a peer may send within a second. Default 128. One more closes with 1008.
    pub control_frames_per_second: u32,
    /// How many bytes may wait to be sent to one peer. Default 1 MiB. The endpoint's overflow policy says what happens
    /// beyond. An empty outbox takes any one message.
    pub outbox_bytes: usize,
    /// How long the peer may take no byte of what waits for it. Default 30 s. A longer stall cuts the connection.
    pub stall_time: Duration,
    /// How long the peer has to answer a close. Default 5 s. Then the connection is cut.
    pub close_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 1 << 20,
            frame_bytes: 1 << 20,
            fragments: 4096,
            message_time: Duration::from_secs(60),
            control_frames_per_second: 128,
            outbox_bytes: 1 << 20,
            stall_time: Duration::from_secs(30),
            close_time: Duration::from_secs(5),
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        impl Limits {
            $($(#[$doc])* #[must_use] pub fn $name(mut self, $name: $kind) -> Self { self.$name = $name; self })*
        }
    };
}

setters! {
    /// Sets [`message_bytes`](Self::message_bytes).
    message_bytes: usize,
    /// Sets [`frame_bytes`](Self::frame_bytes).
    frame_bytes: usize,
    /// Sets [`fragments`](Self::fragments).
    fragments: u32,
    /// Sets [`message_time`](Self::message_time).
    message_time: Duration,
    /// Sets [`control_frames_per_second`](Self::control_frames_per_second).
    control_frames_per_second: u32,
    /// Sets [`outbox_bytes`](Self::outbox_bytes).
    outbox_bytes: usize,
    /// Sets [`stall_time`](Self::stall_time).
    stall_time: Duration,
    /// Sets [`close_time`](Self::close_time).
    close_time: Duration,
}
