//! A plain socket in an epoll set: it knows whether there is anything to read or any room to write, and so asks the
//! system only then.
#![expect(
    unsafe_code,
    reason = "a read into memory that is not initialised must say how much of it is"
)]

use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    net::{Shutdown, TcpStream},
    os::fd::{AsFd, BorrowedFd},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::BytesMut;
use rustix::{
    event::epoll::EventFlags,
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send, sendmsg},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::driver::Stream;

/// A socket whose events a reactor tells it.
///
/// Its reads and writes register no waker: the reactor polls the connection when something happened. Events are told
/// once, when something changes (edge-triggered), and so it remembers them until the system says that nothing is left.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    readable: Readable,
    writable: bool,
}

/// What there is to read, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readable {
    /// Nothing until the next event.
    No,
    /// Something: a read that leaves room in its buffer has found all of it (epoll(7)).
    Yes,
    /// The end as well, or a failure: no event will follow, and reads go on until they say so.
    ToTheEnd,
}

impl Socket {
    /// Takes a socket that does not block. It may hold bytes already; a reactor tells so when it watches it.
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            readable: Readable::No,
            writable: true,
        }
    }

    /// Takes one that nobody watches: whether there is anything to read is found out by a read.
    pub(super) fn untold(stream: TcpStream) -> Self {
        Self {
            readable: Readable::Yes,
            ..Self::new(stream)
        }
    }

    /// Gives the socket up.
    pub(super) fn into_std(self) -> TcpStream {
        self.stream
    }

    /// Something happened.
    pub(super) fn tell(&mut self, events: EventFlags) {
        const ENDS: EventFlags = EventFlags::RDHUP
            .union(EventFlags::HUP)
            .union(EventFlags::ERR);
        if events.intersects(ENDS) {
            self.readable = Readable::ToTheEnd;
        } else if events.contains(EventFlags::IN) && self.readable == Readable::No {
            self.readable = Readable::Yes;
        }
        if events.intersects(EventFlags::OUT | EventFlags::HUP | EventFlags::ERR) {
            self.writable = true;
        }
    }

    /// Nobody will tell it of anything: it ends, so that the connection does.
    pub(super) fn end(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        self.readable = Readable::ToTheEnd;
    }

    /// Receives to the front of `room`, and says how much.
    #[inline]
    fn receive(&mut self, room: &mut [MaybeUninit<u8>]) -> Poll<io::Result<usize>> {
        if self.readable == Readable::No {
            return Poll::Pending;
        }
        let asked = room.len();
        let read = retried(|| Ok(recv(&self.stream, &mut *room, RecvFlags::empty())?.1));
        match read {
            Ok(count) => {
                if count < asked && self.readable == Readable::Yes {
                    self.readable = Readable::No;
                }
                Poll::Ready(Ok(count))
            }
            Err(Errno::AGAIN) => {
                self.readable = Readable::No;
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }

    /// Books what a write of `asked` bytes came to.
    fn wrote(&mut self, asked: usize, written: Result<usize, Errno>) -> Poll<io::Result<usize>> {
        match written {
            Ok(written) => {
                // A short one has filled the socket's buffer; an event tells when there is room again.
                self.writable = written == asked;
                Poll::Ready(Ok(written))
            }
            Err(Errno::AGAIN) => {
                self.writable = false;
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }
}

impl Stream for Socket {
    fn ends_when_dropped(&self) -> bool {
        self.readable == Readable::No
    }

    #[inline]
    fn may_read(&self) -> bool {
        self.readable != Readable::No
    }

    fn poll_read_into(
        &mut self,
        _: &mut Context<'_>,
        into: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        if into.len() == into.capacity() {
            // To find no room would look like the end.
            into.reserve(64);
        }
        let count = ready!(self.receive(into.spare_capacity_mut()))?;
        // SAFETY: that many bytes were written behind those that were there.
        unsafe { into.set_len(into.len() + count) };
        Poll::Ready(Ok(count))
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Calls again what a signal interrupted.
fn retried<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            done => return done,
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // SAFETY: `recv` only ever writes to it, so that nothing in it gets uninitialised.
        let unfilled = unsafe { buf.unfilled_mut() };
        let count = ready!(self.receive(unfilled))?;
        // SAFETY: `recv` has written that many bytes to the front.
        unsafe { buf.assume_init(count) };
        buf.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.writable {
            return Poll::Pending;
        }
        let written = retried(|| send(&self.stream, bytes, SendFlags::NOSIGNAL));
        self.wrote(bytes.len(), written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.writable {
            return Poll::Pending;
        }
        let written = retried(|| {
            let mut control = rustix::net::SendAncillaryBuffer::default();
            sendmsg(&self.stream, pieces, &mut control, SendFlags::NOSIGNAL)
        });
        self.wrote(pieces.iter().map(|piece| piece.len()).sum(), written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A peer that has gone leaves nothing to shut.
        Poll::Ready(match self.stream.shutdown(Shutdown::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            done => done,
        })
    }
}
