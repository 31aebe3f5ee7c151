//! What a subscriber that comes back has missed: a pure function over what it asks, what was kept, and what is
//! published meanwhile.

use std::sync::Arc;

use sockeye_channel_proto::{Publication, StreamPosition};

use crate::{History, Order, Read};

/// What somebody who subscribes wants to know of the channel's stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Nothing: it hears what is published from now on.
    #[default]
    Nothing,
    /// Where the stream is.
    Position,
    /// All that it missed since then, if that is at most so many publications.
    Stream { since: StreamPosition, limit: u32 },
    /// The latest publication, unless that is the one it has.
    Cache { since: Option<StreamPosition> },
}

/// What a subscriber is told at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recovered {
    /// Nothing is missing.
    pub(crate) recovered: bool,
    /// What it missed, in order.
    pub(crate) publications: Vec<Arc<Publication>>,
    /// What the result says: of the client before `publications` if it recovered a stream, else of the stream.
    pub(crate) position: StreamPosition,
}

/// What was read is older than what others in the room already have: it must be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Behind;
