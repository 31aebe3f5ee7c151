//! The driver's end: what the receiver is told, and how the stream is closed.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use bytes::BytesMut;
use sockeye_ws_proto::{Ending, Lapse, Output};
use tokio::io::AsyncWrite;

use super::{Driver, End, Farewell, Parting, Phase, Step, Then, after, output::Written};
use crate::{Closed, Initiator, connection::Life, lent::Lent};

impl Driver {
    /// Ends the connection: takes nothing more, and leaves the stream as the ending asks.
    pub(super) fn end(&mut self, end: &End, now: Instant) -> Step {
        let closed = self.closed(end);
        tracing::debug!(
            code = closed.code.as_u16(),
            initiator = closed.initiator.as_str(),
            // Escaped: the server chose the words.
            reason = ?closed.reason.as_str(),
            "connection ended",
        );
        self.outbox.shut();
        self.waiting.messages.close();
        self.waiting.control.close();
        while self.waiting.messages.try_recv().is_ok() {}
        while self.waiting.control.try_recv().is_ok() {}
        self.pings.give_up();
        self.asked = None;
        self.input = BytesMut::new();
        match self.farewell(end) {
            Some(farewell) => {
                let until = after(now, self.limits.close_time);
                self.phase = Phase::Parting(Box::new(Parting {
                    closed,
                    until,
                    farewell,
                }));
            }
            None => {
                self.phase = Phase::Gone;
                self.tell(&closed);
                self.tell_gone();
            }
        }
        Step::GoesOn
    }

    /// Says what the server may still want to hear; `None` if it will not.
    fn farewell(&self, end: &End) -> Option<Farewell> {
        match (end, self.conn.ending()?) {
            (End::Lost(_) | End::Stalled, _) => None,
            (
                End::Conn,
                Ending::Lost | Ending::Lapse(Lapse::CloseUnanswered | Lapse::HeartbeatMissed),
            ) => None,
            (End::Conn, Ending::Own(_)) if !self.conn.is_clean() => None,
            (End::Conn, Ending::Own(_) | Ending::Peer(_)) => Some(Farewell::Writing(Then::Wait)),
            (End::Conn, Ending::Violation(_) | Ending::Lapse(Lapse::MessageTooSlow)) => {
                Some(Farewell::Writing(Then::HalfClose))
            }
            (End::Conn, Ending::Lapse(_)) => None,
        }
    }

    fn closed(&self, end: &End) -> Closed {
        match (end, self.conn.ending()) {
            (_, Some(Ending::Own(close))) => Closed::new(close, Initiator::Client),
            (_, Some(Ending::Peer(close))) => Closed::new(close, Initiator::Peer),
            (_, Some(Ending::Violation(error))) => {
                Closed::ruled(error.close_code(), error.to_string())
            }
            (_, Some(Ending::Lapse(lapse))) => match lapse.close_code() {
                Some(code) => Closed::ruled(code, lapse.to_string()),
                None => Closed::cut(lapse.to_string()),
            },
            (End::Stalled, _) => Closed::cut("the server takes nothing of what is sent"),
            (End::Lost(error), _) => Closed::lost(error.to_string()),
            (End::Conn, Some(Ending::Lost) | None) => {
                Closed::lost("the connection ended without a close")
            }
        }
    }

    /// Says farewell: writes the rest, and waits for the server to end TCP, at most for `close_time`.
    pub(super) fn part(&mut self, cx: &mut Context<'_>, lent: &mut Lent, now: Instant) -> Step {
        let polled = self.poll_part(cx, lent, now);
        let Phase::Parting(parting) = &mut self.phase else {
            return Step::GoesOn;
        };
        let is_written = !matches!(parting.farewell, Farewell::Writing(_));
        let is_over = polled.is_ready() || now >= parting.until;
        if is_written || is_over {
            let closed = parting.closed.clone();
            self.tell(&closed);
        }
        if is_over {
            lent.scratch.out = Output::new();
            self.phase = Phase::Gone;
            self.tell_gone();
            return Step::GoesOn;
        }
        Step::Waits
    }

    fn poll_part(&mut self, cx: &mut Context<'_>, lent: &mut Lent, now: Instant) -> Poll<()> {
        match self.flush(cx, &mut lent.scratch, now) {
            Ok(Written::All) => {}
            Ok(Written::NotAll) => return self.poll_discard(cx, lent),
            Err(_) => return Poll::Ready(()),
        }
        if let Phase::Parting(parting) = &mut self.phase {
            match parting.farewell {
                Farewell::Writing(Then::Wait) => parting.farewell = Farewell::Waiting,
                Farewell::Writing(Then::HalfClose) => parting.farewell = Farewell::HalfClosing,
                Farewell::HalfClosing | Farewell::Waiting => {}
            }
            if parting.farewell == Farewell::HalfClosing {
                match Pin::new(&mut self.io).poll_shutdown(cx) {
                    Poll::Ready(Ok(())) => parting.farewell = Farewell::Waiting,
                    Poll::Ready(Err(_)) => return Poll::Ready(()),
                    Poll::Pending => {}
                }
            }
        }
        self.poll_discard(cx, lent)
    }

    /// The receiver learns how it ended; the first telling counts.
    pub(super) fn tell(&mut self, closed: &Closed) {
        Life::end(&self.life, closed);
        self.inbox.end();
    }

    /// The stream is closed.
    pub(super) fn tell_gone(&mut self) {
        Life::go(&self.life);
    }
}
