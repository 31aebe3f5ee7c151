//! What can be set for a whole server.

use std::{num::NonZeroUsize, time::Duration};

/// How long an opening handshake may take, unless it is set.
pub(crate) const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// What can be set for a whole server: see the setters of [`Server`](crate::Server).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) workers: NonZeroUsize,
    pub(crate) head_bytes: usize,
    pub(crate) head_count: usize,
    pub(crate) handshake_time: Duration,
    pub(crate) shutdown_time: Duration,
    pub(crate) connections: usize,
    pub(crate) proxy_bytes: usize,
}

/// hyper reads heads into no less.
pub(crate) const MIN_HEAD_BYTES: usize = 8 << 10;

impl Default for Options {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            head_bytes: 16 << 10,
            head_count: 100,
            handshake_time: HANDSHAKE_TIME,
            shutdown_time: Duration::from_secs(10),
            connections: usize::MAX,
            proxy_bytes: 2 << 10,
        }
    }
}
