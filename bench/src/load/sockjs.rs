//! A SockJS session of the generator: one connection hears, another says.
//!
//! As SockJS's own client does it, there is one request at a time that says something, with all that is to be said.

use mio::Token;

use super::{
    Carrier, Kind, Meter, Ring, Side, Target,
    exchange::{Exchange, Place},
    sockjs_frames::Frames,
};

/// Bytes that are read at once while sessions are opened; later ones are read into the load's own buffer.
const BUFFER: usize = 4096;

/// An open session on a poll.
#[derive(Debug)]
pub(super) struct SockJs {
    receiver: Exchange,
    /// The request that waits for what is to be heard.
    receive: Vec<u8>,
    frames: Frames,
    sender: Sender,
}

/// What a client says, by requests of its own; there is a connection for them once there is something to say.
#[derive(Debug)]
pub(super) struct Sender {
    exchange: Option<Exchange>,
    place: Place,
    /// The status that says that it was heard.
    status: u16,
    /// A request up to the length of its body.
    head: Vec<u8>,
    request: Vec<u8>,
    /// Messages written.
    written: usize,
    /// Messages to write.
    owed: usize,
}

impl SockJs {
    /// Opens a session, and waits until it is open and the server holds a request to answer.
    pub(super) fn open(target: Target, place: Place) -> anyhow::Result<Self> {
        let session = format!("/{:03}/{:016x}", fastrand::u16(..1000), fastrand::u64(..));
        let time = target.time_of_day();
        let post = |resource| target.post(&format!("{session}/{resource}{time}"));
        let receive = match target.carrier {
            Carrier::EventSource => {
                let below = format!("{session}/eventsource");
                target.get(&below, "text/event-stream")
            }
            carrier => {
                let resource = match carrier {
                    Carrier::Xhr => "xhr",
                    _ => "xhr_streaming",
                };
                [post(resource).as_slice(), b"0\r\n\r\n"].concat()
            }
        };
        let sender = Sender::new(post("xhr_send"), 204, &place);
        let mut session = Self {
            receiver: Exchange::open(place)?,
            receive,
            frames: Frames::of(target.carrier),
            sender,
        };
        session.receiver.ask(&session.receive)?;
        let (nothing, mut buffer) = (Ring::new(Kind::Text, 0, 1), [0; BUFFER]);
        while !session.frames.is_open()
            || (target.carrier == Carrier::Xhr && session.receiver.meter().requests < 2)
        {
            session.receiver.wait()?;
            session.receive(Side::Receiver, &nothing, &mut buffer)?;
        }
        Ok(session)
    }

    pub(super) fn owe(&mut self, messages: usize) {
        self.sender.owe(messages);
    }

    pub(super) fn flush(&mut self, ring: &Ring) -> anyhow::Result<()> {
        self.receiver.flush()?;
        self.sender.flush(ring)
    }

    pub(super) fn receive(
        &mut self,
        side: Side,
        ring: &Ring,
        buffer: &mut [u8],
    ) -> anyhow::Result<usize> {
        if side == Side::Sender {
            return self.sender.receive(buffer).map(|()| 0);
        }
        let (mut messages, frames) = (0, &mut self.frames);
        self.receiver.receive(200, buffer, |body| {
            messages += frames.take(body, ring)?;
            Ok(())
        })?;
        if self.receiver.is_idle() {
            self.receiver.ask(&self.receive)?;
        }
        Ok(messages)
    }

    pub(super) fn meter(&self) -> Meter {
        let mut meter = self.receiver.meter();
        meter += self.sender.meter();
        meter
    }
}

impl Sender {
    /// Makes one that posts arrays of strings; its token is the one after the receiver's.
    pub(super) fn new(head: Vec<u8>, status: u16, receiver: &Place) -> Self {
        let token = Token(receiver.token.0 + 1);
        Self {
            exchange: None,
            place: Place {
                token,
                ..receiver.clone()
            },
            status,
            head,
            request: Vec::new(),
            written: 0,
            owed: 0,
        }
    }

    pub(super) fn owe(&mut self, messages: usize) {
        self.owed += messages;
    }

    /// Says all that is owed, once what was said before is answered.
    pub(super) fn flush(&mut self, ring: &Ring) -> anyhow::Result<()> {
        if self.owed == 0 {
            return self.exchange.as_mut().map_or(Ok(()), Exchange::flush);
        }
        let exchange = match &mut self.exchange {
            Some(exchange) => exchange,
            none => none.insert(Exchange::open(self.place.clone())?),
        };
        if !exchange.is_idle() {
            return exchange.flush();
        }
        // Two brackets, and for each message two quotes and a comma, but for the last.
        let length = 1 + self.owed * (ring.size() + 3);
        self.request.clear();
        self.request.extend_from_slice(&self.head);
        self.request
            .extend_from_slice(format!("{length}\r\n\r\n").as_bytes());
        for n in 0..self.owed {
            let before: &[u8] = if n == 0 { b"[\"" } else { b",\"" };
            self.request.extend_from_slice(before);
            self.request
                .extend_from_slice(ring.payload(self.written + n));
            self.request.push(b'"');
        }
        self.request.push(b']');
        self.written += self.owed;
        self.owed = 0;
        exchange.ask(&self.request)
    }

    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> anyhow::Result<()> {
        if let Some(exchange) = &mut self.exchange {
            exchange.receive(self.status, buffer, |_| Ok(()))?;
        }
        Ok(())
    }

    pub(super) fn meter(&self) -> Meter {
        self.exchange
            .as_ref()
            .map_or_else(Meter::default, Exchange::meter)
    }
}
