//! One client of the generator, whatever carries its messages.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use mio::{Registry, Token};

use super::{
    Carrier, Conn, Meter, Ring, Target, exchange::Place, repeated_get::RepeatedGet, sockjs::SockJs,
};

/// Which of a client's connections is meant; a WebSocket is its own receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The one that hears.
    Receiver,
    /// The one that says.
    Sender,
}

/// A client, open and on a poll.
#[derive(Debug)]
pub(super) enum Line {
    WebSocket(Box<Conn>),
    SockJs(Box<SockJs>),
    RepeatedGet(Box<RepeatedGet>),
}

impl Line {
    /// Opens the client of that number; it takes two tokens.
    pub(super) fn open(
        target: Target,
        registry: &Rc<Registry>,
        number: usize,
    ) -> anyhow::Result<Self> {
        let token = Token(2 * number);
        let place = || Place {
            server: target.server,
            registry: Rc::clone(registry),
            token,
        };
        Ok(match target.carrier {
            Carrier::WebSocket => Self::WebSocket(Box::new(Conn::open(target, registry, token)?)),
            Carrier::RepeatedGet => {
                Self::RepeatedGet(Box::new(RepeatedGet::open(target, place())?))
            }
            Carrier::XhrStreaming | Carrier::Xhr | Carrier::EventSource => {
                Self::SockJs(Box::new(SockJs::open(target, place())?))
            }
        })
    }

    /// Opens so many.
    pub(super) fn open_all(
        target: Target,
        registry: &Rc<Registry>,
        clients: usize,
    ) -> anyhow::Result<Vec<Self>> {
        (0..clients)
            .map(|number| Self::open(target, registry, number))
            .collect()
    }

    /// Returns whose event it is, and of which connection.
    pub(super) fn of(token: Token) -> (usize, Side) {
        let side = match token.0 % 2 {
            0 => Side::Receiver,
            _ => Side::Sender,
        };
        (token.0 / 2, side)
    }

    /// Adds so many messages to what [`flush`](Self::flush) writes.
    pub(super) fn owe(&mut self, messages: usize) {
        match self {
            Self::WebSocket(conn) => conn.owe(messages),
            Self::SockJs(session) => session.owe(messages),
            Self::RepeatedGet(client) => client.owe(messages),
        }
    }

    /// Writes what is owed, as far as sockets take it and nothing else is under way.
    pub(super) fn flush(&mut self, ring: &Ring) -> anyhow::Result<()> {
        match self {
            Self::WebSocket(conn) => conn.flush(ring),
            Self::SockJs(session) => session.flush(ring),
            Self::RepeatedGet(client) => client.flush(ring),
        }
    }

    /// Reads and compares all that has arrived, and returns how many messages ended.
    pub(super) fn receive(
        &mut self,
        side: Side,
        ring: &Ring,
        buffer: &mut [u8],
    ) -> anyhow::Result<usize> {
        match self {
            Self::WebSocket(conn) => conn.receive(ring, buffer),
            Self::SockJs(session) => session.receive(side, ring, buffer),
            Self::RepeatedGet(client) => client.receive(side, ring, buffer),
        }
    }

    /// Sets when a client first asks that asks again and again.
    pub(super) fn ask_first_at(&mut self, due: Instant) {
        if let Self::RepeatedGet(client) = self {
            client.ask_first_at(due);
        }
    }

    /// Has a client ask that asks again and again, if it is time, and returns when it is the next time.
    pub(super) fn ask_when_due(
        &mut self,
        now: Instant,
        period: Duration,
    ) -> anyhow::Result<Option<Instant>> {
        match self {
            Self::RepeatedGet(client) => client.ask_when_due(now, period).map(Some),
            Self::WebSocket(_) | Self::SockJs(_) => Ok(None),
        }
    }

    /// Returns what went over the wire.
    pub(super) fn meter(&self) -> Meter {
        match self {
            Self::WebSocket(conn) => conn.meter(),
            Self::SockJs(session) => session.meter(),
            Self::RepeatedGet(client) => client.meter(),
        }
    }
}
