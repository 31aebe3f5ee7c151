//! One request that receives: what its response is made of.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use sockeye_sockjs_proto::{Leaves, Ticket};

use super::{
    line::Line,
    pipe::{Driver, Pipe},
};
use crate::{activity::Alive, driver::clock};

/// One request that receives. Dropped before everything was taken, it breaks its session off: what was on its way is
/// lost, and the client must not go on as if it were not.
#[derive(Debug)]
pub(crate) struct Receiver {
    pipe: Arc<Pipe>,
    session: Option<(Arc<Line>, Ticket)>,
    written: Written,
}

/// Whether what was taken was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    /// Whoever took it does not say.
    Unknown,
    NotYet,
}

impl Receiver {
    pub(crate) fn of(line: Arc<Line>, pipe: Arc<Pipe>, ticket: Ticket) -> Self {
        Self {
            pipe,
            session: Some((line, ticket)),
            written: Written::Unknown,
        }
    }

    /// One that gets what is in the pipe and belongs to no session.
    pub(crate) fn stranger(pipe: Arc<Pipe>) -> Self {
        Self {
            pipe,
            session: None,
            written: Written::Unknown,
        }
    }

    /// Takes the next chunk; `None` at the end.
    pub(crate) fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        let taken = ready!(self.pipe.poll_take(cx));
        if taken.driver == Driver::WaitsForRoom
            && let Some((line, _)) = &self.session
        {
            line.wake_driver();
        }
        Poll::Ready(taken.chunk)
    }

    /// Takes the next chunk; `None` at the end.
    ///
    /// Cancel safety: dropped before it is done, it has taken nothing.
    pub(crate) async fn next(&self) -> Option<Bytes> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Says whether there is nothing more to take.
    pub(crate) fn is_taken(&self) -> bool {
        self.pipe.is_taken()
    }

    /// Says that what is taken counts only once it [is written](Self::is_written).
    pub(crate) fn will_be_written(&mut self) {
        self.written = Written::NotYet;
    }

    /// Says that what was taken is with the kernel.
    pub(crate) fn is_written(&mut self) {
        self.written = Written::Unknown;
    }

    /// Keeps a connection from being idle for as long as this takes what it is sent.
    pub(crate) fn keep(&self, alive: Alive) {
        self.pipe.keep(alive);
    }
}

#[cfg(test)]
impl Receiver {
    /// One that gets these and belongs to no session.
    pub(crate) fn ended<const N: usize>(frames: [&'static str; N]) -> Self {
        let receiver = Self::silent();
        for frame in frames {
            let frame = Bytes::from_static(frame.as_bytes());
            receiver.pipe.push(frame, clock());
        }
        receiver.pipe.end();
        receiver
    }

    /// One that gets nothing.
    pub(crate) fn silent() -> Self {
        Self::stranger(Arc::default())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some((line, ticket)) = self.session.take() {
            let leaves = if self.pipe.is_taken() && self.written == Written::Unknown {
                Leaves::Whole
            } else {
                Leaves::BrokenOff
            };
            line.leave(ticket, leaves, clock());
        }
    }
}
