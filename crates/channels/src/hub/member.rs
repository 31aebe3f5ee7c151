//! Who is in a room, and what it is sent.

use std::time::Duration;

use sockeye_channel_proto::{Codec, Disconnect, Filter};
use sockeye_endpoint::Session;

use crate::{ClientId, OverflowPolicy};

/// Who enters a room.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) session: Session,
    pub(crate) client: ClientId,
    pub(crate) kind: Kind,
    /// What it wants of the publications; it is always sent whole payloads if this is set.
    pub(crate) filter: Option<Filter>,
    pub(crate) overflow: Overflow,
}

/// What all those have in common who are sent the same bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Kind {
    pub(crate) codec: Codec,
    pub(crate) shape: Shape,
    pub(crate) delta: Delta,
    pub(crate) positioned: Positioned,
    pub(crate) announcements: Announcements,
}

/// How a push stands on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Shape {
    /// In a reply.
    #[default]
    Reply,
    /// As it is: for connections that only listen.
    Bare,
}

/// Whether payloads may be patches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Delta {
    /// All are whole.
    #[default]
    None,
    /// Patches of the payload before, in Fossil's form. In JSON all payloads are strings.
    Fossil,
}

/// Whether a hole in the stream ends the subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Positioned {
    /// It does not.
    #[default]
    No,
    /// It does: positioned or recoverable subscriptions. They must have asked for more than nothing.
    Yes,
}

/// Whether a member is told who comes and leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Announcements {
    /// It is not.
    #[default]
    Unheard,
    /// It is.
    Heard,
}

/// What becomes of a member that has no room. It is one for a room: whoever enters last brings it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overflow {
    pub(crate) policy: OverflowPolicy,
    /// How many publications may wait for one member, beside its outbox.
    pub(crate) publications: u32,
    /// How many bytes of payload they may have; one may always wait.
    pub(crate) bytes: usize,
}

/// Why a member is no longer in its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The stream has a hole, or is another one.
    Gap,
    /// Something was dropped that it had no room for. Its outbox is full at this moment: what it is told must wait
    /// for room ([`Session::send`]).
    Slow,
}

/// What the hub tells about members. Each is out of its room by then, and the hub holds no lock. But a broker may be in
/// the middle of a delivery: it must not be called from here; what follows belongs into a task.
pub(crate) trait Upcalls: Send + Sync {
    /// A positioned subscription has missed something: it is told to recover (unsubscribe push 2500, or disconnect 3010
    /// if the server had made it).
    fn lost(&self, client: ClientId, channel: &str, why: Lost);

    /// A publication is in the outboxes of all members here; it took so long.
    fn told(&self, time: Duration);

    /// The connection must end: with 3008 as it is slow, or with 3506 as it can't be sent a payload.
    fn disconnect(&self, client: ClientId, channel: &str, why: Disconnect);
}
