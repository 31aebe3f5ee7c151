//! The machine of one session that is carried by HTTP requests: who receives, what it is owed, and when it is over.

use std::time::{Duration, Instant};

use sockeye_types::Close;

/// How long things may take in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "SockJS has these two times and no more"
)]
pub struct Times {
    /// After how long without a frame a receiver is owed a heartbeat.
    pub heartbeat: Duration,
    /// How long a session lives without a receiver.
    pub disconnect_delay: Duration,
}

/// When a receiver's response ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "polling and streaming")]
pub enum Length {
    /// After one frame: polling.
    OneFrame,
    /// After so many bytes of frames, or a little more: streaming.
    Bytes(usize),
}

/// Names one receiver of a session; never used twice in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

/// What becomes of a request to receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must answer each")]
pub enum Attached {
    /// It receives from now on.
    Receives(Ticket),
    /// Another one does: it is told 2010 and ends.
    Refused,
    /// The session is over: there is none of that name.
    Gone,
}

/// How a receiver leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it has all it was sent or not")]
pub enum Leaves {
    /// With everything it was sent.
    Whole,
    /// Before it took all of it: some of it is lost.
    BrokenOff,
}

/// What the receiver may be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must send each")]
pub enum Next {
    /// Nothing, or there is no receiver.
    Nothing,
    /// The frame that opens the session.
    Open,
    /// Messages, if there are any.
    Messages,
    /// Messages, or a heartbeat if there are none.
    MessagesOrHeartbeat,
    /// The frame that closes the session.
    Close(Close),
}

/// Whether a response goes on after a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it does or it does not")]
pub enum Response {
    /// More frames may follow.
    GoesOn,
    /// That was the last one; the session waits for another receiver.
    Ends,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gone {
    /// No receiver came within the delay.
    Expired,
    /// A receiver broke off, and what it was sent may be lost.
    Interrupted,
    /// It was closed, and whoever asked within the delay was told.
    Closed,
}

/// One session that is carried by HTTP requests, one receiver after the other.
///
/// ```text
///         its `o` is sent          close()                the delay without a receiver
///   Fresh ───────────────> Open ────────────> Closed ───────────────────────────────────┐
///     │                     │                                                           v
///     └─────────────────────┴── a receiver breaks off, or none comes within the delay ─> Gone
/// ```
/// Apart from that, a receiver is there or away. While it is there, it is owed a heartbeat after each silence; each one
/// that leaves starts the delay anew, sends do not. What was sent before the close must be taken before
/// [`close`](Self::close) is called.
///
/// The driver asks [`next`](Self::next) what to send and reports with [`sent`](Self::sent).
#[derive(Debug)]
pub struct SessionMachine {
    times: Times,
    stage: Stage,
    presence: Presence,
    tickets: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Fresh,
    Open,
    Closed(Close),
    Gone(Gone),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// Until when a receiver must come; `None` if that is never.
    Away(Option<Instant>),
    Here {
        ticket: Ticket,
        length: Length,
        heartbeat: Heartbeat,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heartbeat {
    /// At that moment; `None` is never.
    At(Option<Instant>),
    Owed,
}

impl SessionMachine {
    /// Makes the machine of a session that nobody receives yet.
    pub fn new(times: Times, now: Instant) -> Self {
        Self {
            times,
            stage: Stage::Fresh,
            presence: Presence::Away(now.checked_add(times.disconnect_delay)),
            tickets: 0,
        }
    }

    /// Takes a receiver, unless one is there.
    pub fn attach(&mut self, length: Length, now: Instant) -> Attached {
        match (&self.stage, self.presence) {
            (Stage::Gone(_), _) => Attached::Gone,
            (_, Presence::Here { .. }) => Attached::Refused,
            (_, Presence::Away(_)) => {
                let ticket = Ticket(self.tickets);
                self.tickets += 1;
                self.presence = Presence::Here {
                    ticket,
                    length,
                    heartbeat: self.next_heartbeat(now),
                };
                Attached::Receives(ticket)
            }
        }
    }

    /// Says what the receiver may be sent.
    pub fn next(&self) -> Next {
        let Presence::Here { heartbeat, .. } = self.presence else {
            return Next::Nothing;
        };
        match (&self.stage, heartbeat) {
            (Stage::Gone(_), _) => Next::Nothing,
            (Stage::Fresh, _) => Next::Open,
            (Stage::Open, Heartbeat::At(_)) => Next::Messages,
            (Stage::Open, Heartbeat::Owed) => Next::MessagesOrHeartbeat,
            (Stage::Closed(close), _) => Next::Close(close.clone()),
        }
    }

    /// Notes that the receiver was sent the frame that it was owed, in so many bytes.
    pub fn sent(&mut self, bytes: usize, now: Instant) -> Response {
        let is_last = matches!(self.stage, Stage::Closed(_));
        if self.stage == Stage::Fresh {
            self.stage = Stage::Open;
        }
        let next_heartbeat = self.next_heartbeat(now);
        if let Presence::Here {
            length: Length::Bytes(left),
            heartbeat,
            ..
        } = &mut self.presence
            && *left > bytes
            && !is_last
        {
            *left -= bytes;
            *heartbeat = next_heartbeat;
            return Response::GoesOn;
        }
        self.be_away(now);
        Response::Ends
    }

    /// Notes that a receiver has left. One whose response ended has been away since then; if it breaks off all the
    /// same, it did not take everything.
    pub fn leave(&mut self, receiver: Ticket, leaves: Leaves, now: Instant) {
        if leaves == Leaves::BrokenOff && matches!(self.stage, Stage::Fresh | Stage::Open) {
            self.stage = Stage::Gone(Gone::Interrupted);
        }
        if matches!(self.presence, Presence::Here { ticket, .. } if ticket == receiver) {
            self.be_away(now);
        }
    }

    /// Closes the session: from now on each receiver is told, until none has come for the delay. The first close counts.
    pub fn close(&mut self, close: Close, now: Instant) {
        if matches!(self.stage, Stage::Fresh | Stage::Open) {
            self.stage = Stage::Closed(close);
            if matches!(self.presence, Presence::Away(_)) {
                self.be_away(now);
            }
        }
    }

    /// Makes a heartbeat be owed to the receiver that is there, if there is one.
    pub fn owe_heartbeat(&mut self) {
        if let Presence::Here { heartbeat, .. } = &mut self.presence {
            *heartbeat = Heartbeat::Owed;
        }
    }

    /// Ends the session at once, whoever is there.
    pub fn interrupt(&mut self) {
        if !matches!(self.stage, Stage::Gone(_)) {
            self.stage = Stage::Gone(Gone::Interrupted);
        }
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match (&self.stage, self.presence) {
            (Stage::Gone(_), _) => None,
            (_, Presence::Away(until)) => until,
            (Stage::Open, Presence::Here { heartbeat, .. }) => match heartbeat {
                Heartbeat::At(at) => at,
                Heartbeat::Owed => None,
            },
            (_, Presence::Here { .. }) => None,
        }
    }

    /// Lets what is due happen: a heartbeat is owed, or the session is over.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|due| now < due) {
            return;
        }
        match &mut self.presence {
            Presence::Here { heartbeat, .. } => *heartbeat = Heartbeat::Owed,
            Presence::Away(_) => {
                self.stage = Stage::Gone(match self.stage {
                    Stage::Closed(_) => Gone::Closed,
                    _ => Gone::Expired,
                });
            }
        }
    }

    /// Says why the session is over, once it is.
    pub fn gone(&self) -> Option<Gone> {
        match self.stage {
            Stage::Gone(why) => Some(why),
            _ => None,
        }
    }

    /// Says whether messages still go both ways.
    pub fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Fresh | Stage::Open)
    }

    /// Says whether a receiver is there.
    pub fn is_received(&self) -> bool {
        matches!(self.presence, Presence::Here { .. })
    }

    fn next_heartbeat(&self, now: Instant) -> Heartbeat {
        Heartbeat::At(now.checked_add(self.times.heartbeat))
    }

    fn be_away(&mut self, now: Instant) {
        self.presence = Presence::Away(now.checked_add(self.times.disconnect_delay));
    }
}

#[cfg(test)]
mod tests;
