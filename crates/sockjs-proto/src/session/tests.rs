//! Conversations with the session machine on a clock of our own.

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const TIMES: Times = Times {
    heartbeat: Duration::from_secs(25),
    disconnect_delay: Duration::from_secs(5),
};

#[expect(
    clippy::disallowed_methods,
    reason = "any moment will do to start from"
)]
fn start() -> Instant {
    Instant::now()
}

struct Talk {
    machine: SessionMachine,
    now: Instant,
}

impl Talk {
    fn new() -> Self {
        let now = start();
        let machine = SessionMachine::new(TIMES, now);
        Self { machine, now }
    }

    /// One whose first receiver is there and has its `o`.
    fn open(length: Length) -> (Self, Ticket) {
        let mut talk = Self::new();
        let ticket = talk.receives(length);
        assert_eq!(talk.machine.next(), Next::Open);
        talk.sent(2);
        (talk, ticket)
    }

    fn receives(&mut self, length: Length) -> Ticket {
        match self.machine.attach(length, self.now) {
            Attached::Receives(ticket) => ticket,
            other => panic!("{other:?}"),
        }
    }

    fn sent(&mut self, bytes: usize) -> Response {
        self.machine.sent(bytes, self.now)
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.machine.handle_timeout(self.now);
    }

    fn leaves(&mut self, ticket: Ticket, leaves: Leaves) {
        self.machine.leave(ticket, leaves, self.now);
    }

    fn close(&mut self) -> Close {
        let close = Close::new(3000.into(), "Go away!").unwrap();
        self.machine.close(close.clone(), self.now);
        close
    }
}

#[test]
fn the_first_receiver_gets_the_open_frame_and_polling_ends_with_it() {
    let (mut talk, _) = Talk::open(Length::OneFrame);
    assert_eq!(talk.machine.next(), Next::Nothing, "it is away");
    talk.receives(Length::OneFrame);
    assert_eq!(talk.machine.next(), Next::Messages);
    assert_eq!(talk.sent(9), Response::Ends);
}

#[test]
fn a_streaming_response_ends_with_the_frame_that_reaches_its_limit() {
    let (mut talk, _) = Talk::open(Length::Bytes(4096));
    for _ in 0..30 {
        assert_eq!(talk.sent(134), Response::GoesOn);
    }
    assert_eq!(talk.sent(134), Response::Ends);
    talk.receives(Length::Bytes(4096));
    assert_eq!(talk.sent(100_000), Response::Ends, "whole");
    talk.receives(Length::Bytes(4096));
    assert_eq!(talk.sent(4096), Response::Ends, "at the limit itself");
}

#[test]
fn a_second_receiver_is_refused_and_the_first_is_untouched() {
    let (mut talk, _) = Talk::open(Length::Bytes(100));
    let refused = talk.machine.attach(Length::Bytes(100), talk.now);
    assert_eq!(refused, Attached::Refused);
    assert_eq!(talk.machine.next(), Next::Messages);
    assert!(talk.machine.is_received());
}

#[test]
fn without_a_receiver_it_is_over_after_the_delay_which_each_one_starts_anew() {
    let (mut talk, _) = Talk::open(Length::OneFrame);
    talk.pass(4 * SECOND);
    let ticket = talk.receives(Length::Bytes(100));
    talk.pass(20 * SECOND);
    talk.leaves(ticket, Leaves::Whole);
    talk.pass(5 * SECOND - Duration::from_millis(1));
    assert_eq!(talk.machine.gone(), None);
    talk.pass(Duration::from_millis(1));
    assert_eq!(talk.machine.gone(), Some(Gone::Expired));
    let late = talk.machine.attach(Length::OneFrame, talk.now);
    assert_eq!(late, Attached::Gone);
    assert_eq!(talk.machine.poll_timeout(), None);
}

#[test]
fn a_session_that_nobody_receives_at_all_is_over_after_the_delay() {
    let mut talk = Talk::new();
    talk.pass(5 * SECOND);
    assert_eq!(talk.machine.gone(), Some(Gone::Expired));
}

#[test]
fn a_receiver_that_breaks_off_ends_the_session_at_once() {
    let (mut talk, ticket) = Talk::open(Length::Bytes(100));
    talk.leaves(ticket, Leaves::BrokenOff);
    assert_eq!(talk.machine.gone(), Some(Gone::Interrupted));
}

#[test]
fn a_receiver_whose_response_ended_and_that_did_not_take_it_breaks_off_as_well() {
    let (mut talk, ticket) = Talk::open(Length::OneFrame);
    talk.receives(Length::OneFrame);
    talk.leaves(ticket, Leaves::BrokenOff);
    assert_eq!(talk.machine.gone(), Some(Gone::Interrupted));
}

#[test]
fn a_receiver_that_leaves_late_does_not_take_the_next_one_with_it() {
    let (mut talk, first) = Talk::open(Length::OneFrame);
    talk.receives(Length::OneFrame);
    talk.leaves(first, Leaves::Whole);
    assert!(talk.machine.is_received());
}

#[test]
fn a_heartbeat_is_owed_after_each_silence() {
    let (mut talk, _) = Talk::open(Length::Bytes(1000));
    talk.pass(24 * SECOND);
    assert_eq!(talk.machine.next(), Next::Messages);
    talk.sent(10);
    talk.pass(24 * SECOND);
    assert_eq!(talk.machine.next(), Next::Messages, "it was no silence");
    talk.pass(SECOND);
    assert_eq!(talk.machine.next(), Next::MessagesOrHeartbeat);
    assert_eq!(talk.machine.poll_timeout(), None, "it is owed already");
    talk.sent(2);
    assert_eq!(talk.machine.poll_timeout(), Some(talk.now + 25 * SECOND));
}

#[test]
fn a_waiting_poll_ends_with_a_heartbeat() {
    let (mut talk, _) = Talk::open(Length::OneFrame);
    talk.receives(Length::OneFrame);
    talk.pass(25 * SECOND);
    assert_eq!(talk.machine.next(), Next::MessagesOrHeartbeat);
    assert_eq!(talk.sent(2), Response::Ends);
}

#[test]
fn once_closed_each_receiver_is_told_until_none_came_for_the_delay() {
    let (mut talk, _) = Talk::open(Length::Bytes(1000));
    let close = talk.close();
    assert!(!talk.machine.is_open());
    for length in [Length::Bytes(1000), Length::OneFrame, Length::Bytes(1000)] {
        assert_eq!(talk.machine.next(), Next::Close(close.clone()));
        assert_eq!(talk.sent(20), Response::Ends);
        talk.pass(4 * SECOND);
        assert_eq!(talk.machine.gone(), None);
        talk.receives(length);
    }
    talk.sent(20);
    talk.pass(5 * SECOND);
    assert_eq!(talk.machine.gone(), Some(Gone::Closed));
}

#[test]
fn a_close_without_a_receiver_starts_the_delay_and_breaking_off_does_not_hide_it() {
    let (mut talk, _) = Talk::open(Length::OneFrame);
    talk.pass(4 * SECOND);
    let close = talk.close();
    talk.pass(4 * SECOND);
    let ticket = talk.receives(Length::OneFrame);
    talk.leaves(ticket, Leaves::BrokenOff);
    talk.receives(Length::OneFrame);
    assert_eq!(talk.machine.next(), Next::Close(close));
    talk.machine.close(Close::normal(), talk.now);
    assert_ne!(talk.machine.next(), Next::Close(Close::normal()));
}

#[test]
fn times_that_no_clock_can_show_never_come() {
    let times = Times {
        heartbeat: Duration::MAX,
        disconnect_delay: Duration::MAX,
    };
    let now = start();
    let mut machine = SessionMachine::new(times, now);
    assert_eq!(machine.poll_timeout(), None);
    machine.attach(Length::OneFrame, now);
    assert_eq!(machine.poll_timeout(), None);
    machine.handle_timeout(now + 1000 * SECOND);
    assert_eq!(machine.gone(), None);
}

/// What can happen to a session.
#[derive(Clone, Debug)]
enum Step {
    Attach(Length),
    SendIfOwed(usize),
    Leave { latest: bool, whole: bool },
    Close,
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let length = prop_oneof![
        Just(Length::OneFrame),
        (0usize..300).prop_map(Length::Bytes)
    ];
    let step = prop_oneof![
        4 => length.prop_map(Step::Attach),
        4 => (1usize..200).prop_map(Step::SendIfOwed),
        2 => any::<(bool, bool)>().prop_map(|(latest, whole)| Step::Leave { latest, whole }),
        1 => Just(Step::Close),
        3 => (0u64..30).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 1..60)
}

/// The same session, told as plainly as possible: plain values that are looked at anew each time.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "it is plain on purpose")]
struct Model {
    opened: bool,
    closed: bool,
    gone: bool,
    receiver: Option<(usize, Length, usize)>,
    /// Seconds since a receiver was there, or since the last frame while one is.
    silence: u64,
    tickets: usize,
}

impl Model {
    fn step(&mut self, step: &Step) {
        if self.gone {
            return;
        }
        match *step {
            Step::Attach(length) => {
                if self.receiver.is_none() {
                    self.receiver = Some((self.tickets, length, 0));
                    self.tickets += 1;
                    self.silence = 0;
                }
            }
            Step::SendIfOwed(bytes) => {
                if let Some((_, length, total)) = &mut self.receiver {
                    *total += bytes;
                    let ends = match *length {
                        Length::OneFrame => true,
                        Length::Bytes(limit) => *total >= limit,
                    };
                    if ends || self.closed {
                        self.receiver = None;
                    }
                    self.opened = true;
                    self.silence = 0;
                }
            }
            Step::Leave { latest, whole } => {
                let Some(leaver) = self.tickets.checked_sub(if latest { 1 } else { 2 }) else {
                    return;
                };
                if !whole && !self.closed {
                    self.gone = true;
                }
                if self.receiver.is_some_and(|(ticket, ..)| ticket == leaver) {
                    self.receiver = None;
                    self.silence = 0;
                }
            }
            Step::Close => {
                if !self.closed && self.receiver.is_none() {
                    self.silence = 0;
                }
                self.closed = true;
            }
            Step::Pass(seconds) => {
                self.silence += seconds;
                self.gone = self.receiver.is_none() && self.silence >= 5;
            }
        }
    }

    fn next(&self) -> &'static str {
        match (self.gone, &self.receiver) {
            (true, _) | (_, None) => "nothing",
            _ if self.closed => "close",
            _ if !self.opened => "open",
            _ if self.silence >= 25 => "messages or heartbeat",
            _ => "messages",
        }
    }
}

proptest! {
    #[test]
    fn the_machine_does_what_the_model_does(steps in steps()) {
        let mut talk = Talk::new();
        let mut model = Model::default();
        let mut tickets = Vec::new();
        for step in steps {
            match step {
                Step::Attach(length) => {
                    let attached = talk.machine.attach(length, talk.now);
                    let expected = (model.gone, model.receiver.is_some());
                    match (attached, expected) {
                        (Attached::Receives(ticket), (false, false)) => tickets.push(ticket),
                        (Attached::Gone, (true, _)) | (Attached::Refused, (false, true)) => {}
                        other => prop_assert!(false, "{other:?}"),
                    }
                }
                Step::SendIfOwed(bytes) => {
                    if talk.machine.next() != Next::Nothing {
                        talk.sent(bytes);
                    }
                }
                Step::Leave { latest, whole } => {
                    let at = tickets.len().checked_sub(if latest { 1 } else { 2 });
                    if let Some(ticket) = at.map(|at| tickets[at]) {
                        talk.leaves(ticket, if whole { Leaves::Whole } else { Leaves::BrokenOff });
                    }
                }
                Step::Close => {
                    talk.close();
                }
                Step::Pass(seconds) => talk.pass(Duration::from_secs(seconds)),
            }
            model.step(&step);
            let next = match talk.machine.next() {
                Next::Nothing => "nothing",
                Next::Open => "open",
                Next::Messages => "messages",
                Next::MessagesOrHeartbeat => "messages or heartbeat",
                Next::Close(_) => "close",
            };
            prop_assert_eq!(next, model.next(), "after {:?}: {:?}", step, model);
            prop_assert_eq!(talk.machine.gone().is_some(), model.gone);
        }
    }
}
