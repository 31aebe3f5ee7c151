//! What a worker lends to the conn it serves just now.

use bytes::BytesMut;

use crate::{Output, deflate::Codecs};

/// The most a work buffer keeps between two messages, in bytes.
const KEPT_BYTES: usize = 64 << 10;

/// What a worker lends to the conn it serves just now, so that an idle conn holds none of it.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Scratch {
    /// Where a conn puts the frames it sends. The driver takes them from here, before it serves the next conn.
    pub out: Output,
    /// Idle zlib states.
    pub codecs: Codecs,
    /// Where payloads are compressed. Empty between calls.
    pub(crate) work: BytesMut,
}

impl Scratch {
    /// Empties the work buffer and gives a large one up.
    pub(crate) fn clear_work(&mut self) {
        if self.work.capacity() > KEPT_BYTES {
            self.work = BytesMut::new();
        }
        self.work.clear();
    }
}
