//! What an endpoint decides for all of its conns.

use sockeye_types::{Heartbeat, Limits};

/// What an endpoint decides for all of its conns. Shared between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// What one peer may cost.
    pub limits: Limits,
    /// When a silent peer is asked for a sign of life.
    pub heartbeat: Heartbeat,
}

impl Settings {
    /// Sets what one peer may cost.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets when a silent peer is asked for a sign of life.
    #[must_use]
    pub fn heartbeat(mut self, heartbeat: Heartbeat) -> Self {
        self.heartbeat = heartbeat;
        self
    }
}
