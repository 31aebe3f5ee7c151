//! The driver of one connection: moves bytes between a socket, a conn and a conversation.
//!
//! It holds no buffer while its peer is silent. It serves any byte stream: a reactor polls those of plain sockets, and
//! for TLS, HTTP/2 and foreign runtimes each is a task.

mod ending;
mod framed;
mod input;
mod output;

use std::{
    future::Future,
    io, mem,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::{Buf, BytesMut};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use sockeye_endpoint::{CanWrite, Conversation, Rested};
use sockeye_ws_proto::{Conn, Output};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_util::io::poll_read_buf;

use crate::{
    account::{Account, Waiting},
    drivers::Place,
    http2::SessionStream,
    lent::Lent,
    tls::TlsStream,
};

pub(crate) use framed::Framed;

/// How many events one poll handles before other connections get theirs.
const EVENTS_A_POLL: usize = 256;

/// How long a driver rests if nothing is due: never for ever, so that a shutdown finds it among those to be woken.
pub(crate) const LONGEST_REST: Duration = Duration::from_secs(3600);

/// How many turns one poll takes before it yields to the runtime, whose timers and other sockets wait.
const TURNS_A_POLL: usize = 4;

/// A byte stream that carries frames.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Says whether dropping it now would be an end like any other to the peer: nothing has arrived unread, for which
    /// the system would reset the connection, and there is nothing to say but that it ends.
    fn ends_when_dropped(&self) -> bool {
        false
    }

    /// Says whether a read may find something; a reader that is not asked is woken all the same.
    fn may_read(&self) -> bool {
        true
    }

    /// Reads into what room there is behind the bytes of a buffer; 0 is the end.
    fn poll_read_into(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        poll_read_buf(Pin::new(self), cx, into)
    }
}

impl Stream for TcpStream {}

impl Stream for TlsStream {}

impl Stream for TokioIo<Upgraded> {}

impl Stream for SessionStream {}

#[cfg(test)]
impl Stream for tokio::io::DuplexStream {}

/// Moves the bytes of one connection.
///
/// ```text
///             the session ends: a close on both sides,
///             a broken rule, a lapse, a lost connection          written, and the peer has ended too
///   Talking ────────────────────────────────────────────> Parting ──────────────────────────────> Gone
///      └───────────────────── nothing left to say or to whom ──────────────────────────────────────┘
/// ```
/// The handler learns of the end on the way out of `Talking`; the driver is done when the socket is gone and the handler
/// is done.
pub(crate) struct Driver<S> {
    phase: Phase<S>,
    conn: Conn,
    conversation: Conversation,
    /// What was read and not yet decoded: part of a frame, or whatever came while the handler was busy.
    input: Option<Box<BytesMut>>,
    /// What the socket did not take yet.
    unsent: Option<Box<Unsent>>,
    /// SockJS frames, if messages travel in them.
    framed: Option<Box<Framed>>,
    place: Place,
    /// How it was when the moment was chosen that the driver will be woken at.
    woken_for: Calm,
    account: Account,
}

/// Whether only silence can make anything due: what it makes due comes later and later while the peer is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Calm {
    Yes,
    No,
}

/// What a socket did not take, or was not offered yet.
struct Unsent {
    out: Output,
    offered: Offered,
    /// Since when it has taken nothing.
    since: Instant,
    waiting: Waiting,
}

/// Whether the socket has been asked to take what is unsent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Offered {
    /// It goes out with whatever the next turn has to say.
    NotYet,
    /// It is full, and nothing may pass it.
    Refused,
}

impl Unsent {
    fn new(since: Instant, place: &Place) -> Box<Self> {
        Box::new(Self {
            out: Output::default(),
            offered: Offered::Refused,
            since,
            waiting: Waiting::new(place.tally()),
        })
    }
}

enum Phase<S> {
    /// The session is open, or closes and waits for the peer's close.
    Talking(S),
    /// The session has ended, and the peer may still want to hear so.
    Parting(Box<Parting<S>>),
    /// The socket is closed.
    Gone,
}

/// The session has ended. The close frame must still leave, and the peer may still be sending: a socket that is closed
/// too early resets, and the peer may lose the close frame (RFC 6455 §7.1.1).
struct Parting<S> {
    io: S,
    until: Instant,
    farewell: Farewell,
}

/// Whether our half of the connection is still open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Farewell {
    Writing,
    HalfClosed,
}

/// Whether a step of a turn has anything more to do before something happens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It waits for the socket, the handler or the time.
    Waits,
    /// It waits until the socket has taken what waits for it.
    WaitsToWrite,
    /// It would go on at once.
    GoesOn,
}

/// What one turn has to work with.
struct Turn<'a> {
    lent: &'a mut Lent,
    now: Instant,
    /// How many events it may still handle.
    events: &'a mut usize,
    /// Whether the moment has come that the driver was to be woken at.
    is_due: bool,
}

/// What ended a session.
enum End {
    /// The conn is over, and says why.
    Conn,
    /// The socket failed.
    Lost(io::Error),
    /// The peer takes nothing of what is sent.
    Stalled,
    /// The server shuts down and waits no longer.
    Cut,
}

impl<S: Stream> Driver<S> {
    /// Takes a connection whose handshake is done; `glued` was read behind it.
    pub(crate) fn new(
        io: S,
        glued: &[u8],
        conn: Conn,
        conversation: Conversation,
        place: Place,
    ) -> Self {
        let glued = (!glued.is_empty()).then(|| Box::new(BytesMut::from(glued)));
        Self {
            phase: Phase::Talking(io),
            conn,
            conversation,
            input: glued,
            unsent: None,
            framed: None,
            place,
            woken_for: Calm::No,
            account: Account::default(),
        }
    }

    /// Lets messages travel in SockJS frames.
    pub(crate) fn frame(&mut self, framed: Option<Box<Framed>>) {
        self.framed = framed;
    }

    /// Writes this first, together with what the handler sends when the session opens.
    pub(crate) fn greet(&mut self, greeting: &[u8]) {
        if !greeting.is_empty() {
            let mut unsent = Unsent::new(clock(), &self.place);
            unsent.out.put_slice(greeting);
            unsent.offered = Offered::NotYet;
            self.unsent = Some(unsent);
        }
    }

    /// Returns the socket, unless it is closed.
    pub(crate) fn stream(&mut self) -> Option<&mut S> {
        match &mut self.phase {
            Phase::Talking(io) => Some(io),
            Phase::Parting(parting) => Some(&mut parting.io),
            Phase::Gone => None,
        }
    }

    /// Does what there is to do at a moment, and a little more if there is more. Ready when the connection is gone and
    /// its handler done.
    ///
    /// It works with this thread's buffers; what the socket has not taken is put there, and what it does not take stays.
    pub(crate) fn poll_turns(
        &mut self,
        cx: &mut Context<'_>,
        lent: &mut Lent,
        now: Instant,
    ) -> Poll<()> {
        match &mut self.unsent {
            Some(unsent) if unsent.offered == Offered::NotYet => {
                lent.scratch.out.put_slice(unsent.out.chunk());
                self.unsent = None;
            }
            Some(unsent) => mem::swap(&mut unsent.out, &mut lent.scratch.out),
            None => {}
        }
        let polled = self.turns(cx, lent, now);
        // What is lent goes on to the next connection: whatever is left in it is this one's.
        if self.unsent.is_some() || !lent.scratch.out.is_empty() {
            let unsent = self
                .unsent
                .get_or_insert_with(|| Unsent::new(clock(), &self.place));
            mem::swap(&mut unsent.out, &mut lent.scratch.out);
            unsent
                .waiting
                .update(self.conversation.session().buffered_bytes());
            let tally = self.place.tally();
            self.account.settle_dropped(&self.conversation, tally);
        }
        polled
    }

    fn turns(&mut self, cx: &mut Context<'_>, lent: &mut Lent, mut now: Instant) -> Poll<()> {
        let mut events = EVENTS_A_POLL;
        let is_due = self.place.has_fired();
        self.obey_shutdown(now);
        for _ in 0..TURNS_A_POLL {
            let step = match self.phase {
                Phase::Talking(_) => self.talk(
                    cx,
                    &mut Turn {
                        lent,
                        now,
                        events: &mut events,
                        is_due,
                    },
                ),
                Phase::Parting(_) => {
                    let _ = self.conversation.poll_closed(cx, &mut lent.calls);
                    self.part(cx, lent, now)
                }
                Phase::Gone => {
                    self.forget_unsent(lent);
                    return self.conversation.poll_closed(cx, &mut lent.calls);
                }
            };
            if step == Step::Waits && self.arm(cx, now) == Step::Waits {
                return Poll::Pending;
            }
            if events == 0 {
                break;
            }
            now = clock();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// One turn: what has arrived goes to the handler, what it sent goes out in one write.
    fn talk(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> Step {
        self.conversation.attend(&mut turn.lent.queue);
        let input = self.take_in(cx, turn);
        let (lent, now, is_due) = (&mut *turn.lent, turn.now, turn.is_due);
        if is_due {
            // After what has arrived: a peer is heard before it is blamed. A lapse is a state of the conn, over then.
            let _ = self.conn.handle_timeout(now, &mut lent.scratch);
        }
        let output = self.send_out(cx, lent, now);
        self.settle(lent);
        let (step, can_write) = match (input, output) {
            (Ok(step), Ok(can_write)) => (step, can_write),
            (Err(end), _) | (_, Err(end)) => return self.end(&end, now),
        };
        if self.conn.is_over() {
            return self.end(&End::Conn, now);
        }
        if self
            .stall_deadline()
            .is_some_and(|deadline| now >= deadline)
        {
            return self.end(&End::Stalled, now);
        }
        match (step, can_write) {
            (Step::GoesOn | Step::WaitsToWrite, CanWrite::Yes) => {
                self.conversation.written();
                Step::GoesOn
            }
            (Step::GoesOn, CanWrite::No) => Step::GoesOn,
            (Step::Waits | Step::WaitsToWrite, _) => {
                match self
                    .conversation
                    .rest(cx.waker(), can_write, &mut lent.queue)
                {
                    Rested::Resting => Step::Waits,
                    Rested::WorkWaits => Step::GoesOn,
                }
            }
        }
    }

    /// Books what the turn moved.
    fn settle(&mut self, lent: &mut Lent) {
        let tally = self.place.tally();
        let traffic = mem::take(&mut lent.traffic);
        lent.work += traffic.weight();
        self.account.settle(&traffic, tally);
        if let Some(took) = self.conn.take_round_trip() {
            tally.round_trip(took);
        }
    }

    /// Nobody is left to take what was not sent.
    fn forget_unsent(&mut self, lent: &mut Lent) {
        self.unsent = None;
        if !lent.scratch.out.is_empty() {
            lent.scratch.out = Output::default();
        }
    }

    /// Until when the socket must take something of what waits: less long once the session closes.
    fn stall_deadline(&self) -> Option<Instant> {
        let since = self.unsent.as_ref()?.since;
        let limits = self.conversation.limits();
        let is_open = self.conversation.session().is_open();
        since.checked_add(if is_open {
            limits.stall_time
        } else {
            limits.stall_time.min(limits.close_time)
        })
    }

    /// Has the driver woken for whatever comes first. Goes on if a shutdown came in the meantime.
    fn arm(&mut self, cx: &Context<'_>, now: Instant) -> Step {
        let calm = self.calm();
        if calm == Calm::Yes && self.woken_for == Calm::Yes && self.place.is_armed() {
            // It was calm then, too, and so nothing comes earlier than what it will be woken for.
            return Step::Waits;
        }
        self.woken_for = calm;
        let next = match &self.phase {
            Phase::Talking(_) => [self.conn.poll_timeout(), self.stall_deadline()]
                .into_iter()
                .flatten()
                .min(),
            Phase::Parting(parting) => Some(parting.until),
            Phase::Gone => None,
        };
        if let Some(moment) = next.or_else(|| now.checked_add(LONGEST_REST)) {
            self.place.wake_at(moment, cx.waker());
        }
        self.obey_shutdown(now)
    }

    /// Says whether only silence can make anything due.
    #[inline]
    fn calm(&self) -> Calm {
        let is_talking = matches!(self.phase, Phase::Talking(_)) && self.unsent.is_none();
        if is_talking && self.conn.is_calm() {
            Calm::Yes
        } else {
            Calm::No
        }
    }

    /// Closes the session if all are closed, and cuts it if that took too long. Goes on if that is news.
    fn obey_shutdown(&mut self, now: Instant) -> Step {
        let Some(shutdown) = self.place.shutdown() else {
            return Step::Waits;
        };
        if shutdown.is_cut() && !matches!(self.phase, Phase::Gone) {
            if let Phase::Talking(_) = self.phase {
                self.end(&End::Cut, now);
            }
            self.phase = Phase::Gone;
            return Step::GoesOn;
        }
        if self.conversation.session().is_open() {
            self.conversation.close(shutdown.close().clone());
            return Step::GoesOn;
        }
        Step::Waits
    }
}

impl<S: Stream> Future for Driver<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Lent::with(|lent| self.poll_turns(cx, lent, clock()))
    }
}

/// The time, which tests can stop.
pub(crate) fn clock() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The moment so long after another. A time that no clock can show is as good as a year.
pub(crate) fn after(moment: Instant, time: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    moment.checked_add(time).unwrap_or(moment + YEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_fits_the_memory_that_is_promised() {
        // With tokio's own part, some 100 bytes, it must fit 512: tokio aligns tasks to 128, and an allocator that
        // pads what is aligned like that has nothing between 256 and 512.
        let size = size_of::<Driver<TcpStream>>();
        assert!(size <= 384, "{size}");
    }
}
