//! Pings of the caller's, and the pongs they wait for.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// How many pings may wait for their pongs. One whose caller no longer waits counts until its pong comes.
pub(crate) const MAX_PINGS: usize = 8;

/// The longest payload of a ping, in bytes (RFC 6455 §5.5).
pub(crate) const MAX_PAYLOAD_BYTES: usize = 125;

/// A ping was not sent, or will not be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PingError {
    /// The payload has this many bytes, more than 125 (RFC 6455 §5.5).
    #[error("a ping carries at most 125 bytes, not {0}")]
    TooLong(usize),
    /// Eight pings wait for their pongs already.
    #[error("too many pings wait for their pongs")]
    TooMany,
    /// The connection is closing or closed, or ended before the pong came.
    #[error("the connection is closed")]
    Closed,
}

/// A ping on its way to the driver.
#[derive(Debug)]
pub(crate) struct Ping {
    pub(crate) payload: Bytes,
    pub(crate) pong: oneshot::Sender<Duration>,
    /// Its place among the pings that may wait.
    pub(crate) place: OwnedSemaphorePermit,
}

/// Pings that were sent, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Pings(VecDeque<(Ping, Instant)>);

impl Pings {
    pub(crate) fn sent(&mut self, ping: Ping, now: Instant) {
        self.0.push_back((ping, now));
    }

    /// A pong came. It answers the pings before its own too: a peer may answer only the latest (RFC 6455 §5.5.3).
    pub(crate) fn answer(&mut self, payload: &[u8], now: Instant) {
        let Some(at) = self.0.iter().position(|(ping, _)| ping.payload == payload) else {
            return;
        };
        for (ping, sent) in self.0.drain(..=at) {
            let _ = ping.pong.send(now.saturating_duration_since(sent));
            drop(ping.place);
        }
    }

    /// No pong will come any more.
    pub(crate) fn give_up(&mut self) {
        self.0 = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;

    #[test]
    fn a_pong_answers_its_ping_and_those_before_it_and_gives_their_places_back() {
        let places = Arc::new(Semaphore::new(MAX_PINGS));
        let (mut pings, t) = (Pings::default(), Instant::now());
        let mut send = |payload: &'static str, at| {
            let (pong, answer) = oneshot::channel();
            let place = Arc::clone(&places).try_acquire_owned().unwrap();
            let payload = Bytes::from_static(payload.as_bytes());
            pings.sent(
                Ping {
                    payload,
                    pong,
                    place,
                },
                at,
            );
            answer
        };
        let second = Duration::from_secs(1);
        let (mut a, mut b, mut c) = (send("a", t), send("b", t + second), send("c", t));
        pings.answer(b"nobody's", t);
        assert!(a.try_recv().is_err());
        pings.answer(b"b", t + 3 * second);
        assert_eq!(
            (a.try_recv(), b.try_recv()),
            (Ok(3 * second), Ok(2 * second))
        );
        assert_eq!(places.available_permits(), MAX_PINGS - 1);
        pings.give_up();
        assert!(c.try_recv().is_err());
        assert_eq!(places.available_permits(), MAX_PINGS);
    }
}
