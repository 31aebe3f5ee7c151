//! The driver of one connection: a task that moves bytes between a stream, a conn, an inbox and an outbox.

mod ending;
mod input;
mod output;

use std::{
    future::Future,
    io, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::BytesMut;
use sockeye_types::{Close, Limits};
use sockeye_ws_proto::{Conn, Output};
use tokio::time::{Sleep, sleep_until};

use crate::{
    Closed,
    connection::LifeSender,
    inbox::Inbox,
    lent::Lent,
    observer::Watch,
    ping::Pings,
    sender::{Control, Outbox, Waiting},
    stream::Stream,
};

/// How many events one turn handles before other tasks get theirs.
const EVENTS_A_TURN: usize = 256;

/// How many turns' worth of work one poll does before it yields to the runtime.
const TURNS_A_POLL: usize = 4;

/// How long the timer is set to if nothing is due.
const LONGEST_REST: Duration = Duration::from_secs(3600);

/// Moves the bytes of one connection.
///
/// ```text
///            a close on both sides, a broken rule,                written, and the server has ended TCP too,
///            a lapse, a lost connection                           or took longer than close_time
///   Talking ───────────────────────────────────────> Parting ────────────────────────────────────> Gone
///      └──────────────────── nothing left to say or to whom ─────────────────────────────────────────┘
/// ```
/// The receiver learns of the end once what there was to say is written: a program may exit then.
pub(crate) struct Driver {
    io: Box<dyn Stream>,
    phase: Phase,
    conn: Conn,
    limits: Limits,
    /// What was read and not yet decoded.
    input: BytesMut,
    /// What the stream did not take yet.
    out: Output,
    /// Since when the stream has taken nothing of it.
    blocked: Option<Instant>,
    /// The room that the messages in `out` take in the outbox.
    in_flight: Vec<u32>,
    waiting: Waiting,
    outbox: Arc<Outbox>,
    inbox: Arc<Inbox>,
    life: LifeSender,
    pings: Pings,
    /// The caller's close, until the messages before it are out.
    asked: Option<Asked>,
    /// Since when a frame that ends the connection waits for what came before it to be answered.
    held: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    watch: Option<Box<Watch>>,
}

/// A close that the caller asked for.
struct Asked {
    close: Close,
    /// Until when it must leave.
    until: Instant,
}

enum Phase {
    /// The connection is open, or closes and waits for the server's close.
    Talking,
    /// The connection has ended, and the server may still want to hear so.
    Parting(Box<Parting>),
    /// Nothing is left to do.
    Gone,
}

struct Parting {
    closed: Closed,
    until: Instant,
    farewell: Farewell,
}

/// How far the farewell is, and who ends TCP: the server if both sides have closed (RFC 6455 §7.1.1), otherwise we do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Farewell {
    Writing(Then),
    HalfClosing,
    /// The server's end is awaited.
    Waiting,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Wait,
    HalfClose,
}

/// Whether a step of a turn has anything more to do before something happens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It waits for the stream, the receiver, a sender or the time.
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

/// What ended a connection.
enum End {
    /// The conn is over, and says why.
    Conn,
    /// The stream failed.
    Lost(io::Error),
    /// The server takes nothing of what is sent.
    Stalled,
}

/// The ends that callers hold.
pub(crate) struct Ends {
    pub(crate) waiting: Waiting,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) life: LifeSender,
}

impl Driver {
    /// Takes a stream whose handshake is done; `glued` was read behind it.
    pub(crate) fn new(
        io: Box<dyn Stream>,
        glued: BytesMut,
        conn: Conn,
        limits: Limits,
        ends: Ends,
    ) -> Self {
        Self {
            io,
            phase: Phase::Talking,
            conn,
            limits,
            input: glued,
            out: Output::new(),
            blocked: None,
            in_flight: Vec::new(),
            waiting: ends.waiting,
            outbox: ends.outbox,
            inbox: ends.inbox,
            life: ends.life,
            pings: Pings::default(),
            asked: None,
            held: None,
            timer: Box::pin(sleep_until((clock() + LONGEST_REST).into())),
            watch: None,
        }
    }

    /// Shows every frame to an observer.
    pub(crate) fn watched(mut self, mut watch: Box<Watch>) -> Self {
        watch.saw(crate::Direction::Received, &self.input);
        self.watch = Some(watch);
        self
    }

    fn turns(&mut self, cx: &mut Context<'_>, lent: &mut Lent) -> Poll<()> {
        for _ in 0..TURNS_A_POLL {
            let now = clock();
            let step = match self.phase {
                Phase::Talking => self.talk(cx, lent, now),
                Phase::Parting(_) => self.part(cx, lent, now),
                Phase::Gone => return Poll::Ready(()),
            };
            if step == Step::Waits && self.arm(cx, now) == Step::Waits {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// One turn: what has arrived goes to the inbox, what waits in the outbox goes out in one write.
    fn talk(&mut self, cx: &mut Context<'_>, lent: &mut Lent, now: Instant) -> Step {
        self.obey(cx, lent, now);
        let mut turn = Turn {
            lent,
            now,
            events: EVENTS_A_TURN,
        };
        let input = self.take_in(cx, &mut turn);
        // A lapse is a state of the conn: it is over then.
        let _ = self.conn.handle_timeout(now, &mut lent.scratch);
        if let Some(round_trip) = self.conn.round_trip() {
            self.outbox.set_round_trip(round_trip);
        }
        let output = self.send_out(cx, lent, now);
        let steps = match (input, output) {
            (Ok(input), Ok(output)) => (input, output),
            (Err(end), _) | (_, Err(end)) => return self.end(&end, now),
        };
        if self.conn.is_over() {
            return self.end(&End::Conn, now);
        }
        if self.stall_deadline().is_some_and(|until| now >= until) {
            return self.end(&End::Stalled, now);
        }
        match steps {
            (Step::Waits, Step::Waits) => Step::Waits,
            _ => Step::GoesOn,
        }
    }

    /// Does what passes the messages: pings, and the beginning of a close.
    fn obey(&mut self, cx: &mut Context<'_>, lent: &mut Lent, now: Instant) {
        while let Poll::Ready(Some(control)) = self.waiting.control.poll_recv(cx) {
            match control {
                Control::Ping(ping) => {
                    if self.conn.ping(&ping.payload, &mut lent.scratch).is_ok() {
                        self.pings.sent(ping, now);
                    }
                }
                Control::Close(close) => {
                    self.waiting.messages.close();
                    let until = after(now, self.limits.close_time);
                    self.asked = Some(Asked { close, until });
                }
            }
        }
    }

    /// Until when the stream must take something of what waits; a close that was asked for must be out by its own time.
    fn stall_deadline(&self) -> Option<Instant> {
        let stall = match self.blocked {
            Some(since) if self.conn.is_open() => since.checked_add(self.limits.stall_time),
            Some(since) => since.checked_add(self.limits.stall_time.min(self.limits.close_time)),
            None => None,
        };
        let asked = self.asked.as_ref().map(|asked| asked.until);
        [stall, asked].into_iter().flatten().min()
    }

    /// Has the task woken for whatever comes first. Goes on if that is now.
    fn arm(&mut self, cx: &mut Context<'_>, now: Instant) -> Step {
        let next = match &self.phase {
            Phase::Talking => [
                self.conn.poll_timeout(),
                self.stall_deadline(),
                self.held_until(),
            ]
            .into_iter()
            .flatten()
            .min(),
            Phase::Parting(parting) => Some(parting.until),
            Phase::Gone => return Step::GoesOn,
        };
        let due = next.unwrap_or(now + LONGEST_REST).into();
        if self.timer.deadline() != due {
            self.timer.as_mut().reset(due);
        }
        match self.timer.as_mut().poll(cx) {
            Poll::Ready(()) if next.is_none() => {
                self.timer.as_mut().reset((now + LONGEST_REST).into());
                Step::GoesOn
            }
            Poll::Ready(()) => Step::GoesOn,
            Poll::Pending => Step::Waits,
        }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Lent::with(|lent| {
            if !self.out.is_empty() {
                mem::swap(&mut self.out, &mut lent.scratch.out);
            }
            let polled = self.turns(cx, lent);
            // What is lent goes on to the next connection: whatever is left in it is this one's.
            if lent.scratch.out.is_empty() {
                self.out = Output::new();
            } else {
                mem::swap(&mut self.out, &mut lent.scratch.out);
            }
            polled
        })
    }
}

impl Drop for Driver {
    /// A driver that is dropped before its end, mostly with its runtime, leaves nobody waiting.
    fn drop(&mut self) {
        self.outbox.shut();
        self.tell(&Closed::lost("the connection's task has ended"));
        self.tell_gone();
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
