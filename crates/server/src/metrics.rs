//! What a server counted, added up over its workers when somebody asks.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use sockeye_types::Transport;

use crate::tally::{CODE_LABELS, Flow, INITIATORS, ROUND_TRIP_BOUNDS, Tally, Verdict, Volume};

/// What a server counts: a handle that any thread may keep and ask, also before the server runs and after it.
///
/// Each worker counts for itself; [`snapshot`](Self::snapshot) adds up. Numbers of one snapshot may be a moment apart.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Registry>);

#[derive(Debug)]
struct Registry {
    epoch: Instant,
    /// How many workers there are to be.
    workers: usize,
    /// One for each worker.
    tallies: Mutex<Vec<Arc<Tally>>>,
    asking: Arc<AtomicUsize>,
}

impl Metrics {
    /// `asking` counts the connections that ask over HTTP.
    pub(crate) fn new(workers: usize, asking: Arc<AtomicUsize>) -> Self {
        Self(Arc::new(Registry {
            epoch: Instant::now(),
            workers,
            tallies: Mutex::default(),
            asking,
        }))
    }

    /// Makes the tally of one more worker.
    pub(crate) fn tally(&self) -> Arc<Tally> {
        let tally = Arc::new(Tally::default());
        self.tallies_mut().push(Arc::clone(&tally));
        tally
    }

    fn tallies_mut(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Tally>>> {
        let tallies = self.0.tallies.lock();
        tallies.unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that a worker's thread is alive.
    pub(crate) fn turn(&self, tally: &Tally) {
        tally.turn(self.0.epoch, Instant::now());
    }

    /// Returns for how long the slowest worker has not come round. Workers do so twice a second; one that takes
    /// seconds is held up by a handler that blocks, or is gone. Zero while no worker runs.
    pub fn stuck_for(&self) -> Duration {
        let now = Instant::now();
        let tallies = self.tallies_mut();
        let stuck = tallies.iter().map(|one| one.stuck_for(self.0.epoch, now));
        stuck.max().unwrap_or_default()
    }

    /// Says whether every worker runs: it has come round, and is not done. A server whose workers do not all run takes
    /// connections that nobody serves yet. Mounted endpoints have no workers of their own, and it is always so.
    pub fn is_turning(&self) -> bool {
        let tallies = self.tallies_mut();
        tallies.iter().filter(|one| one.is_turning()).count() >= self.0.workers
    }

    /// Adds up what was counted so far.
    pub fn snapshot(&self) -> Snapshot {
        let tallies = self.tallies_mut().clone();
        let mut sum = Snapshot::zero();
        for tally in &tallies {
            sum.add(tally);
        }
        sum.asking = self.0.asking.load(Relaxed);
        sum.sessions = sum.transports.iter().map(|one| one.open).sum();
        sum
    }
}

/// What was counted up to a moment. Everything but `sessions`, those that are open in `transports`, `asking` and
/// `outbox_bytes` only grows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// How many sessions are open.
    pub sessions: u64,
    /// How many connections ask, or may ask again, over HTTP.
    pub asking: usize,
    /// The same by transport, and how many opened so far. All transports are there, in the order of
    /// [`Transport::ALL`].
    pub transports: [Sessions; Transport::ALL.len()],
    /// How many opening handshakes had which result. All results are there, in the same order.
    pub handshakes: Vec<(&'static str, u64)>,
    /// How many sessions ended how. All pairs are there, in the same order.
    pub closes: Vec<Closes>,
    /// Text messages that arrived.
    pub received_text: Volume,
    /// Binary messages that arrived.
    pub received_binary: Volume,
    /// Text messages that were encoded for a peer.
    pub sent_text: Volume,
    /// Binary messages that were encoded for a peer.
    pub sent_binary: Volume,
    /// Bytes that wait for peers whose sockets take no more, bookkeeping included, as each driver last saw them: what
    /// is sent to a blocked peer shows when its driver looks again.
    pub outbox_bytes: u64,
    /// Sessions that were closed because their outbox was full.
    pub slow_closed: u64,
    /// Sessions that were cut because their peer took nothing for `stall_time`.
    pub slow_stalled: u64,
    /// Messages that were dropped before they were sent, by the endpoint's overflow policy.
    pub dropped: [(&'static str, u64); 3],
    /// How long peers took to answer heartbeats.
    pub round_trips: Histogram,
    /// Sessions that ended because a heartbeat was not answered.
    pub missed_heartbeats: u64,
    /// Times that a connection could not be accepted.
    pub accept_errors: u64,
    /// Pages by the class of their status, from 1xx to 5xx.
    pub pages: [(&'static str, u64); 5],
}

/// Sessions on one transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sessions {
    /// The transport.
    pub transport: Transport,
    /// How many are open.
    pub open: u64,
    /// How many opened so far.
    pub opened: u64,
}

/// How many sessions ended with one code, started by one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closes {
    /// The code from 1000 to 1015, or `3xxx`, `4xxx`, `other`.
    pub code: &'static str,
    /// Who started it, as [`Initiator::as_str`](sockeye_endpoint::Initiator::as_str) has it.
    pub initiator: &'static str,
    /// How many.
    pub count: u64,
}

/// Times in fixed buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Histogram {
    /// Upper bounds, included, and how many times lie between each and the one before.
    pub buckets: Vec<(Duration, u64)>,
    /// How many lie above all bounds.
    pub above: u64,
    /// The sum of all.
    pub sum: Duration,
}

impl Sessions {
    const fn none(transport: Transport) -> Self {
        Self {
            transport,
            open: 0,
            opened: 0,
        }
    }
}

impl Snapshot {
    fn zero() -> Self {
        let closes = INITIATORS.iter().flat_map(|initiator| {
            CODE_LABELS.iter().map(|code| Closes {
                code,
                initiator: initiator.as_str(),
                count: 0,
            })
        });
        let bounds = ROUND_TRIP_BOUNDS.iter();
        Self {
            sessions: 0,
            asking: 0,
            transports: Transport::ALL.map(Sessions::none),
            handshakes: Verdict::LABELS.iter().map(|label| (*label, 0)).collect(),
            closes: closes.collect(),
            received_text: Volume::default(),
            received_binary: Volume::default(),
            sent_text: Volume::default(),
            sent_binary: Volume::default(),
            outbox_bytes: 0,
            slow_closed: 0,
            slow_stalled: 0,
            dropped: ["close", "drop_oldest", "keep_latest"].map(|label| (label, 0)),
            round_trips: Histogram {
                buckets: bounds.map(|us| (Duration::from_micros(*us), 0)).collect(),
                above: 0,
                sum: Duration::ZERO,
            },
            missed_heartbeats: 0,
            accept_errors: 0,
            pages: ["1xx", "2xx", "3xx", "4xx", "5xx"].map(|label| (label, 0)),
        }
    }

    fn add(&mut self, tally: &Tally) {
        // Ends before openings: a session that ends meanwhile is not counted out before it was counted in.
        let ended = tally.ended.each_ref().map(|count| count.load(Relaxed));
        for (sessions, (opened, ended)) in self
            .transports
            .iter_mut()
            .zip(tally.opened.iter().zip(ended))
        {
            let opened = opened.load(Relaxed);
            sessions.opened += opened;
            sessions.open += opened.saturating_sub(ended);
        }
        let closes = tally.closes.iter().flatten();
        add_all(self.closes.iter_mut().map(|close| &mut close.count), closes);
        add_all(
            self.handshakes.iter_mut().map(|(_, count)| count),
            &tally.handshakes,
        );
        let traffic = tally.traffic();
        let Flow { text, binary } = traffic.received;
        self.received_text.add(text);
        self.received_binary.add(binary);
        let Flow { text, binary } = traffic.sent;
        self.sent_text.add(text);
        self.sent_binary.add(binary);
        self.outbox_bytes += tally.waiting_bytes.load(Relaxed);
        self.slow_closed += tally.slow_closed.load(Relaxed);
        self.slow_stalled += tally.slow_stalled.load(Relaxed);
        add_all(
            self.dropped.iter_mut().map(|(_, count)| count),
            &tally.dropped,
        );
        let Histogram {
            buckets,
            above,
            sum,
        } = &mut self.round_trips;
        let buckets = buckets.iter_mut().map(|(_, count)| count);
        add_all(buckets.chain([above]), &tally.round_trips);
        *sum += Duration::from_micros(tally.round_trip_micros.load(Relaxed));
        self.missed_heartbeats += tally.missed_heartbeats.load(Relaxed);
        self.accept_errors += tally.accept_errors.load(Relaxed);
        add_all(self.pages.iter_mut().map(|(_, count)| count), &tally.pages);
    }

    /// Returns how many opening handshakes had a result; zero for one that there is not.
    pub fn handshakes(&self, result: &str) -> u64 {
        let found = self.handshakes.iter().find(|(label, _)| *label == result);
        found.map_or(0, |(_, count)| *count)
    }

    /// Returns the sessions on one transport.
    pub fn sessions_on(&self, transport: Transport) -> Sessions {
        let found = self
            .transports
            .iter()
            .find(|one| one.transport == transport);
        found.copied().unwrap_or_else(|| Sessions::none(transport))
    }

    /// Returns how many sessions ended with a code, by its label, that a side started; zero for a pair that there is
    /// not.
    pub fn closes(&self, code: &str, initiator: &str) -> u64 {
        let mut closes = self.closes.iter();
        let found = closes.find(|close| close.code == code && close.initiator == initiator);
        found.map_or(0, |close| close.count)
    }
}

fn add_all<'a, 'b>(
    sums: impl IntoIterator<Item = &'a mut u64>,
    counters: impl IntoIterator<Item = &'b AtomicU64>,
) {
    for (sum, counter) in sums.into_iter().zip(counters) {
        *sum += counter.load(Relaxed);
    }
}
