//! Two conns back to back, and any order of what their drivers can do: what one sends the other gets, in order and
//! once, and both tell the same story of the end.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use arbitrary::{Arbitrary, Unstructured};
use bytes::{Buf, BytesMut};
use sockeye_types::{Close, CloseCode, Message};
use sockeye_ws_proto::{Conn, Ending, Event, Lapse, Scratch, SendError};

use crate::{
    agreement::Agreement,
    wire::{client, server},
};

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Side {
    Client,
    Server,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Operation<'a> {
    SendText(Side, &'a str),
    SendBinary(Side, &'a [u8]),
    /// So many bytes of one value: long, and cheap for the fuzzer.
    SendLong(Side, u16, u8),
    SendPrepared(&'a str),
    Ping(Side, [u8; 3]),
    Close(Side, u16),
    /// At most so many bytes move on from here.
    Move(Side, u16),
    /// So many milliseconds pass.
    Wait(u16),
}

/// A byte that says what the two agreed on about compression, and operations as `Arbitrary` reads them.
pub fn operations(data: &[u8]) {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    let now = Instant::now();
    let agreement = Agreement::new(choice);
    let mut pair = Pair {
        client: End::new(client([4, 3, 2, 1], agreement.client, now)),
        server: End::new(server(agreement.server, now)),
        now,
    };
    let mut bytes = Unstructured::new(data);
    while !bytes.is_empty()
        && let Ok(operation) = Operation::arbitrary(&mut bytes)
    {
        pair.perform(operation);
    }
    pair.settle();
}

struct Pair {
    client: End,
    server: End,
    now: Instant,
}

/// One conn, what is on its way to it, and what it still has to be told.
struct End {
    conn: Conn,
    scratch: Scratch,
    input: BytesMut,
    due: VecDeque<Due>,
    /// Which of its times ran out.
    lapse: Option<Lapse>,
}

#[derive(Debug, PartialEq, Eq)]
enum Due {
    Message(Message),
    Ping([u8; 3]),
}

impl End {
    fn new(conn: Conn) -> Self {
        Self {
            conn,
            scratch: Scratch::default(),
            input: BytesMut::new(),
            due: VecDeque::new(),
            lapse: None,
        }
    }

    /// Decodes what has arrived; all of it must be legal, and what is due next.
    fn decode(&mut self, now: Instant) {
        loop {
            let decoded = self.conn.decode(&mut self.input, &mut self.scratch, now);
            assert!(decoded.is_ok(), "our own frames refused: {decoded:?}");
            let Ok(Some(event)) = decoded else {
                return;
            };
            match event {
                Event::Message(message) => {
                    assert_eq!(self.due.pop_front(), Some(Due::Message(message)));
                }
                Event::Ping(payload) => match self.due.pop_front() {
                    Some(Due::Ping(due)) => assert_eq!(payload, due.as_slice()),
                    due => assert_eq!(due, None, "not a ping"),
                },
                Event::Pong(_) => {}
                Event::Close(_) => assert_eq!(self.due, [], "lost before the close"),
            }
        }
    }

    /// Lets time run out; what has run out stays so.
    fn handle_timeout(&mut self, now: Instant) {
        let lapse = self.conn.handle_timeout(now, &mut self.scratch).err();
        assert!(self.lapse.is_none() || self.lapse == lapse);
        self.lapse = lapse;
        assert!(lapse.is_none() || self.conn.is_over());
        let due = self.conn.poll_timeout();
        assert!(due.is_none_or(|due| due > now), "still due after its time");
    }
}

impl Pair {
    /// The one who acts, and the other.
    fn ends(&mut self, side: Side) -> (&mut End, &mut End) {
        match side {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        }
    }

    fn perform(&mut self, operation: Operation<'_>) {
        match operation {
            Operation::SendText(side, text) => self.send(side, Message::from(text)),
            Operation::SendBinary(side, bytes) => self.send(side, Message::from(bytes)),
            Operation::SendLong(side, length, byte) => {
                self.send(side, Message::from(vec![byte; length.into()]));
            }
            Operation::SendPrepared(text) => self.send_prepared(&Message::from(text)),
            Operation::Ping(side, payload) => {
                let (end, other) = self.ends(side);
                let sent = end.conn.ping(&payload, &mut end.scratch);
                note(sent, &end.conn, other, Due::Ping(payload));
            }
            Operation::Close(side, code) => {
                let now = self.now;
                let (end, _) = self.ends(side);
                if let Ok(close) = Close::new(CloseCode::new(code), "bye") {
                    end.conn.close(&close, &mut end.scratch, now);
                    assert!(!end.conn.is_open());
                }
            }
            Operation::Move(side, most) => self.carry(side, most.into()),
            Operation::Wait(milliseconds) => self.wait(Duration::from_millis(milliseconds.into())),
        }
    }

    fn send(&mut self, side: Side, message: Message) {
        let (end, other) = self.ends(side);
        let sent = end.conn.send(&message, &mut end.scratch);
        note(sent, &end.conn, other, Due::Message(message));
    }

    fn send_prepared(&mut self, message: &Message) {
        let (end, other) = self.ends(Side::Server);
        let Some(framing) = end.conn.framing() else {
            return;
        };
        let prepared = framing.prepare(message, &mut end.scratch);
        let sent = end.conn.send_prepared(&prepared, &mut end.scratch);
        note(sent, &end.conn, other, Due::Message(message.clone()));
    }

    fn carry(&mut self, side: Side, most: usize) {
        let now = self.now;
        let (end, other) = self.ends(side);
        let out = &mut end.scratch.out;
        let moved = out.copy_to_bytes(most.min(out.len()));
        other.input.extend_from_slice(&moved);
        other.decode(now);
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        let now = self.now;
        for end in [&mut self.client, &mut self.server] {
            end.handle_timeout(now);
        }
    }

    /// Lets everything arrive: then nothing is missing, and the ends agree.
    fn settle(mut self) {
        while !(self.client.scratch.out.is_empty() && self.server.scratch.out.is_empty()) {
            self.carry(Side::Client, usize::MAX);
            self.carry(Side::Server, usize::MAX);
        }
        if self.client.lapse.is_some() || self.server.lapse.is_some() {
            return;
        }
        for end in [&self.client, &self.server] {
            assert_eq!(end.due, [], "sent and never told");
        }
        let (client, server) = (&self.client.conn, &self.server.conn);
        match (client.ending(), server.ending()) {
            (None, None) | (Some(Ending::Own(_)), Some(Ending::Own(_))) => {}
            (Some(Ending::Own(own)), Some(Ending::Peer(told)))
            | (Some(Ending::Peer(told)), Some(Ending::Own(own))) => assert_eq!(own, told),
            others => assert_eq!(others, (None, None), "they disagree about the end"),
        }
        assert_eq!(client.is_clean(), client.ending().is_some());
        assert_eq!(server.is_clean(), server.ending().is_some());
    }
}

/// What was sent is due at the other end; it was sent if and only if the conn is open.
fn note(sent: Result<(), SendError>, conn: &Conn, other: &mut End, due: Due) {
    assert_eq!(sent.is_ok(), conn.is_open());
    if sent.is_ok() {
        other.due.push_back(due);
    }
}
