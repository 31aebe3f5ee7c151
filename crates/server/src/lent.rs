//! What a thread lends to the driver it polls: buffers that no connection needs while it is idle.

use std::{cell::RefCell, collections::VecDeque};

use bytes::BytesMut;
use sockeye_endpoint::{CallSpace, Outgoing, Queue};
use sockeye_ws_proto::Scratch;

use crate::{pool::Pool, tally::Traffic};

/// How much is read at once. Large enough that one read takes several large frames with their headers (64 KiB reads cost
/// a quarter more at 64 KiB a message), and there is only one such buffer a thread while nobody holds messages in it.
pub(crate) const READ_BYTES: usize = (256 << 10) + (4 << 10);

/// How many read buffers a thread keeps beside the one it reads into: as many as may wait with answers in them for
/// sockets that do not take all at once.
const READ_BUFFERS: usize = 4;

/// How large a buffer is that large frames arrive in: as the default `frame_bytes`, and a header. Larger frames get
/// memory of their own.
const LARGE_BYTES: usize = (1 << 20) + (4 << 10);

/// How many of these a thread keeps.
const LARGE_BUFFERS: usize = 8;

/// From this size on a frame arrives in one of them. Memory of that size an allocator takes from the system and gives
/// back.
pub(crate) const LARGE_FRAME_BYTES: usize = 128 << 10;

/// How much must have come of a frame before a new one is made for it: what a header announces is not believed.
const BELIEVED_BYTES: usize = LARGE_BYTES / 5;

/// What a read is likely to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Anything,
    /// A large frame, as the one before.
    Large,
}

/// Buffers for one turn of one driver.
#[derive(Debug)]
pub(crate) struct Lent {
    /// What was read; empty between turns.
    pub(crate) read: BytesMut,
    /// Read buffers that messages referred to when the next read came.
    used: Pool,
    /// Where large frames arrive.
    large: Pool,
    /// What the next read is likely to bring.
    pub(crate) expected: Expected,
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

    /// Makes the read buffer empty and as large as it should be. Where messages still refer to it, it is another one.
    pub(crate) fn clear_read(&mut self) {
        self.read.clear();
        if !self.read.try_reclaim(READ_BYTES) {
            self.used.exchange(&mut self.read);
        }
    }

    /// Returns a buffer for all of a large frame, of which so much has arrived and is wanted. `None` for any other
    /// frame, and where a buffer would have to be made and little of the frame is there.
    pub(crate) fn large_buffer(&mut self, arrived: usize, wanted: usize) -> Option<BytesMut> {
        if !is_large(arrived, wanted) {
            return None;
        }
        self.expected = Expected::Large;
        if arrived < BELIEVED_BYTES {
            self.large.reuse()
        } else {
            Some(self.large.take())
        }
    }

    /// Returns a buffer to read into if a large frame is expected: where it begins it can stay.
    pub(crate) fn buffer_ahead(&mut self) -> Option<BytesMut> {
        match self.expected {
            Expected::Anything => None,
            Expected::Large => self.large.reuse(),
        }
    }
}

/// Says whether a frame is one for a large buffer, when so much of it has arrived and is wanted.
pub(crate) fn is_large(arrived: usize, wanted: usize) -> bool {
    let whole = arrived.saturating_add(wanted);
    wanted > 0 && (LARGE_FRAME_BYTES..=LARGE_BYTES).contains(&whole)
}

impl Default for Lent {
    fn default() -> Self {
        Self {
            read: BytesMut::with_capacity(READ_BYTES),
            used: Pool::new(READ_BYTES, READ_BUFFERS),
            large: Pool::new(LARGE_BYTES, LARGE_BUFFERS),
            expected: Expected::Anything,
            scratch: Scratch::default(),
            queue: Queue::default(),
            calls: CallSpace::default(),
            taken: VecDeque::default(),
            traffic: Traffic::default(),
            work: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_makes_no_buffer_before_a_part_of_it_has_come() {
        let mut lent = Lent::default();
        let announced = |arrived| LARGE_BYTES - arrived;
        for arrived in [0, 1, BELIEVED_BYTES - 1] {
            assert!(lent.large_buffer(arrived, announced(arrived)).is_none());
        }
        let made = lent.large_buffer(BELIEVED_BYTES, announced(BELIEVED_BYTES));
        assert!(made.is_some_and(|buffer| buffer.capacity() >= LARGE_BYTES));
        // One that is there costs nothing: as many as there are.
        assert!(lent.large_buffer(1, announced(1)).is_some());
    }

    #[test]
    fn whoever_announces_holds_no_more_than_the_buffers_that_were_there() {
        let mut lent = Lent::default();
        let mut hold = |arrived, times| -> Vec<BytesMut> {
            let hold = |_| lent.large_buffer(arrived, LARGE_BYTES - arrived);
            (0..times).filter_map(hold).collect()
        };
        drop(hold(BELIEVED_BYTES, 2 * LARGE_BUFFERS));
        assert_eq!(hold(14, 10_000).len(), LARGE_BUFFERS);
        let held = hold(14, 10_000);
        assert_eq!(held.len(), LARGE_BUFFERS, "they came back");
        assert!(hold(14, 1).is_empty());
        assert_eq!(hold(BELIEVED_BYTES, 1).len(), 1, "who sends gets one still");
    }

    #[test]
    fn only_large_frames_that_fit_get_a_large_buffer() {
        let mut lent = Lent::default();
        let mut gets = |arrived, wanted| lent.large_buffer(arrived, wanted).is_some();
        assert!(gets(LARGE_BYTES - 1, 1));
        assert!(!gets(LARGE_BYTES, 1));
        assert!(!gets(LARGE_BYTES, 0), "nothing is wanted between frames");
        assert!(!gets(1, usize::MAX));
        assert!(gets(1, LARGE_FRAME_BYTES - 1));
        assert!(!gets(1, LARGE_FRAME_BYTES - 2));
    }

    #[test]
    fn a_large_frame_lets_another_be_expected_and_makes_no_buffer_for_it() {
        let mut lent = Lent::default();
        assert!(lent.buffer_ahead().is_none());
        let made = lent.large_buffer(BELIEVED_BYTES, LARGE_FRAME_BYTES);
        assert!(made.is_some() && lent.buffer_ahead().is_none());
        drop(made);
        assert!(lent.buffer_ahead().is_some());
        lent.expected = Expected::Anything;
        assert!(lent.buffer_ahead().is_none());
    }

    #[test]
    fn a_read_buffer_that_messages_refer_to_is_left_to_them() {
        let mut lent = Lent::default();
        let mut kept = Vec::new();
        for byte in 0..20 {
            lent.clear_read();
            assert!(lent.read.is_empty() && lent.read.capacity() >= READ_BYTES);
            lent.read.resize(READ_BYTES, byte);
            kept.push(lent.read.split_to(READ_BYTES / 2).freeze());
            lent.read.clear();
        }
        for (byte, message) in (0..).zip(&kept) {
            assert!(message.iter().all(|&there| there == byte));
        }
    }
}
