//! The first request of a connection: an opening handshake is answered at once, without an HTTP server, and the session
//! is open before its 101 leaves.
//!
//! Whatever else it is, and whatever is refused, goes to the HTTP server, with what was read put back.

mod head;
mod switching;

use std::{
    future::{pending, poll_fn},
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{BufMut, Bytes, BytesMut};
use tokio_util::io::poll_read_buf;

use crate::{
    alarm::{Alarm, Patience},
    answer::Reply,
    connection::{Place, nothing_is_here},
    driver::{Stream, after, clock},
    drivers::{Drivers, Newcomer},
    lent::Lent,
    proxies::Caller,
    rewound::Rewound,
    upgrade::{Outcome, consider},
};
use head::Head;

/// How much of what follows a handshake is read while it is decided on.
const MORE_BYTES: usize = 512;

/// A connection whose first request is the HTTP server's to answer.
pub(crate) struct Asked<S> {
    /// It begins with that request.
    pub(crate) stream: Rewound<S>,
    pub(crate) caller: Caller,
    /// What the request is answered with, if that was decided.
    pub(crate) decided: Option<Reply>,
}

impl<S> Asked<S> {
    /// Makes another stream of this one, if that can be done.
    pub(crate) fn try_map<T>(self, change: impl FnOnce(S) -> Option<T>) -> Option<Asked<T>> {
        let (stream, ahead) = self.stream.into_parts();
        Some(Asked {
            stream: Rewound::new(ahead, change(stream)?),
            caller: self.caller,
            decided: self.decided,
        })
    }
}

/// Waits for the first request, and opens a session with `drive` if that is what it asks for. Otherwise the connection
/// comes back, unless it is done: because the client is gone, its head is late, or the server shuts down before any of
/// it is there.
///
/// Cancel safety: dropped before it is done, the connection is closed.
pub(crate) async fn open<S: Stream>(
    mut stream: S,
    caller: Caller,
    place: &Place,
    drivers: &Drivers,
    drive: impl FnOnce(&Drivers, S, &[u8], Newcomer),
) -> Option<Box<Asked<S>>> {
    let common = place.common();
    let (bytes, head) = first(&mut stream, place, drivers).await?;
    let (Head::Handshake { mut request, len }, true) = (head, place.is_taken()) else {
        return Some(asked(stream, bytes, caller, None));
    };
    common.proxies.tell(&mut request, caller);
    let mut more = BytesMut::from(bytes.get(len..).unwrap_or_default());
    let considered = tokio::select! {
        biased;
        outcome = consider(*request, &common.routes, drivers, common.options.handshake_time) => outcome,
        () = gone(&mut stream, &mut more) => return None,
    };
    match considered {
        Some(Outcome::Opens(opens)) => {
            let mut newcomer = opens.newcomer;
            newcomer.greeting = switching::encode(&opens.response);
            drive(drivers, stream, &more, newcomer);
            None
        }
        other => {
            let decided = match other {
                Some(Outcome::Answered(reply)) => reply,
                _ => nothing_is_here(),
            };
            let head = bytes.get(..len).unwrap_or_default();
            let bytes = Bytes::from([head, &more].concat());
            Some(asked(stream, bytes, caller, Some(decided)))
        }
    }
}

fn asked<S>(stream: S, bytes: Bytes, caller: Caller, decided: Option<Reply>) -> Box<Asked<S>> {
    Box::new(Asked {
        stream: Rewound::new(bytes, stream),
        caller,
        decided,
    })
}

/// Reads until it is clear what the first request is.
async fn first<S: Stream>(
    stream: &mut S,
    place: &Place,
    drivers: &Drivers,
) -> Option<(Bytes, Head)> {
    let options = &place.common().options;
    let mut alarm = Alarm::new(drivers, after(clock(), options.handshake_time));
    let mut seen = Vec::new();
    poll_fn(|cx| {
        loop {
            let before = seen.len();
            let room = options.head_bytes.saturating_sub(before);
            match poll_more(stream, cx, &mut seen, room) {
                Poll::Ready(0) => return Poll::Ready(None),
                Poll::Ready(_) => {}
                Poll::Pending => match alarm.set(clock(), cx.waker()) {
                    Patience::Left => return Poll::Pending,
                    // Who has begun may end.
                    Patience::ShutDown if !seen.is_empty() => return Poll::Pending,
                    Patience::ShutDown | Patience::Late => return Poll::Ready(None),
                },
            }
            let fresh = seen.get(before..).unwrap_or_default();
            if before > 0 && fresh.len() < room && !fresh.contains(&b'\n') {
                // Nothing ends within a line. Who drips one makes nobody parse it again and again.
                continue;
            }
            let bytes = Bytes::from(mem::take(&mut seen));
            match Head::parse(&bytes, options.head_count) {
                // It never ends, or is too large: the HTTP server says so.
                Head::Partial if bytes.len() >= options.head_bytes => {
                    return Poll::Ready(Some((bytes, Head::Other)));
                }
                Head::Partial => seen = bytes.into(),
                head => return Poll::Ready(Some((bytes, head))),
            }
        }
    })
    .await
}

/// Reads through this thread's buffer, so that a connection keeps no more than there is. Nothing was read at the end, be
/// it a failure.
fn poll_more<S: Stream>(
    stream: &mut S,
    cx: &mut Context<'_>,
    seen: &mut Vec<u8>,
    room: usize,
) -> Poll<usize> {
    Lent::with(|lent| {
        lent.clear_read();
        let mut into = (&mut lent.read).limit(room);
        let read = poll_read_buf(Pin::new(stream), cx, &mut into);
        seen.extend_from_slice(&lent.read);
        lent.read.clear();
        read.map(|read| read.unwrap_or(0))
    })
}

/// Done when the client has left, if nothing else follows its handshake.
async fn gone<S: Stream>(stream: &mut S, more: &mut BytesMut) {
    if more.is_empty() {
        more.reserve(MORE_BYTES);
        let read = poll_fn(|cx| poll_read_buf(Pin::new(&mut *stream), cx, more)).await;
        if matches!(read, Ok(0) | Err(_)) {
            return;
        }
    }
    pending::<()>().await;
}
