//! One connection after its opening handshake: its state, its times, and where it stands.
//!
//! What it receives is in `decode` and `admit`, what it sends in `encode`.

mod admit;
mod decode;
mod encode;
mod whole;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Ending, Lapse, Role, Scratch, Settings,
    allowance::Allowance,
    assembly::Assembly,
    closing::Closing,
    deflate::{Agreed, Compressor, Decompressor},
    frame::Opcode,
    keepalive::{Beat, Keepalive},
    moment::{Moment, Origin},
    role::Own,
};
use decode::Frame;
pub use decode::Upcoming;
pub use whole::WholeMessages;

/// One connection after its opening handshake (RFC 6455), from either end.
///
/// The driver gives it the bytes that arrive ([`decode`](Self::decode)), what is to be sent ([`send`](Self::send) and
/// its like), the time ([`poll_timeout`](Self::poll_timeout), [`handle_timeout`](Self::handle_timeout)) and the end of
/// the peer's bytes ([`handle_eof`](Self::handle_eof)). What goes to the peer is appended to
/// [`Scratch::out`](crate::Scratch::out), already in order.
///
/// Its parts are orthogonal machines: the frame that is arriving, the message it belongs to, the closing handshake, the
/// heartbeat. An idle conn holds no buffer.
#[derive(Debug)]
pub struct Conn {
    role: Own,
    settings: Arc<Settings>,
    closing: Closing,
    /// What the other times but the heartbeat's are counted from.
    origin: Origin,
    keepalive: Keepalive,
    allowance: Allowance,
    deflate: Option<Box<Deflating>>,
    /// The frame whose header was consumed and whose payload was not all. Boxed: most conns are between frames.
    frame: Option<Box<Frame>>,
    /// The message that is arriving in pieces.
    assembly: Option<Box<Assembly>>,
    /// Until when what has begun to arrive must be whole.
    message_due: Option<Moment>,
    /// Since when the driver does not read.
    paused: Option<Moment>,
    /// How many bytes the last `decode` left: more are a sign of life.
    left_bytes: usize,
}

/// permessage-deflate on one conn.
#[derive(Debug)]
struct Deflating {
    agreed: Agreed,
    compressor: Compressor,
    decompressor: Decompressor,
}

impl Conn {
    /// Makes the conn of an accepted handshake, with what it agreed on about permessage-deflate.
    pub fn new(role: Role, settings: Arc<Settings>, deflate: Option<Agreed>, now: Instant) -> Self {
        Self {
            role: role.into(),
            settings,
            closing: Closing::Open,
            origin: Origin::new(now),
            keepalive: Keepalive::new(now),
            allowance: Allowance::default(),
            deflate: deflate.map(|agreed| {
                Box::new(Deflating {
                    agreed,
                    compressor: Compressor::new(agreed.compress, agreed.level),
                    decompressor: Decompressor::new(agreed.decompress),
                })
            }),
            frame: None,
            assembly: None,
            message_due: None,
            paused: None,
            left_bytes: 0,
        }
    }

    /// Returns when the conn was made.
    pub fn began(&self) -> Instant {
        self.origin.began()
    }

    /// Says whether messages can be sent: no close was sent or received, and nothing failed.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.closing.is_open()
    }

    /// Says whether our close is out and the peer's awaited. Messages may still arrive.
    pub fn is_closing(&self) -> bool {
        self.closing.is_sent()
    }

    /// Says whether nothing will be sent or received any more. The driver writes what still waits and ends the TCP
    /// connection; a server at once, a client after the server did (RFC 6455 §7.1.1).
    pub fn is_over(&self) -> bool {
        self.closing.is_over()
    }

    /// Says whether both sides sent their close (RFC 6455 §7.1.4).
    pub fn is_clean(&self) -> bool {
        self.closing.is_clean()
    }

    /// Returns what to report about the end, once it has begun: it never changes after that.
    pub fn ending(&self) -> Option<&Ending> {
        self.closing.ending()
    }

    /// Returns how long the peer took to answer the latest answered ping of the heartbeat, in microseconds' precision.
    pub fn round_trip(&self) -> Option<Duration> {
        self.keepalive.round_trip()
    }

    /// Returns the latest round trip of the heartbeat, as [`round_trip`](Self::round_trip) does, but each only once.
    #[inline]
    pub fn take_round_trip(&mut self) -> Option<Duration> {
        self.keepalive.take_round_trip()
    }

    /// The driver stops reading, such as while a handler is busy.
    ///
    /// Until [`resume_reading`](Self::resume_reading) neither the heartbeat nor
    /// [`message_time`](sockeye_types::Limits::message_time) runs: no ping goes out and the peer is not blamed for
    /// what was not read. The time to answer a close runs on.
    pub fn pause_reading(&mut self, now: Instant) {
        let origin = self.origin;
        self.paused.get_or_insert_with(|| origin.moment(now));
    }

    /// The driver reads again: what was due when it paused is due as much later as the pause was long.
    pub fn resume_reading(&mut self, now: Instant) {
        if let Some(since) = self.paused.take() {
            let pause = self.origin.moment(now).since(since);
            self.keepalive.skip(pause);
            self.message_due = self.message_due.map(|due| due.later_by(pause));
        }
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has something to do, as far as is known now; `None` if
    /// never. Bytes that arrive move it, mostly to later: a driver with many conns may look again only when the time
    /// it was told has come. It comes nearer when a message begins to arrive and when a close is sent.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if !self.closing.is_open() {
            return self.closing.deadline();
        }
        if self.paused.is_some() {
            return None;
        }
        let beat = self.keepalive.poll_timeout(&self.settings.heartbeat);
        let message = self.message_due.and_then(|due| self.origin.instant(due));
        match (beat, message) {
            (Some(beat), Some(message)) => Some(beat.min(message)),
            (beat, message) => beat.or(message),
        }
    }

    /// Says whether the peer was heard and nothing is under way: then [`poll_timeout`](Self::poll_timeout) is no
    /// earlier than it was at any calm moment before.
    #[inline]
    pub fn is_calm(&self) -> bool {
        self.closing.is_open()
            && self.message_due.is_none()
            && self.paused.is_none()
            && self.keepalive.has_heard()
    }

    /// Does what is due: pings a silent peer, or ends the conn. Calling it too early or too often does nothing.
    ///
    /// # Errors
    /// [`Lapse`] if a time ran out. The close frame was appended if there is one, and every later call gives the same.
    pub fn handle_timeout(&mut self, now: Instant, scratch: &mut Scratch) -> Result<(), Lapse> {
        if let Some(lapse) = self.closing.lapsed() {
            return Err(lapse);
        }
        if self.poll_timeout().is_none_or(|due| now < due) {
            return Ok(());
        }
        if self.closing.is_sent() {
            return Err(self.lapse(Lapse::CloseUnanswered, scratch));
        }
        let at = self.origin.moment(now);
        if self.message_due.is_some_and(|due| at >= due) {
            return Err(self.lapse(Lapse::MessageTooSlow, scratch));
        }
        let heartbeat = &self.settings.heartbeat;
        match self.keepalive.handle_timeout(heartbeat, now, self.origin) {
            Beat::Nothing => Ok(()),
            Beat::Ping(payload) => {
                self.put_control(Opcode::Ping, &payload, scratch);
                Ok(())
            }
            Beat::Missed => Err(self.lapse(Lapse::HeartbeatMissed, scratch)),
        }
    }

    /// The peer's bytes have ended: without its close, the connection was lost.
    pub fn handle_eof(&mut self) {
        self.closing.lose();
        self.let_go();
    }

    fn lapse(&mut self, lapse: Lapse, scratch: &mut Scratch) -> Lapse {
        if self.closing.is_open()
            && let Some(close) = lapse.close()
        {
            self.put_close(&close, scratch);
        }
        self.closing.lapse(lapse);
        self.let_go();
        lapse
    }

    /// Nothing more will be received: gives up what only receiving needs.
    fn let_go(&mut self) {
        (self.frame, self.assembly, self.deflate) = (None, None, None);
        self.message_due = None;
    }
}
