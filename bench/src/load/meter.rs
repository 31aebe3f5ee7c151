//! What goes over the wire, counted at the client.

use std::ops::AddAssign;

/// Bytes that TCP carried for a client, heads and framing among them, and how often it asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meter {
    /// Bytes from the client.
    pub sent: u64,
    /// Bytes to the client.
    pub received: u64,
    /// Requests of HTTP; the one that becomes a WebSocket is among them.
    pub requests: u64,
}

impl Meter {
    /// Returns what was added since an earlier reading.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            sent: self.sent.saturating_sub(earlier.sent),
            received: self.received.saturating_sub(earlier.received),
            requests: self.requests.saturating_sub(earlier.requests),
        }
    }
}

impl AddAssign for Meter {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.received += other.received;
        self.requests += other.requests;
    }
}
