//! Any operations on the machine of a SockJS session: it never says what contradicts what it said before.

use std::time::{Duration, Instant};

use arbitrary::{Arbitrary, Unstructured};
use sockeye_sockjs_proto::{
    Attached, Leaves, Length, Next, Response, SessionMachine, Ticket, Times,
};
use sockeye_types::Close;

#[derive(Debug, Arbitrary)]
enum Operation {
    Attach(Option<u16>),
    Sent(u16),
    Leave { which: u8, is_whole: bool },
    Close,
    OweHeartbeat,
    Interrupt,
    Pass(u16),
}

const TIMES: Times = Times {
    heartbeat: Duration::from_secs(25),
    disconnect_delay: Duration::from_secs(5),
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    Closed,
}

/// Any operations, in any order.
pub fn sockjs_session(data: &[u8]) {
    let mut data = Unstructured::new(data);
    let mut now = Instant::now();
    let mut machine = SessionMachine::new(TIMES, now);
    let mut tickets = Vec::new();
    let (mut opened, mut stage) = (0, Stage::Open);
    while !data.is_empty()
        && let Ok(operation) = Operation::arbitrary(&mut data)
    {
        let was_gone = machine.gone();
        match operation {
            Operation::Attach(bytes) => tickets.extend(attach(&mut machine, bytes, now)),
            Operation::Sent(bytes) => match machine.next() {
                Next::Nothing => {}
                next => {
                    opened += usize::from(next == Next::Open);
                    let response = machine.sent(bytes.into(), now);
                    assert_eq!(response == Response::Ends, !machine.is_received());
                    let is_close = matches!(next, Next::Close(_));
                    assert!(!is_close || response == Response::Ends);
                }
            },
            Operation::Leave { which, is_whole } => {
                let leaves = if is_whole {
                    Leaves::Whole
                } else {
                    Leaves::BrokenOff
                };
                if let Some(ticket) = tickets.get(usize::from(which)) {
                    machine.leave(*ticket, leaves, now);
                }
            }
            Operation::Close => machine.close(Close::normal(), now),
            Operation::OweHeartbeat => machine.owe_heartbeat(),
            Operation::Interrupt => machine.interrupt(),
            Operation::Pass(millis) => {
                now += Duration::from_millis(millis.into());
                machine.handle_timeout(now);
            }
        }
        check(&machine, &mut stage);
        assert!(
            was_gone.is_none() || machine.gone() == was_gone,
            "over is over"
        );
    }
    assert!(opened <= 1);
}

fn attach(machine: &mut SessionMachine, bytes: Option<u16>, now: Instant) -> Option<Ticket> {
    let length = bytes.map_or(Length::OneFrame, |bytes| Length::Bytes(bytes.into()));
    let was_received = machine.is_received();
    let was_gone = machine.gone().is_some();
    match machine.attach(length, now) {
        Attached::Receives(ticket) => {
            assert!(!was_received && !was_gone);
            Some(ticket)
        }
        Attached::Refused => {
            assert!(was_received && !was_gone);
            None
        }
        Attached::Gone => {
            assert!(was_gone);
            None
        }
    }
}

fn check(machine: &SessionMachine, stage: &mut Stage) {
    let next = machine.next();
    assert!(next == Next::Nothing || machine.is_received());
    if machine.gone().is_some() {
        assert_eq!((next, machine.poll_timeout()), (Next::Nothing, None));
        return;
    }
    assert!(
        machine.is_received() || machine.poll_timeout().is_some(),
        "without a receiver it ends some time"
    );
    if machine.is_open() {
        assert_eq!(*stage, Stage::Open, "a close is for good");
    } else {
        *stage = Stage::Closed;
    }
}
