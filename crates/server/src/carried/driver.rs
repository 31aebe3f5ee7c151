//! The driver of one session that is carried by requests: a task that moves messages between them and a conversation.

use std::{
    collections::VecDeque,
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll},
    time::Instant,
};

use bytes::{Bytes, BytesMut};
use sockeye_endpoint::{CanWrite, Closed, Conversation, Outgoing, Rested, UplinkSeat};
use sockeye_sockjs_proto::{Gone, Next};
use sockeye_types::{Close, CloseCode};
use tokio::time::{Sleep, sleep_until};

use super::{
    line::{Line, Receiving, State},
    table::Seat,
};
use crate::{account::Account, driver::clock, drivers::Place, lent::Lent, sockjs::IsBinary};

/// About how many bytes of messages go into one frame.
const FRAME_BYTES: usize = 32 << 10;

/// How many messages one turn delivers before other sessions get theirs.
const MESSAGES_A_TURN: usize = 256;

/// How many turns one poll does before it yields.
const TURNS_A_POLL: usize = 4;

/// Moves the messages of one session that is carried by requests.
///
/// ```text
///             closed, expired, broken off, cut           the handler is done
///   Talking ──────────────────────────────────> Ending ───────────────────────> Echoing ──> done
/// ```
/// The handler learns of the end on the way out of `Talking`. A session that was closed goes on telling so to whoever
/// asks, until nobody has for the disconnect delay.
pub(crate) struct Driver {
    conversation: Conversation,
    line: Arc<Line>,
    /// Its place in the table, for as long as its id leads here.
    seat: Option<Seat>,
    /// What lets it be found from elsewhere, for as long as it talks.
    uplink: Option<UplinkSeat>,
    opened: Instant,
    account: Account,
    phase: Phase,
}

enum Phase {
    Talking(Place),
    Ending(Place),
    /// A shutdown does not wait for these.
    Echoing(Option<Pin<Box<Sleep>>>),
}

/// Whether a turn has anything more to do before something happens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Waits,
    GoesOn,
}

impl Driver {
    pub(crate) fn new(
        conversation: Conversation,
        uplink: Option<UplinkSeat>,
        seat: Seat,
        place: Place,
    ) -> Self {
        Self {
            conversation,
            line: Arc::clone(seat.line()),
            uplink,
            seat: Some(seat),
            opened: clock(),
            account: Account::default(),
            phase: Phase::Talking(place),
        }
    }

    fn poll_turns(&mut self, cx: &mut Context<'_>, lent: &mut Lent) -> Poll<()> {
        for _ in 0..TURNS_A_POLL {
            let now = clock();
            let step = match &mut self.phase {
                Phase::Talking(place) => {
                    place.has_fired();
                    self.talk(cx, lent, now)
                }
                Phase::Ending(_) => match self.conversation.poll_closed(cx, &mut lent.calls) {
                    Poll::Ready(()) => {
                        self.phase = Phase::Echoing(None);
                        Step::GoesOn
                    }
                    Poll::Pending => {
                        self.echo(cx, now);
                        self.arm(cx, now)
                    }
                },
                Phase::Echoing(_) => {
                    self.echo(cx, now);
                    if self.seat.is_none() {
                        return Poll::Ready(());
                    }
                    self.sleep(cx)
                }
            };
            if step == Step::Waits {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// One turn: what was sent goes to the handler, what it says goes to the receiver.
    fn talk(&mut self, cx: &mut Context<'_>, lent: &mut Lent, now: Instant) -> Step {
        self.obey_shutdown();
        self.conversation.attend(&mut lent.queue);
        let delivered = self.deliver(cx, lent);
        let (can_write, closed) = self.send_out(lent, now);
        self.settle(lent);
        if let Some(closed) = closed {
            return self.end(closed, now);
        }
        if delivered == Step::GoesOn {
            return Step::GoesOn;
        }
        let rested = self
            .conversation
            .rest(cx.waker(), can_write, &mut lent.queue);
        match rested {
            Rested::Resting => self.arm(cx, now),
            Rested::WorkWaits => Step::GoesOn,
        }
    }

    /// Lets the handler have what was sent, as far as it takes it.
    fn deliver(&mut self, cx: &mut Context<'_>, lent: &mut Lent) -> Step {
        self.line.lock().attend(cx.waker());
        if self
            .conversation
            .poll_ready(cx, &mut lent.calls)
            .is_pending()
        {
            return Step::Waits;
        }
        for _ in 0..MESSAGES_A_TURN {
            // The handler runs without the lock: requests need not wait for it.
            let Some(message) = self.line.lock().next_message() else {
                return Step::Waits;
            };
            lent.traffic.received.count(&message);
            let ready = self.conversation.deliver(message, cx, &mut lent.calls);
            if ready.is_pending() {
                return Step::Waits;
            }
        }
        Step::GoesOn
    }

    /// Gives the receiver what it is owed. Says whether it takes more, and how the session ended if it did.
    fn send_out(&mut self, lent: &mut Lent, now: Instant) -> (CanWrite, Option<Closed>) {
        let line = Arc::clone(&self.line);
        let mut state = line.lock();
        state.machine.handle_timeout(now);
        let can_write = loop {
            let next = state.machine.next();
            if let Some(gone) = state.machine.gone() {
                return (CanWrite::No, Some(self.lost(gone, lent)));
            }
            let Some(receiver) = &state.receiver else {
                break CanWrite::No;
            };
            if self.has_stalled(receiver.pipe.stalled_since(), now) {
                return (CanWrite::No, Some(self.cut(&mut state)));
            }
            if matches!(next, Next::Messages | Next::MessagesOrHeartbeat) && receiver.pipe.is_full()
            {
                break CanWrite::No;
            }
            match self.next_frame(&next, &state, lent) {
                Some(frame) => state.send(frame, now),
                None => break CanWrite::Yes,
            }
        };
        let closed = self.take_close(&mut state, lent, now);
        (can_write, closed)
    }

    /// Writes the frame that the receiver is owed; `None` if there is nothing to say.
    fn next_frame(&self, next: &Next, state: &State, lent: &mut Lent) -> Option<Bytes> {
        let receiver = state.receiver.as_ref()?;
        let wire = &receiver.wire;
        let mut frame = BytesMut::new();
        match next {
            Next::Nothing => return None,
            Next::Open => wire.open(&mut frame),
            Next::Close(close) => wire.close(close, &mut frame),
            Next::Messages | Next::MessagesOrHeartbeat => {
                if let Some(frame) = self.messages(state, lent) {
                    return Some(frame);
                }
                if *next == Next::Messages {
                    return None;
                }
                wire.heartbeat(&mut frame);
            }
        }
        Some(frame.freeze())
    }

    /// Takes messages from the outbox and writes them into one frame; `None` if there are none.
    fn messages(&self, state: &State, lent: &mut Lent) -> Option<Bytes> {
        let receiver = state.receiver.as_ref()?;
        // Pings and the close are not lost: they are asked for again where they are looked at.
        let mut taken = mem::take(&mut lent.taken);
        self.conversation.take_messages(FRAME_BYTES, &mut taken);
        self.conversation.written();
        let frame = loop {
            if taken.is_empty() {
                break None;
            }
            let (frame, result) = self.frame(&mut taken, receiver, lent);
            if result == Err(IsBinary) {
                self.refuse_binary();
            }
            if frame.is_some() {
                break frame;
            }
        };
        lent.taken = taken;
        frame
    }

    fn frame(
        &self,
        taken: &mut VecDeque<Outgoing>,
        receiver: &Receiving,
        lent: &mut Lent,
    ) -> (Option<Bytes>, Result<(), IsBinary>) {
        for outgoing in taken.iter() {
            lent.traffic.sent.count(outgoing.message());
        }
        if let ([Outgoing::Shared(shared)], []) = taken.as_slices() {
            let shared = Arc::clone(shared);
            match receiver.wire.shared_frame(&shared) {
                Ok(Some(frame)) => {
                    taken.clear();
                    return (Some(frame), Ok(()));
                }
                Ok(None) => {}
                Err(error) => {
                    taken.clear();
                    return (None, Err(error));
                }
            }
        }
        let mut out = mem::take(&mut lent.read);
        out.clear();
        let result = receiver.wire.frame(&mut taken.drain(..), &mut out);
        // A copy of its own size: the buffer is the thread's.
        let frame = (!out.is_empty()).then(|| Bytes::copy_from_slice(&out));
        out.clear();
        lent.read = out;
        (frame, result)
    }

    /// Closes the session: a message can not be carried, and none is lost in silence.
    fn refuse_binary(&self) {
        let reason = "this transport carries text only";
        if let Ok(close) = Close::new(CloseCode::UNSUPPORTED_DATA, reason) {
            self.conversation.close(close);
        }
    }

    /// Looks whether the session is to close, once all that was sent before is on its way.
    fn take_close(&mut self, state: &mut State, lent: &mut Lent, now: Instant) -> Option<Closed> {
        let due = self.conversation.take(0, &mut lent.taken);
        if due.pings.is_some() {
            state.machine.owe_heartbeat();
        }
        let close = due.close?;
        let closed = Closed::new(&close, self.conversation.initiator());
        state.machine.close(close, now);
        if let Some(frame) = self.next_frame(&state.machine.next(), state, lent) {
            state.send(frame, now);
        }
        Some(closed)
    }

    /// Says how a session ended that nobody receives any more. If it was being closed, it was.
    fn lost(&self, gone: Gone, lent: &mut Lent) -> Closed {
        let due = self.conversation.take(usize::MAX, &mut lent.taken);
        lent.taken.clear();
        match (due.close, gone) {
            (Some(close), _) => Closed::new(&close, self.conversation.initiator()),
            (None, Gone::Expired) => Closed::lost("no request to receive came back in time"),
            (None, _) => Closed::lost("the request to receive broke off"),
        }
    }

    fn has_stalled(&self, since: Option<Instant>, now: Instant) -> bool {
        let limits = self.conversation.limits();
        since.is_some_and(|since| now.saturating_duration_since(since) >= limits.stall_time)
    }

    /// Gives up a receiver that takes nothing, and the session with it.
    fn cut(&self, state: &mut State) -> Closed {
        if let Some(receiver) = state.receiver.take() {
            receiver.pipe.cut();
        }
        state.machine.interrupt();
        if let Phase::Talking(place) = &self.phase {
            place.tally().slow_stalled.fetch_add(1, Relaxed);
        }
        Closed::cut("the peer takes nothing of what is sent")
    }

    fn settle(&mut self, lent: &mut Lent) {
        let (Phase::Talking(place) | Phase::Ending(place)) = &self.phase else {
            return;
        };
        let tally = place.tally();
        self.account.settle(&mem::take(&mut lent.traffic), tally);
        self.account.settle_dropped(&self.conversation, tally);
    }

    /// Ends the session for its handler.
    fn end(&mut self, closed: Closed, now: Instant) -> Step {
        if let Phase::Talking(place) = &self.phase {
            let lasted = now.saturating_duration_since(self.opened);
            self.account
                .settle_end(&self.conversation, &closed, place.tally(), lasted);
        }
        self.uplink = None;
        self.conversation.end(closed);
        let mut state = self.line.lock();
        state.close_inbox();
        if state.machine.gone().is_some()
            && let Some(receiver) = state.receiver.take()
        {
            receiver.pipe.end();
        }
        drop(state);
        self.phase = match mem::replace(&mut self.phase, Phase::Echoing(None)) {
            Phase::Talking(place) => Phase::Ending(place),
            phase => phase,
        };
        Step::GoesOn
    }

    /// Tells whoever asks that the session was closed; once nobody does, its id is free.
    fn echo(&mut self, cx: &Context<'_>, now: Instant) {
        let mut state = self.line.lock();
        state.attend(cx.waker());
        state.machine.handle_timeout(now);
        if let (Next::Close(close), Some(receiver)) = (state.machine.next(), &state.receiver) {
            let mut frame = BytesMut::new();
            receiver.wire.close(&close, &mut frame);
            state.send(frame.freeze(), now);
        }
        if state.machine.gone().is_some() {
            drop(state);
            self.seat = None;
        }
    }

    /// Has the driver woken for whatever comes first. Goes on if a shutdown came in the meantime.
    fn arm(&mut self, cx: &Context<'_>, now: Instant) -> Step {
        let state = self.line.lock();
        let stall = state
            .receiver
            .as_ref()
            .and_then(|receiver| receiver.pipe.stalled_since())
            .and_then(|since| since.checked_add(self.conversation.limits().stall_time));
        let next = [state.machine.poll_timeout(), stall]
            .into_iter()
            .flatten()
            .min();
        drop(state);
        let (Phase::Talking(place) | Phase::Ending(place)) = &mut self.phase else {
            return Step::Waits;
        };
        if let Some(moment) = next.or_else(|| now.checked_add(crate::driver::LONGEST_REST)) {
            place.wake_at(moment, cx.waker());
        }
        self.obey_shutdown()
    }

    /// Sleeps until the session's id is free. The timers are its place's, which it has given back.
    fn sleep(&mut self, cx: &mut Context<'_>) -> Step {
        let until = self.line.lock().machine.poll_timeout();
        let Phase::Echoing(sleep) = &mut self.phase else {
            return Step::GoesOn;
        };
        let Some(until) = until else {
            return Step::Waits;
        };
        let sleep = sleep.get_or_insert_with(|| Box::pin(sleep_until(until.into())));
        sleep.as_mut().reset(until.into());
        match sleep.as_mut().poll(cx) {
            Poll::Ready(()) => Step::GoesOn,
            Poll::Pending => Step::Waits,
        }
    }

    /// Closes the session if all are closed, and cuts it if that took too long. Goes on if that is news.
    fn obey_shutdown(&mut self) -> Step {
        let Phase::Talking(place) = &self.phase else {
            return Step::Waits;
        };
        let Some(shutdown) = place.shutdown() else {
            return Step::Waits;
        };
        let mut news = Step::Waits;
        if shutdown.is_cut() {
            let mut state = self.line.lock();
            if state.machine.gone().is_none() {
                state.machine.interrupt();
                news = Step::GoesOn;
            }
        }
        if self.conversation.session().is_open() {
            self.conversation.close(shutdown.close().clone());
            news = Step::GoesOn;
        }
        news
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Lent::with(|lent| self.poll_turns(cx, lent))
    }
}
