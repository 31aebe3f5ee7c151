//! An epoll set within the runtime's own: it holds many sockets, and is one descriptor to the runtime.
#![expect(
    unsafe_code,
    reason = "the runtime must be promised that a descriptor stays open while it watches it"
)]

use std::{
    io,
    mem::MaybeUninit,
    os::fd::{AsFd, OwnedFd},
    task::{Context, Poll},
};

use rustix::{
    event::{
        Timespec,
        epoll::{self, Event, EventData, EventFlags},
    },
    io::Errno,
};
use tokio::io::{Interest, unix::AsyncFd};

use super::key::Key;

/// How many events are asked for at once.
pub(super) const EVENTS: usize = 256;

/// A set of sockets, each with its key, that tells each event once (edge-triggered, epoll(7)).
#[derive(Debug)]
pub(super) struct EpollSet(AsyncFd<OwnedFd>);

impl EpollSet {
    /// Makes an empty set in this thread's runtime.
    pub(super) fn new() -> io::Result<Self> {
        let set = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        // SAFETY: an `OwnedFd` is open until it is dropped and never becomes another; nobody takes it out of here.
        let set = unsafe { AsyncFd::register_with_interest(set, Interest::READABLE) };
        Ok(Self(set?))
    }

    /// Has a socket watched until it is closed. What has happened to it by now is told, too.
    pub(super) fn add(&self, socket: impl AsFd, key: Key) -> io::Result<()> {
        let interest = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        let data = EventData::new_u64(key.to_bits());
        Ok(epoll::add(&self.0, socket, data, interest)?)
    }

    /// Ready when something may have happened.
    pub(super) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        // A set that can't be watched any more tells so when it is asked.
        self.0.poll_read_ready(cx).map(|_| ())
    }

    /// Tells what happened, [`EVENTS`] events at most: it stays ready if there may be more.
    pub(super) fn tell(&self, when: When, to: impl FnMut(Key, EventFlags)) {
        if when == When::Now {
            let _ = ask(self.0.get_ref(), to);
            return;
        }
        let _ = self.0.try_io(Interest::READABLE, |set| match ask(set, to) {
            Ok(EVENTS) | Err(Errno::INTR) => Ok(()),
            // That was all: the next event makes the set ready anew, since the sockets in it tell changes only.
            Ok(_) => Err(io::ErrorKind::WouldBlock.into()),
            Err(error) => Err(error.into()),
        });
    }
}

/// Whether the system is asked what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// If the runtime has told that something did.
    Ready,
    Now,
}

/// Tells what happened, and how many events that were.
fn ask(set: &OwnedFd, mut to: impl FnMut(Key, EventFlags)) -> Result<usize, Errno> {
    let mut room = [const { MaybeUninit::<Event>::uninit() }; EVENTS];
    let (told, _) = epoll::wait(set, &mut room, Some(&Timespec::default()))?;
    for event in &*told {
        to(Key::from_bits(event.data.u64()), event.flags);
    }
    Ok(told.len())
}
