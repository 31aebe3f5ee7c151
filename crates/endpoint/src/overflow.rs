//! What happens to a broadcast that a slow peer has no room for.

/// What happens to a broadcast when a peer's outbox is full.
///
/// It is asked for broadcasts only: [`Sender::send`](crate::Sender::send) waits for room and
/// [`Sender::try_send`](crate::Sender::try_send) hands the message back. What was sent to one session alone is never
/// dropped. Drops are counted: see [`Sender::dropped`](crate::Sender::dropped).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overflow {
    /// The slow peer is closed with 1013; it may come back and catch up. The default: nothing is lost in silence.
    #[default]
    Close,
    /// The oldest waiting broadcasts make room.
    DropOldest,
    /// All waiting broadcasts make room: only the newest matters, as with positions or prices.
    KeepLatest,
}
