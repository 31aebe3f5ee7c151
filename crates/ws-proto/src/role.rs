//! Which end of the connection a conn is; it decides who masks (RFC 6455 §5.1).

use std::fmt::Debug;

use crate::frame::Sender;

/// Which end of the connection a conn is. A client masks every frame it sends; a server masks none (RFC 6455 §5.1).
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum Role {
    /// The end that accepted the handshake.
    Server,
    /// The end that asked for it, with the source of its masking keys.
    Client(Box<dyn MaskKeys>),
}

/// A source of masking keys for a client.
pub trait MaskKeys: Send + Debug {
    /// Returns the next key. It must not be predictable to whoever chooses the payloads (RFC 6455 §5.3, §10.3).
    fn next_key(&mut self) -> [u8; 4];
}

impl Role {
    /// Returns the key for the next frame; `None` if this end doesn't mask.
    #[inline]
    pub(crate) fn next_key(&mut self) -> Option<[u8; 4]> {
        match self {
            Self::Server => None,
            Self::Client(keys) => Some(keys.next_key()),
        }
    }

    /// Returns which end the received frames come from.
    #[inline]
    pub(crate) fn peer(&self) -> Sender {
        match self {
            Self::Server => Sender::Client,
            Self::Client(_) => Sender::Server,
        }
    }
}
