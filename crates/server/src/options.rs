//! What can be set for a whole server.

use std::{num::NonZeroUsize, time::Duration};

/// Which connections speak HTTP/2, where a session is a stream (RFC 8441) and many share a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Http2 {
    /// None.
    Off,
    /// Those over TLS that choose it by ALPN (RFC 9113 §3.2): the default, and what browsers do.
    #[default]
    Negotiated,
    /// Also those without TLS whose first bytes say so (RFC 9113 §3.3), as some proxies do. To tell, the first bytes of
    /// each connection without TLS are looked at before they are read: one more call to the system for each.
    PriorKnowledge,
}

/// Who may listen on a server's port beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sharing {
    /// Nobody: a server that begins on a port that is taken is told so. The default.
    #[default]
    None,
    /// Other processes of the same user that say the same. The kernel spreads the connections over all of them
    /// (`SO_REUSEPORT`), and each keeps its own sessions and groups. A process with several workers that does *not*
    /// say so is not told apart by the kernel once it listens: start those that share only where none runs that does
    /// not.
    Processes,
}

/// Who moves the bytes of plain sockets: those of connections without TLS and without HTTP/2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlainSockets {
    /// One reactor a worker, on an epoll set of its own: the default, and what costs least. Systems other than Linux,
    /// which have no epoll, have tasks.
    #[default]
    Reactor,
    /// A task for each, as for all other connections.
    Tasks,
}

/// How long an opening handshake may take, unless it is set.
pub(crate) const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// What can be set for a whole server: see the setters of [`Server`](crate::Server).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) workers: NonZeroUsize,
    pub(crate) sharing: Sharing,
    pub(crate) plain_sockets: PlainSockets,
    pub(crate) spin: Duration,
    pub(crate) head_bytes: usize,
    pub(crate) head_count: usize,
    pub(crate) handshake_time: Duration,
    pub(crate) shutdown_time: Duration,
    pub(crate) connections: usize,
    pub(crate) proxy_bytes: usize,
    pub(crate) http2: Http2,
    pub(crate) http2_streams: u16,
}

/// hyper reads heads into no less.
pub(crate) const MIN_HEAD_BYTES: usize = 8 << 10;

/// More streams could not all have a window of their own within that of the connection (RFC 9113 §6.9.1).
pub(crate) const MAX_HTTP2_STREAMS: u16 = 32_767;

impl Default for Options {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            sharing: Sharing::default(),
            plain_sockets: PlainSockets::default(),
            spin: Duration::ZERO,
            head_bytes: 16 << 10,
            head_count: 100,
            handshake_time: HANDSHAKE_TIME,
            shutdown_time: Duration::from_secs(10),
            connections: usize::MAX,
            proxy_bytes: 2 << 10,
            http2: Http2::default(),
            http2_streams: 128,
        }
    }
}
