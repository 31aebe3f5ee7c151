//! The driver's end: what the handler is told, and how the socket is closed.

use std::{
    mem,
    pin::Pin,
    sync::atomic::Ordering::Relaxed,
    task::{Context, Poll},
    time::Instant,
};

use sockeye_endpoint::{CanWrite, Closed, Initiator};
use sockeye_types::{Close, CloseCode};
use sockeye_ws_proto::{Ending, Lapse};

use super::{Driver, End, Farewell, Parting, Phase, Step, Stream, after};
use crate::lent::Lent;

impl<S: Stream> Driver<S> {
    /// Ends the session: the handler is told, and the socket is left as the ending asks.
    pub(super) fn end(&mut self, end: &End, now: Instant) -> Step {
        let closed = self.closed(end);
        self.count_end(end, &closed, now);
        self.conversation.end(closed);
        self.input = None;
        let phase = mem::replace(&mut self.phase, Phase::Gone);
        if let (Phase::Talking(io), true) = (phase, self.is_worth_a_farewell(end)) {
            let until = after(now, self.conversation.limits().close_time);
            self.phase = Phase::Parting(Box::new(Parting {
                io,
                until,
                farewell: Farewell::Writing,
            }));
        }
        Step::GoesOn
    }

    /// Books the end of the session.
    fn count_end(&mut self, end: &End, closed: &Closed, now: Instant) {
        let tally = self.place.tally();
        let lasted = now.saturating_duration_since(self.conn.began());
        self.account
            .settle_end(&self.conversation, closed, tally, lasted);
        // One that closes already is counted as what closed it.
        if let (End::Stalled, None) = (end, self.conn.ending()) {
            tally.slow_stalled.fetch_add(1, Relaxed);
        }
        if let Some(Ending::Lapse(Lapse::HeartbeatMissed)) = self.conn.ending() {
            tally.missed_heartbeats.fetch_add(1, Relaxed);
        }
    }

    /// Says whether the peer may still read what we have to say.
    fn is_worth_a_farewell(&self, end: &End) -> bool {
        match (end, self.conn.ending()) {
            (End::Lost(_) | End::Stalled | End::Cut, _) => false,
            (
                End::Conn,
                Some(Ending::Lapse(Lapse::CloseUnanswered | Lapse::HeartbeatMissed) | Ending::Lost)
                | None,
            ) => false,
            (End::Conn, Some(Ending::Own(_))) => self.conn.is_clean(),
            (End::Conn, Some(Ending::Peer(_) | Ending::Violation(_) | Ending::Lapse(_))) => true,
        }
    }

    /// What the handler learns.
    fn closed(&self, end: &End) -> Closed {
        match (end, self.conn.ending()) {
            (_, Some(Ending::Own(close))) => Closed::new(close, self.conversation.initiator()),
            (_, Some(Ending::Peer(close))) => Closed::new(close, Initiator::Peer),
            (_, Some(Ending::Violation(error))) => ruled(error.close_code(), &error.to_string()),
            (_, Some(Ending::Lapse(lapse))) => match lapse.close_code() {
                Some(code) => ruled(code, &lapse.to_string()),
                None => Closed::cut(lapse.to_string()),
            },
            (End::Stalled, _) => Closed::cut("the peer takes nothing of what is sent"),
            (End::Cut, _) => Closed::cut("the server shut down"),
            (End::Lost(error), _) => Closed::lost(error.to_string()),
            (End::Conn, Some(Ending::Lost) | None) => {
                Closed::lost("the connection ended without a close")
            }
        }
    }

    /// Says farewell: writes the rest, closes our half, and waits for the peer's, at most for `close_time`.
    pub(super) fn part(&mut self, cx: &mut Context<'_>, lent: &mut Lent, now: Instant) -> Step {
        if matches!(&self.phase, Phase::Parting(parting) if now >= parting.until) {
            self.phase = Phase::Gone;
            return Step::GoesOn;
        }
        match self.poll_part(cx, lent, now) {
            Poll::Ready(()) => {
                self.phase = Phase::Gone;
                Step::GoesOn
            }
            Poll::Pending => Step::Waits,
        }
    }

    fn poll_part(&mut self, cx: &mut Context<'_>, lent: &mut Lent, now: Instant) -> Poll<()> {
        match self.flush(cx, &mut lent.scratch, now) {
            Ok(CanWrite::Yes) => {}
            Ok(CanWrite::No) => return self.poll_discard(cx, lent),
            Err(_) => return Poll::Ready(()),
        }
        if let (Phase::Parting(parting), Some(Ending::Peer(_))) = (&self.phase, self.conn.ending())
            && parting.io.ends_when_dropped()
        {
            // Behind its close the peer says nothing: it need not be waited for (RFC 6455 §7.1.1).
            return Poll::Ready(());
        }
        if let Phase::Parting(parting) = &mut self.phase
            && parting.farewell == Farewell::Writing
        {
            match Pin::new(&mut parting.io).poll_shutdown(cx) {
                Poll::Ready(Ok(())) => parting.farewell = Farewell::HalfClosed,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => {}
            }
        }
        self.poll_discard(cx, lent)
    }
}

/// The server ended it because of a rule or a time; what it told the peer.
fn ruled(code: CloseCode, reason: &str) -> Closed {
    match Close::new(code, reason) {
        Ok(close) => Closed::new(&close, Initiator::Server),
        Err(_) => Closed::cut(reason),
    }
}
