//! What a thread lends to the driver it polls: buffers that no connection needs while it is idle.

use std::{cell::RefCell, collections::VecDeque};

use bytes::BytesMut;
use sockeye_endpoint::{CallSpace, Outgoing, Queue};
use sockeye_ws_proto::Scratch;

use crate::tally::Traffic;

/// How much is read at once. Large enough that one read takes several large frames (64 KiB reads cost a quarter more at
/// 64 KiB a message), and there is only one such buffer a thread.
pub(crate) const READ_BYTES: usize = 256 << 10;

/// Buffers for one turn of one driver.
#[derive(Debug, Default)]
pub(crate) struct Lent {
    /// What was read; empty between turns.
    pub(crate) read: BytesMut,
    /// Where a conn puts what must be written; empty between turns.
    pub(crate) scratch: Scratch,
    /// Lent to an outbox for what a handler sends during the turn.
    pub(crate) queue: Queue,
    /// Lent to a conversation for the handler's calls.
    pub(crate) calls: CallSpace,
    /// What was taken from an outbox; empty between turns.
    pub(crate) taken: VecDeque<Outgoing>,
    /// What the turn moved; nothing between turns.
    pub(crate) traffic: Traffic,
    /// About how much work the turns were since somebody set it back, in bytes.
    pub(crate) work: u64,
}

thread_local! {
    static LENT: RefCell<Option<Box<Lent>>> = const { RefCell::new(None) };
}

impl Lent {
    /// Runs a turn with this thread's buffers. A turn within a turn (a handler that polls another driver) gets its own.
    pub(crate) fn with<T>(turn: impl FnOnce(&mut Self) -> T) -> T {
        let mut lent = LENT.with_borrow_mut(Option::take).unwrap_or_default();
        let result = turn(&mut lent);
        LENT.with_borrow_mut(|kept| *kept = Some(lent));
        result
    }

    /// Makes the read buffer empty and as large as it should be. Messages that still refer to it keep the old one.
    pub(crate) fn clear_read(&mut self) {
        self.read.clear();
        if self.read.capacity() < READ_BYTES {
            self.read.reserve(READ_BYTES);
        }
    }
}
