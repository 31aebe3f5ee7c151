//! Two conns under random operations and random delivery, against a model of what must come of it.

use std::collections::VecDeque;

use proptest::{collection::vec, prelude::*};
use sockeye_types::{Close, CloseCode, Message};
use sockeye_ws_proto::{Ending, Event, SendError};

use crate::support::{SECOND, Side, Wire};

#[derive(Clone, Debug)]
enum Operation {
    Send(Message),
    Ping,
    Close(u16),
    Deliver(usize),
    Pass(u8),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => "\\PC{0,40}".prop_map(|text| Operation::Send(text.into())),
        2 => vec(any::<u8>(), 0..400).prop_map(|bytes| Operation::Send(bytes.into())),
        1 => Just(Operation::Ping),
        1 => prop::sample::select(vec![1000_u16, 1001, 4000]).prop_map(Operation::Close),
        8 => (1..300_usize).prop_map(Operation::Deliver),
        1 => (1..30_u8).prop_map(Operation::Pass),
    ]
}

/// One end, and what the model says about it.
#[derive(Debug)]
struct End {
    side: Side,
    /// Bytes on their way to the other end.
    wire: Vec<u8>,
    /// Messages sent and not yet told at the other end.
    under_way: VecDeque<Message>,
    /// The close this end started, if it did.
    closed: Option<Close>,
    /// The close this end was told.
    told: Option<Close>,
}

impl End {
    fn new(side: Side) -> Self {
        Self {
            side,
            wire: Vec::new(),
            under_way: VecDeque::new(),
            closed: None,
            told: None,
        }
    }

    fn perform(&mut self, operation: &Operation) {
        let side = &mut self.side;
        let open = self.closed.is_none() && self.told.is_none();
        let expected = if open { Ok(()) } else { Err(SendError::Closed) };
        match operation {
            Operation::Send(message) => {
                assert_eq!(side.conn.send(message, &mut side.scratch), expected);
                if open {
                    self.under_way.push_back(message.clone());
                }
            }
            Operation::Ping => assert_eq!(side.conn.ping(b"app", &mut side.scratch), expected),
            Operation::Close(code) => {
                let close = Close::new(CloseCode::new(*code), "random").unwrap();
                side.conn.close(&close, &mut side.scratch, side.now);
                if open {
                    self.closed = Some(close);
                }
            }
            Operation::Pass(_) | Operation::Deliver(_) => {}
        }
        self.wire.extend(side.said());
    }

    /// Lets some of the wire arrive at the other end.
    fn deliver(&mut self, count: usize, to: &mut Self) {
        let rest = self.wire.split_off(count.min(self.wire.len()));
        let arrived = std::mem::replace(&mut self.wire, rest);
        for event in to.side.hear(&arrived).unwrap() {
            assert_eq!(to.told, None, "{event:?} came after a close");
            match event {
                Event::Message(message) => assert_eq!(Some(message), self.under_way.pop_front()),
                Event::Ping(payload) => assert!(payload == "app" || payload.starts_with(b"beat")),
                Event::Pong(payload) => assert_eq!(payload, "app"),
                Event::Close(close) => {
                    assert!(self.under_way.is_empty(), "a close overtook a message");
                    to.told = Some(close);
                }
            }
        }
        to.wire.extend(to.side.said());
    }

    fn check(&self) {
        let ending = match (&self.closed, &self.told) {
            (Some(own), _) => Some(Ending::Own(own.clone())),
            (None, Some(peers)) => Some(Ending::Peer(peers.clone())),
            (None, None) => None,
        };
        let conn = &self.side.conn;
        assert_eq!(conn.ending(), ending.as_ref());
        assert_eq!(conn.is_open(), ending.is_none());
        assert_eq!(
            conn.is_closing(),
            self.closed.is_some() && self.told.is_none()
        );
        assert_eq!(
            (conn.is_over(), conn.is_clean()),
            (self.told.is_some(), self.told.is_some())
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn two_conns_do_what_the_model_says(
        wire in prop::sample::select(vec![Wire::Plain, Wire::Deflated, Wire::DeflatedWithContext]),
        operations in vec((any::<bool>(), operation()), 0..120),
    ) {
        let (server, client) = Side::pair(wire);
        let (mut server, mut client) = (End::new(server), End::new(client));
        for (by_server, operation) in operations {
            let (one, other) = if by_server {
                (&mut server, &mut client)
            } else {
                (&mut client, &mut server)
            };
            one.perform(&operation);
            if let Operation::Deliver(count) = operation {
                one.deliver(count, other);
            }
            if let Operation::Pass(tenths) = operation {
                // Not enough for a time to run out: a lapse is another test's matter.
                for end in [&mut *one, &mut *other] {
                    let time = SECOND * tenths.into() / 1000;
                    end.side.pass(time).unwrap();
                }
            }
            server.check();
            client.check();
        }
        server.perform(&Operation::Close(1000));
        for _ in 0..3 {
            server.deliver(usize::MAX, &mut client);
            client.deliver(usize::MAX, &mut server);
        }
        server.check();
        client.check();
        prop_assert!(server.side.conn.is_clean() && client.side.conn.is_clean());
        prop_assert!(server.wire.is_empty() && client.wire.is_empty());
    }
}
