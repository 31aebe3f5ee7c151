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

/// A [`Role`] in one word: a server has many conns.
#[derive(Debug)]
pub(crate) enum Own {
    Server,
    Client(Box<Masking>),
}

/// Where a client's masking keys come from.
#[derive(Debug)]
pub(crate) struct Masking(Box<dyn MaskKeys>);

impl From<Role> for Own {
    fn from(role: Role) -> Self {
        match role {
            Role::Server => Self::Server,
            Role::Client(keys) => Self::Client(Box::new(Masking(keys))),
        }
    }
}

impl Own {
    /// Returns the key for the next frame; `None` if this end doesn't mask.
    #[inline]
    pub(crate) fn next_key(&mut self) -> Option<[u8; 4]> {
        match self {
            Self::Server => None,
            Self::Client(masking) => Some(masking.0.next_key()),
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
