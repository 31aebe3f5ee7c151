//! The plain sockets of one worker: one task that moves the bytes of all of them.
//!
//! They are in an edge-triggered epoll set of their own, which is one descriptor to the runtime (epoll(7)). So a
//! connection has no task, no entry in the runtime, and no memory but its slot. What moves bytes for one connection is
//! the same [`Driver`](crate::driver::Driver) that is a task elsewhere: behind TLS, in HTTP/2, in somebody else's
//! server.

mod epoll_set;
mod fresh;
mod key;
mod listening;
mod newcomers;
mod slots;
mod socket;
mod turn;
mod waker;
mod woken;

use std::{io, time::Duration};

pub(crate) use fresh::Fresh;
pub(crate) use listening::Listening;
pub(crate) use newcomers::Entrance;
use turn::Reactor;

/// Starts the reactor of this thread, which is to have a runtime of its own; returns where connections enter it. Who
/// has something to do makes it look for more for as long as `spin`.
///
/// # Errors
/// The system's error if it has no epoll set left, or the process no number for one more reactor.
pub(crate) fn start(spin: Duration) -> io::Result<Entrance> {
    let reactor = Reactor::new(spin)?;
    let entrance = reactor.entrance();
    tokio::spawn(reactor.run());
    Ok(entrance)
}
