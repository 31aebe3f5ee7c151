//! The driver of one connection: a task that moves bytes between a socket, a conn and a conversation.
//!
//! It holds no buffer while its peer is silent. It serves any byte stream, so that TLS and foreign runtimes use it too.

mod ending;
mod input;
mod output;

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use bytes::BytesMut;
use sockeye_endpoint::{Conversation, Initiator, Rested};
use sockeye_ws_proto::{Conn, Output};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{lent::Lent, sessions::Entry, timers::Timer};

/// How many events one turn handles before other connections get theirs.
const EVENTS_A_TURN: usize = 256;

/// How many turns' worth of work one poll does before it yields to the runtime, whose timers and other sockets wait.
const TURNS_A_POLL: usize = 4;

/// A byte stream that carries frames.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// Moves the bytes of one connection.
///
/// ```text
///             the session ends: a close on both sides,
///             a broken rule, a lapse, a lost connection          written, and the peer has ended too
///   Talking ────────────────────────────────────────────> Parting ──────────────────────────────> Gone
///      └───────────────────── nothing left to say or to whom ──────────────────────────────────────┘
/// ```
/// The handler learns of the end on the way out of `Talking`; the task ends when the socket is gone and the handler is
/// done.
pub(crate) struct Driver<S> {
    phase: Phase<S>,
    conn: Conn,
    conversation: Conversation,
    /// What was read and not yet decoded: part of a frame, or whatever came while the handler was busy.
    input: BytesMut,
    /// What the socket did not take yet.
    unsent: Option<Box<Output>>,
    /// Whether messages were taken from the outbox and not yet reported as written.
    in_flight: InFlight,
    /// Since when the socket has taken nothing of `unsent`.
    stalled: Option<Instant>,
    /// Who ordered the close that we sent.
    ordered: Option<Initiator>,
    place: Place,
}

/// A driver's place among those of its worker.
pub(crate) struct Place {
    pub(crate) timer: Timer,
    /// Ends with the driver: a shutdown waits for it.
    pub(crate) _entry: Entry,
}

enum Phase<S> {
    /// The session is open, or closes and waits for the peer's close.
    Talking(S),
    /// The session has ended. The close frame must still leave, and the peer may still be sending: a socket that is
    /// closed too early resets, and the peer may lose the close frame (RFC 6455 §7.1.1).
    Parting {
        io: S,
        until: Instant,
        farewell: Farewell,
    },
    /// The socket is closed.
    Gone,
}

/// Whether our half of the connection is still open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Farewell {
    Writing,
    HalfClosed,
}

/// Whether the outbox waits to hear that what was taken from it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InFlight {
    Nothing,
    Messages,
}

/// Whether a step of a turn has anything more to do before something happens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It waits for the socket, the handler or the time.
    Waits,
    /// It would go on at once.
    GoesOn,
}

/// What one turn has to work with.
struct Turn<'a> {
    lent: &'a mut Lent,
    now: Instant,
    /// How many events it may still handle.
    events: usize,
}

/// What ended a session.
enum End {
    /// The conn is over, and says why.
    Conn,
    /// The socket failed.
    Lost(io::Error),
    /// The peer takes nothing of what is sent.
    Stalled,
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
        Self {
            phase: Phase::Talking(io),
            conn,
            conversation,
            input: BytesMut::from(glued),
            unsent: None,
            in_flight: InFlight::Nothing,
            stalled: None,
            ordered: None,
            place,
        }
    }

    fn turn(&mut self, cx: &mut Context<'_>, lent: &mut Lent) -> Poll<()> {
        if let Some(unsent) = self.unsent.take() {
            lent.scratch.out = *unsent;
        }
        let polled = self.turns(cx, lent);
        if !lent.scratch.out.is_empty() {
            self.unsent = Some(Box::new(std::mem::take(&mut lent.scratch.out)));
        }
        polled
    }

    fn turns(&mut self, cx: &mut Context<'_>, lent: &mut Lent) -> Poll<()> {
        let mut now = clock();
        if self.place.timer.has_fired(now) {
            self.handle_timeout(now, lent);
        }
        for _ in 0..TURNS_A_POLL {
            let step = match self.phase {
                Phase::Talking(_) => self.talk(cx, lent, now),
                Phase::Parting { .. } => {
                    let _ = self.conversation.poll_closed(cx);
                    self.part(cx, lent)
                }
                Phase::Gone => {
                    lent.scratch.out = Output::default();
                    return self.conversation.poll_closed(cx);
                }
            };
            if step == Step::Waits {
                self.arm(cx);
                return Poll::Pending;
            }
            now = clock();
        }
        self.arm(cx);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// One turn: what has arrived goes to the handler, what it sent goes out in one write.
    fn talk(&mut self, cx: &mut Context<'_>, lent: &mut Lent, now: Instant) -> Step {
        self.conversation.attend();
        let input = self.take_in(
            cx,
            &mut Turn {
                lent,
                now,
                events: EVENTS_A_TURN,
            },
        );
        let output = self.send_out(cx, lent, now);
        let (step, can_write) = match (input, output) {
            (Ok(step), Ok(can_write)) => (step, can_write),
            (Err(end), _) | (_, Err(end)) => return self.end(&end, now),
        };
        if self.conn.is_over() {
            return self.end(&End::Conn, now);
        }
        if step == Step::GoesOn
            || self.conversation.rest(cx.waker(), can_write) == Rested::WorkWaits
        {
            return Step::GoesOn;
        }
        Step::Waits
    }

    fn handle_timeout(&mut self, now: Instant, lent: &mut Lent) {
        match &self.phase {
            Phase::Talking(_)
                if self
                    .stall_deadline()
                    .is_some_and(|deadline| now >= deadline) =>
            {
                self.end(&End::Stalled, now);
            }
            Phase::Talking(_) => {
                // A lapse is a state of the conn: the turn that follows sees that it is over.
                let _ = self.conn.handle_timeout(now, &mut lent.scratch);
            }
            Phase::Parting { until, .. } if now >= *until => self.phase = Phase::Gone,
            Phase::Parting { .. } | Phase::Gone => {}
        }
    }

    /// Until when the socket must take something of what waits.
    fn stall_deadline(&self) -> Option<Instant> {
        self.stalled?
            .checked_add(self.conversation.limits().stall_time)
    }

    /// Arms the timer for whatever comes first.
    fn arm(&mut self, cx: &Context<'_>) {
        let next = match &self.phase {
            Phase::Talking(_) => [self.conn.poll_timeout(), self.stall_deadline()]
                .into_iter()
                .flatten()
                .min(),
            Phase::Parting { until, .. } => Some(*until),
            Phase::Gone => None,
        };
        if let Some(next) = next {
            self.place.timer.arm(next, cx.waker());
        }
    }
}

impl<S: Stream> Future for Driver<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Lent::with(|lent| self.turn(cx, lent))
    }
}

/// The time, which tests can stop.
pub(crate) fn clock() -> Instant {
    tokio::time::Instant::now().into_std()
}
