//! What one worker counts. Nothing here is shared among workers: a scrape adds up the tallies of all.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use sockeye_endpoint::{Initiator, Overflow};
use sockeye_types::{CloseCode, Message, Transport};

/// The upper bounds of the heartbeat's histogram, in microseconds; what takes longer than the last counts above it.
pub(crate) const ROUND_TRIP_BOUNDS: [u64; 10] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
];

/// What came of an opening handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    Malformed,
    Version,
    Origin,
    Interceptor,
    NotFound,
    TooManyConnections,
    /// A SockJS endpoint, or one address on it, has all the sessions it may have.
    TooManySessions,
    Timeout,
    /// The client left before it took the answer.
    Abandoned,
}

impl Verdict {
    /// In the order of the variants.
    pub(crate) const LABELS: [&'static str; 10] = [
        "accepted",
        "malformed",
        "version",
        "origin",
        "interceptor",
        "not_found",
        "too_many_connections",
        "too_many_sessions",
        "timeout",
        "abandoned",
    ];

    pub(crate) fn label(self) -> &'static str {
        Self::LABELS.get(self as usize).copied().unwrap_or_default()
    }
}

/// The labels of close codes: a peer chooses among four thousand, and these are all it gets.
pub(crate) const CODE_LABELS: [&str; 19] = [
    "1000", "1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008", "1009", "1010", "1011",
    "1012", "1013", "1014", "1015", "3xxx", "4xxx", "other",
];

pub(crate) const INITIATORS: [Initiator; 4] = [
    Initiator::Peer,
    Initiator::Handler,
    Initiator::Server,
    Initiator::Network,
];

/// Messages of both kinds in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) text: Volume,
    pub(crate) binary: Volume,
}

/// How many messages, and how many bytes of payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Volume {
    /// How many messages.
    pub messages: u64,
    /// The bytes of their payload, before compression or after inflation.
    pub bytes: u64,
}

impl Volume {
    pub(crate) fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
    }
}

impl Flow {
    #[inline]
    pub(crate) fn count(&mut self, message: &Message) {
        let volume = match message {
            Message::Text(_) => &mut self.text,
            Message::Binary(_) => &mut self.binary,
        };
        volume.messages += 1;
        volume.bytes += message.len() as u64;
    }

    pub(crate) fn sum(&self) -> Volume {
        let mut sum = self.text;
        sum.add(self.binary);
        sum
    }
}

/// What went both ways in one turn of a driver: counted in plain numbers, and told to the tally once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) received: Flow,
    pub(crate) sent: Flow,
}

/// What a message costs beside its bytes, in bytes that would take as long.
const MESSAGE_WEIGHT: u64 = 128;

impl Traffic {
    /// Returns about how much work it was, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        let (received, sent) = (self.received.sum(), self.sent.sum());
        received.bytes + sent.bytes + MESSAGE_WEIGHT * (received.messages + sent.messages)
    }
}

#[derive(Debug, Default)]
struct Counted {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Counted {
    fn add(&self, volume: Volume) {
        if volume.messages > 0 {
            self.messages.fetch_add(volume.messages, Relaxed);
            self.bytes.fetch_add(volume.bytes, Relaxed);
        }
    }

    fn load(&self) -> Volume {
        Volume {
            messages: self.messages.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
        }
    }
}

/// What one worker counts. Aligned so that no two workers write to one cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Tally {
    received_text: Counted,
    received_binary: Counted,
    sent_text: Counted,
    sent_binary: Counted,
    pub(crate) waiting_bytes: AtomicU64,
    pub(crate) handshakes: [AtomicU64; Verdict::LABELS.len()],
    /// Sessions that opened and that ended, each by transport.
    pub(crate) opened: [AtomicU64; Transport::ALL.len()],
    pub(crate) ended: [AtomicU64; Transport::ALL.len()],
    pub(crate) closes: [[AtomicU64; CODE_LABELS.len()]; INITIATORS.len()],
    pub(crate) slow_closed: AtomicU64,
    pub(crate) slow_stalled: AtomicU64,
    pub(crate) dropped: [AtomicU64; 3],
    pub(crate) round_trips: [AtomicU64; ROUND_TRIP_BOUNDS.len() + 1],
    pub(crate) round_trip_micros: AtomicU64,
    pub(crate) missed_heartbeats: AtomicU64,
    pub(crate) accept_errors: AtomicU64,
    pub(crate) pages: [AtomicU64; 5],
    turned: Turned,
}

/// When a worker last turned, in milliseconds since `EPOCH`.
#[derive(Debug, Default)]
struct Turned(AtomicU64);

/// Not running: not begun, or done.
const IDLE: u64 = 0;

impl Tally {
    /// Adds what a turn moved.
    pub(crate) fn move_traffic(&self, traffic: &Traffic) {
        self.received_text.add(traffic.received.text);
        self.received_binary.add(traffic.received.binary);
        self.sent_text.add(traffic.sent.text);
        self.sent_binary.add(traffic.sent.binary);
    }

    pub(crate) fn traffic(&self) -> Traffic {
        Traffic {
            received: Flow {
                text: self.received_text.load(),
                binary: self.received_binary.load(),
            },
            sent: Flow {
                text: self.sent_text.load(),
                binary: self.sent_binary.load(),
            },
        }
    }

    pub(crate) fn handshake(&self, verdict: Verdict) {
        count(&self.handshakes, verdict as usize);
    }

    /// A session opened.
    pub(crate) fn open(&self, transport: Transport) {
        count_transport(&self.opened, transport);
    }

    /// A session ended.
    pub(crate) fn close(&self, transport: Transport, code: CloseCode, initiator: Initiator) {
        count_transport(&self.ended, transport);
        let at = INITIATORS.iter().position(|known| *known == initiator);
        if let Some(codes) = at.and_then(|at| self.closes.get(at)) {
            count(codes, code_at(code.as_u16()));
        }
    }

    pub(crate) fn drop_messages(&self, policy: Overflow, messages: u64) {
        if let Some(dropped) = self.dropped.get(policy as usize) {
            dropped.fetch_add(messages, Relaxed);
        }
    }

    pub(crate) fn round_trip(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let at = ROUND_TRIP_BOUNDS.partition_point(|bound| *bound < micros);
        count(&self.round_trips, at);
        self.round_trip_micros.fetch_add(micros, Relaxed);
    }

    pub(crate) fn page(&self, status: http::StatusCode) {
        count(
            &self.pages,
            usize::from(status.as_u16() / 100).wrapping_sub(1),
        );
    }

    /// The worker's thread is alive at this moment.
    pub(crate) fn turn(&self, epoch: Instant, now: Instant) {
        let millis = now.saturating_duration_since(epoch).as_millis();
        let millis = u64::try_from(millis).unwrap_or(u64::MAX).max(IDLE + 1);
        self.turned.0.store(millis, Relaxed);
    }

    /// The worker is done: nobody waits for its next turn.
    pub(crate) fn rest(&self) {
        self.turned.0.store(IDLE, Relaxed);
    }

    /// Says whether it runs.
    pub(crate) fn is_turning(&self) -> bool {
        self.turned.0.load(Relaxed) != IDLE
    }

    /// For how long it has not turned; nothing while it does not run.
    pub(crate) fn stuck_for(&self, epoch: Instant, now: Instant) -> Duration {
        match self.turned.0.load(Relaxed) {
            IDLE => Duration::ZERO,
            millis => now
                .saturating_duration_since(epoch)
                .saturating_sub(Duration::from_millis(millis)),
        }
    }
}

fn count(counters: &[AtomicU64], at: usize) {
    if let Some(counter) = counters.get(at) {
        counter.fetch_add(1, Relaxed);
    }
}

fn count_transport(counters: &[AtomicU64], transport: Transport) {
    if let Some(at) = Transport::ALL.iter().position(|known| *known == transport) {
        count(counters, at);
    }
}

fn code_at(code: u16) -> usize {
    match code {
        1000..=1015 => usize::from(code - 1000),
        3000..=3999 => 16,
        4000..=4999 => 17,
        _ => 18,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_close_code_has_its_label_and_all_labels_are_few() {
        for (code, label) in [
            (1000, "1000"),
            (1015, "1015"),
            (1016, "other"),
            (2999, "other"),
            (3000, "3xxx"),
            (3999, "3xxx"),
            (4000, "4xxx"),
            (4999, "4xxx"),
            (5000, "other"),
        ] {
            assert_eq!(CODE_LABELS[code_at(code)], label, "{code}");
        }
    }

    #[test]
    fn a_round_trip_on_a_bound_counts_below_it() {
        let tally = Tally::default();
        for micros in [1_000, 1_001, 5_000_000, 5_000_001] {
            tally.round_trip(Duration::from_micros(micros));
        }
        let counts = tally
            .round_trips
            .each_ref()
            .map(|count| count.load(Relaxed));
        assert_eq!(counts, [1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn a_worker_is_stuck_since_its_last_turn_and_never_while_it_does_not_run() {
        let (tally, epoch) = (Tally::default(), Instant::now());
        let later = epoch + Duration::from_secs(9);
        assert_eq!(tally.stuck_for(epoch, later), Duration::ZERO);
        tally.turn(epoch, epoch + Duration::from_secs(4));
        assert_eq!(tally.stuck_for(epoch, later), Duration::from_secs(5));
        tally.rest();
        assert_eq!(tally.stuck_for(epoch, later), Duration::ZERO);
    }
}
