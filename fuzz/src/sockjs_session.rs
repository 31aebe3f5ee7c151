//! A session that HTTP requests carry, and any order of what its driver can do: who may receive, what comes first and
//! last, and that its end comes when it must and stays.

use std::time::{Duration, Instant};

use arbitrary::{Arbitrary, Unstructured};
use sockeye_sockjs_proto::{
    Attached, Gone, Leaves, Length, Next, Response, SessionMachine, Ticket, Times,
};
use sockeye_types::Close;

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Operation {
    /// For so many bytes, or one frame.
    Attach(Option<u8>),
    /// The frame that is owed goes out, in so many bytes.
    Send(u8),
    /// One of those who ever were there leaves.
    Leave(u8, bool),
    Close(u16),
    OweHeartbeat,
    Interrupt,
    /// So many milliseconds pass.
    Wait(u8),
}

/// Two bytes for the milliseconds of the two times, and operations as `Arbitrary` reads them.
pub fn sockjs_session(data: &[u8]) {
    let Some((&[heartbeat, disconnect_delay], data)) = data.split_first_chunk() else {
        return;
    };
    let times = Times {
        heartbeat: Duration::from_millis(heartbeat.into()),
        disconnect_delay: Duration::from_millis(disconnect_delay.into()),
    };
    let now = Instant::now();
    let mut driven = Driven {
        machine: SessionMachine::new(times, now),
        times,
        now,
        tickets: Vec::new(),
        here: None,
        away_since: now,
        is_opened: false,
        closed: None,
        gone: None,
    };
    let mut bytes = Unstructured::new(data);
    while !bytes.is_empty()
        && let Ok(operation) = Operation::arbitrary(&mut bytes)
    {
        driven.perform(operation);
        driven.check();
    }
}

/// A machine, and what must be true of it.
struct Driven {
    machine: SessionMachine,
    times: Times,
    now: Instant,
    /// All who ever were there.
    tickets: Vec<Ticket>,
    /// Who is there, and how many bytes it may still be sent; one frame if it is `None`.
    here: Option<(Ticket, Option<usize>)>,
    away_since: Instant,
    is_opened: bool,
    /// The first close.
    closed: Option<Close>,
    gone: Option<Gone>,
}

impl Driven {
    fn perform(&mut self, operation: Operation) {
        match operation {
            Operation::Attach(bytes) => self.attach(bytes.map(usize::from)),
            Operation::Send(bytes) => self.send(bytes.into()),
            Operation::Leave(which, is_whole) => self.leave(which.into(), is_whole),
            Operation::Close(code) => self.close(code),
            Operation::OweHeartbeat => self.machine.owe_heartbeat(),
            Operation::Interrupt => {
                self.machine.interrupt();
                self.gone.get_or_insert(Gone::Interrupted);
            }
            Operation::Wait(milliseconds) => self.wait(milliseconds),
        }
    }

    fn attach(&mut self, bytes: Option<usize>) {
        let length = bytes.map_or(Length::OneFrame, Length::Bytes);
        match self.machine.attach(length, self.now) {
            Attached::Gone => assert!(self.gone.is_some()),
            Attached::Refused => assert!(self.gone.is_none() && self.here.is_some()),
            Attached::Receives(ticket) => {
                assert!(self.gone.is_none() && self.here.is_none());
                assert!(!self.tickets.contains(&ticket), "used twice");
                self.tickets.push(ticket);
                self.here = Some((ticket, bytes));
            }
        }
    }

    fn send(&mut self, bytes: usize) {
        let next = self.machine.next();
        if next == Next::Nothing {
            return;
        }
        let room = self.here.and_then(|(_, left)| left?.checked_sub(bytes));
        let room = room.filter(|room| *room > 0 && !matches!(next, Next::Close(_)));
        self.is_opened = true;
        match self.machine.sent(bytes, self.now) {
            Response::GoesOn => {
                assert!(room.is_some(), "beyond its length, or its last frame");
                self.here = self.here.map(|(ticket, _)| (ticket, room));
                let beat = self.now + self.times.heartbeat;
                assert_eq!(self.machine.poll_timeout(), Some(beat));
            }
            Response::Ends => {
                assert_eq!(room, None, "before its length");
                (self.here, self.away_since) = (None, self.now);
            }
        }
    }

    fn leave(&mut self, which: usize, is_whole: bool) {
        let Some(ticket) = self.tickets.get(which % self.tickets.len().max(1)).copied() else {
            return;
        };
        let leaves = if is_whole {
            Leaves::Whole
        } else {
            Leaves::BrokenOff
        };
        self.machine.leave(ticket, leaves, self.now);
        if !is_whole && self.closed.is_none() {
            self.gone.get_or_insert(Gone::Interrupted);
        }
        if self.here.is_some_and(|(here, _)| here == ticket) {
            (self.here, self.away_since) = (None, self.now);
        }
    }

    fn close(&mut self, code: u16) {
        let Ok(close) = Close::new(code.into(), "bye") else {
            return;
        };
        self.machine.close(close.clone(), self.now);
        if self.gone.is_none() && self.closed.is_none() {
            self.closed = Some(close);
            if self.here.is_none() {
                self.away_since = self.now;
            }
        }
    }

    fn wait(&mut self, milliseconds: u8) {
        self.now += Duration::from_millis(milliseconds.into());
        self.machine.handle_timeout(self.now);
        let due = self.machine.poll_timeout();
        assert!(due.is_none_or(|due| due > self.now), "still due");
        let is_forgotten =
            self.here.is_none() && self.now >= self.away_since + self.times.disconnect_delay;
        if self.gone.is_none() && is_forgotten {
            let is_closed = self.closed.is_some();
            self.gone = Some(if is_closed {
                Gone::Closed
            } else {
                Gone::Expired
            });
        }
    }

    fn check(&self) {
        assert_eq!(self.machine.gone(), self.gone);
        let is_over = self.gone.is_some();
        assert_eq!(self.machine.is_open(), !is_over && self.closed.is_none());
        assert_eq!(self.machine.is_received(), self.here.is_some());
        let is_due = match self.machine.next() {
            Next::Nothing => is_over || self.here.is_none(),
            _ if is_over || self.here.is_none() => false,
            Next::Close(close) => Some(close) == self.closed,
            Next::Open => !self.is_opened && self.closed.is_none(),
            Next::Messages | Next::MessagesOrHeartbeat => self.is_opened && self.closed.is_none(),
        };
        assert!(is_due, "{:?}", self.machine);
        let due = self.machine.poll_timeout();
        if is_over {
            assert_eq!(due, None, "an end to come after the end");
        } else if self.here.is_none() {
            assert_eq!(due, Some(self.away_since + self.times.disconnect_delay));
        }
    }
}
