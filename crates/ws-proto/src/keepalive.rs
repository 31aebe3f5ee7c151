//! Is the peer still there? After a silence it is asked by a ping, and any byte is an answer.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use sockeye_types::Heartbeat;

use crate::moment::{Moment, Origin};

/// The heartbeat of one conn.
///
/// ```text
///            any byte
///            ┌──────┐
///            v      │    period of silence: ping
///          Heard ───┴──────────────────────────────> Asked ──────────> (lapse, told by the conn)
///            ^                                         │    deadline
///            └─────────────────────────────────────────┘
///                             any byte
/// ```
#[derive(Debug)]
pub(crate) struct Keepalive {
    state: State,
    /// When this state began: with the last sign of life, or with the ping. An [`Instant`] and no [`Moment`]: it is set
    /// at each read.
    since: Instant,
    /// When the ping went out whose pong has not come yet: it times the round trip, whatever byte came first.
    unanswered: Option<Moment>,
    /// Which ping is the latest: it makes each payload its own.
    serial: u16,
    /// In microseconds, at least one, and [`TOLD`]; what takes longer than 35 minutes is cut to that.
    round_trip: Option<NonZeroU32>,
}

/// Set in `round_trip` once somebody has taken note of it: a field of its own would cost each conn a word.
const TOLD: u32 = 1 << 31;

#[derive(Clone, Copy, Debug)]
enum State {
    /// The last sign of life was the last event.
    Heard,
    /// A ping went out, and nothing was heard since.
    Asked,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    Nothing,
    /// A ping with this payload is to be sent.
    Ping([u8; 8]),
    /// The peer has not answered in time.
    Missed,
}

/// What a pong answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// The latest ping of the heartbeat.
    Heartbeat,
    /// A ping that somebody else sent, or none.
    Other,
}

impl Keepalive {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            state: State::Heard,
            since: now,
            unanswered: None,
            serial: 0,
            round_trip: None,
        }
    }

    /// A byte came.
    #[inline]
    pub(crate) fn hear(&mut self, now: Instant) {
        self.state = State::Heard;
        self.since = now;
    }

    /// Says whether nothing was asked since the last sign of life.
    #[inline]
    pub(crate) fn has_heard(&self) -> bool {
        matches!(self.state, State::Heard)
    }

    /// A pong came. If it answers the latest ping of ours, the round trip is known.
    pub(crate) fn hear_pong(&mut self, payload: &[u8], now: Moment) -> Answers {
        let Some(sent) = self.unanswered.filter(|_| payload == self.payload()) else {
            return Answers::Other;
        };
        self.unanswered = None;
        let micros = now.since(sent).as_micros();
        let micros = u32::try_from(micros).unwrap_or(u32::MAX).min(TOLD - 1);
        self.round_trip = Some(NonZeroU32::new(micros).unwrap_or(NonZeroU32::MIN));
        Answers::Heartbeat
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has something to do.
    pub(crate) fn poll_timeout(&self, heartbeat: &Heartbeat) -> Option<Instant> {
        match self.state {
            State::Heard => self.since.checked_add(heartbeat.period?),
            State::Asked => self.since.checked_add(heartbeat.deadline),
        }
    }

    pub(crate) fn handle_timeout(
        &mut self,
        heartbeat: &Heartbeat,
        now: Instant,
        origin: Origin,
    ) -> Beat {
        if self.poll_timeout(heartbeat).is_none_or(|due| now < due) {
            return Beat::Nothing;
        }
        match self.state {
            State::Heard => {
                self.state = State::Asked;
                self.since = now;
                self.unanswered = Some(origin.moment(now));
                self.serial = self.serial.wrapping_add(1);
                Beat::Ping(self.payload())
            }
            State::Asked => Beat::Missed,
        }
    }

    /// Nobody listened for a while: that time does not count.
    pub(crate) fn skip(&mut self, while_deaf: Duration) {
        self.since += while_deaf;
        self.unanswered = self.unanswered.map(|at| at.later_by(while_deaf));
    }

    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.round_trip
            .map(|micros| Duration::from_micros((micros.get() & !TOLD).into()))
    }

    /// Returns each round trip once.
    #[inline]
    pub(crate) fn take_round_trip(&mut self) -> Option<Duration> {
        let fresh = self.round_trip.filter(|micros| micros.get() & TOLD == 0)?;
        self.round_trip = Some(fresh | TOLD);
        self.round_trip()
    }

    fn payload(&self) -> [u8; 8] {
        let [a, b] = self.serial.to_be_bytes();
        [b'b', b'e', b'a', b't', 0, 0, a, b]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[expect(
        clippy::disallowed_methods,
        reason = "the fake clock has to begin somewhere"
    )]
    fn start() -> (Keepalive, Heartbeat, Instant) {
        let now = Instant::now();
        (Keepalive::new(now), Heartbeat::default(), now)
    }

    #[test]
    fn silence_is_asked_about_and_then_missed() {
        let (mut keepalive, heartbeat, t) = start();
        assert_eq!(
            keepalive.handle_timeout(&heartbeat, t + 24 * SECOND, Origin::new(t)),
            Beat::Nothing
        );
        let ping = keepalive.handle_timeout(&heartbeat, t + 25 * SECOND, Origin::new(t));
        assert!(matches!(ping, Beat::Ping(_)));
        assert_eq!(keepalive.poll_timeout(&heartbeat), Some(t + 35 * SECOND));
        assert_eq!(
            keepalive.handle_timeout(&heartbeat, t + 34 * SECOND, Origin::new(t)),
            Beat::Nothing
        );
        assert_eq!(
            keepalive.handle_timeout(&heartbeat, t + 35 * SECOND, Origin::new(t)),
            Beat::Missed
        );
    }

    #[test]
    fn any_byte_is_life_and_the_pong_times_the_round_trip_also_behind_other_bytes() {
        let (mut keepalive, heartbeat, t) = start();
        let Beat::Ping(payload) =
            keepalive.handle_timeout(&heartbeat, t + 25 * SECOND, Origin::new(t))
        else {
            panic!("a ping was due");
        };
        keepalive.hear(t + 26 * SECOND);
        assert_eq!(keepalive.poll_timeout(&heartbeat), Some(t + 51 * SECOND));
        assert_eq!(
            keepalive.hear_pong(b"other", Origin::new(t).moment(t + 27 * SECOND)),
            Answers::Other
        );
        assert_eq!(
            keepalive.hear_pong(&payload, Origin::new(t).moment(t + 27 * SECOND)),
            Answers::Heartbeat
        );
        assert_eq!(keepalive.round_trip(), Some(2 * SECOND));
        assert_eq!(keepalive.take_round_trip(), Some(2 * SECOND));
        assert_eq!(keepalive.take_round_trip(), None);
        assert_eq!(keepalive.round_trip(), Some(2 * SECOND));
        assert_eq!(
            keepalive.hear_pong(&payload, Origin::new(t).moment(t + 28 * SECOND)),
            Answers::Other
        );
    }

    #[test]
    fn without_a_period_nothing_is_ever_due() {
        let (keepalive, _, _) = start();
        assert_eq!(keepalive.poll_timeout(&Heartbeat::off()), None);
    }

    #[test]
    fn time_without_listening_moves_what_is_due() {
        let (mut keepalive, heartbeat, t) = start();
        keepalive.handle_timeout(&heartbeat, t + 25 * SECOND, Origin::new(t));
        keepalive.skip(60 * SECOND);
        assert_eq!(keepalive.poll_timeout(&heartbeat), Some(t + 95 * SECOND));
    }
}
