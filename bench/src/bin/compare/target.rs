//! What our server has promised, and whether it kept it.

use serde::Serialize;
use sockeye_bench::measure::Spread;

use crate::{
    contender::Contender,
    result::{Figures, Measured},
    row::Row,
};
use Limit::{Bytes, BytesAfterEcho, BytesHeld, MedianTimes, P99, Times};
use Rival::{BestBatched, BestPeer, Floor, Uws, Yawc};

/// At most so much.
#[derive(Clone, Copy)]
enum Limit {
    /// So many times what it costs a rival.
    Times(f64, Rival),
    /// So many times a rival's median latency.
    MedianTimes(f64, Rival),
    /// So many milliseconds until 99 of 100 are answered.
    P99(f64),
    /// So many bytes a connection.
    Bytes(f64),
    /// So many bytes a connection that had a message echoed.
    BytesAfterEcho(f64),
    /// So many bytes for all connections together, once closed.
    BytesHeld(f64),
}

/// Whom we are compared with.
#[derive(Clone, Copy)]
enum Rival {
    Uws,
    BestPeer,
    BestBatched,
    Yawc,
    Floor,
}

const MIB: f64 = (1 << 20) as f64;

/// In the order of the rows.
const TARGETS: &[(Row, &[Limit])] = &[
    (Row::Echo32OneSpin, &[MedianTimes(0.5, Uws)]),
    (
        Row::Echo32,
        &[Times(1.0, Uws), Times(0.98, BestPeer), Times(1.03, Floor)],
    ),
    (
        Row::Echo32Thousand,
        &[Times(0.99, Uws), Times(0.88, BestPeer), Times(1.04, Floor)],
    ),
    (
        Row::Pipelined,
        &[
            Times(1.05, Uws),
            Times(0.55, BestBatched),
            Times(1.15, Floor),
        ],
    ),
    (
        Row::Echo1k,
        &[Times(1.0, Uws), Times(0.76, BestPeer), Times(1.1, Floor)],
    ),
    (
        Row::Echo64k,
        &[Times(0.74, Uws), Times(0.9, BestPeer), Times(1.1, Floor)],
    ),
    (
        Row::Echo1m,
        &[Times(0.9, Uws), Times(1.0, BestPeer), Times(1.0, Floor)],
    ),
    (Row::Text64k, &[Times(0.29, Uws), Times(1.0, BestPeer)]),
    (Row::Deflate1k, &[Times(0.8, Yawc)]),
    (Row::Wss32, &[Times(0.95, BestPeer)]),
    (
        Row::FanOut,
        &[Times(0.96, Uws), Times(0.93, BestPeer), Times(1.03, Floor)],
    ),
    (
        Row::FanOut16,
        &[Times(0.88, Uws), Times(0.66, BestPeer), Times(1.03, Floor)],
    ),
    (Row::Handshake, &[Times(1.05, Uws), Times(1.03, BestPeer)]),
    (Row::Page, &[P99(5.0)]),
    (
        Row::Idle,
        &[Bytes(512.0), BytesAfterEcho(512.0), BytesHeld(12.0 * MIB)],
    ),
    (Row::IdleDeflate, &[Bytes(1024.0)]),
    (Row::SockjsStreaming, &[Times(THIRD, BestPeer)]),
    (Row::SockjsPolling, &[Times(THIRD, BestPeer)]),
    (Row::SockjsEventSource, &[Times(THIRD, BestPeer)]),
    (Row::SockjsFanOut, &[Times(THIRD, BestPeer)]),
    (Row::SockjsIdleStreaming, &[Bytes(8192.0)]),
];

const THIRD: f64 = 1.0 / 3.0;

/// What became of a promise.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) target: String,
    /// The figure the limit is for; none if the row was not run or our server failed.
    pub(crate) measured: Option<f64>,
    pub(crate) is_met: Option<bool>,
}

/// Judges by the medians every promise that is about SockJS, or about WebSocket, if any row was.
pub(crate) fn judge(rows: &[Measured]) -> Vec<Verdict> {
    let of_these = TARGETS.iter().filter(|(about, _)| {
        let mut rows = rows.iter();
        rows.any(|measured| measured.row.suite() == about.suite())
    });
    of_these
        .flat_map(|(row, limits)| limits.iter().map(|limit| (*row, *limit)))
        .map(|(row, limit)| {
            let measured = rows.iter().find(|measured| measured.row == row);
            let figure = measured.and_then(|measured| limit.figure(measured));
            Verdict {
                target: format!("{}: {}", row.name(), limit.words()),
                measured: figure,
                is_met: figure.map(|figure| figure <= limit.most()),
            }
        })
        .collect()
}

impl Limit {
    fn most(self) -> f64 {
        let (Times(most, _)
        | MedianTimes(most, _)
        | P99(most)
        | Bytes(most)
        | BytesAfterEcho(most)
        | BytesHeld(most)) = self;
        most
    }

    fn words(self) -> String {
        let most = self.most();
        match self {
            Times(_, rival) => format!("{most:.2} times {}", rival.words()),
            MedianTimes(_, rival) => format!("median latency {most:.2} times {}", rival.words()),
            P99(_) => format!("99 of 100 within {most} ms"),
            Bytes(_) => format!("{most} B a connection"),
            BytesAfterEcho(_) => format!("{most} B a connection after an echo"),
            BytesHeld(_) => format!("{} MiB held when all are closed", most / MIB),
        }
    }

    /// Returns what the limit is for.
    fn figure(self, measured: &Measured) -> Option<f64> {
        let idle = || match &measured.entry(Contender::Sockeye)?.figures {
            Figures::Idle(idle) => Some(idle),
            Figures::Sliced(_) | Figures::Failed(_) => None,
        };
        let latency = |of: fn(Contender) -> bool| {
            let mut entries = measured.entries.iter().filter(|entry| of(entry.server));
            entries.find_map(|entry| match &entry.figures {
                Figures::Sliced(sliced) => Some(&sliced.latency),
                Figures::Idle(_) | Figures::Failed(_) => None,
            })
        };
        let is_ours: fn(Contender) -> bool = |one| one == Contender::Sockeye;
        let spread = match self {
            MedianTimes(_, rival) => {
                return Some(latency(is_ours)?.p50 / latency(rival.counts())?.p50);
            }
            P99(_) => return Some(latency(is_ours)?.p99 / 1e3),
            Times(_, rival) => measured.ratio(Contender::Sockeye, rival.counts()),
            Bytes(_) => measured.entry(Contender::Sockeye)?.cost,
            BytesAfterEcho(_) => Spread::of(idle()?.after_echo.iter().copied()),
            BytesHeld(_) => Spread::of(idle()?.held_when_closed.iter().copied()),
        };
        Some(spread?.median)
    }
}

impl Rival {
    fn words(self) -> &'static str {
        match self {
            Uws => "uWebSockets",
            BestPeer => "the best peer",
            BestBatched => "the best that batches by hand",
            Yawc => "yawc",
            Floor => "the floor",
        }
    }

    fn counts(self) -> fn(Contender) -> bool {
        match self {
            Uws => Contender::is_uws,
            BestPeer => Contender::is_peer,
            BestBatched => Contender::is_batched,
            Yawc => Contender::is_yawc,
            Floor => Contender::is_floor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::{Entry, Idle};

    #[test]
    fn a_target_is_met_missed_or_not_measured() {
        let row = |bytes| {
            let idle = Idle {
                per_connection: vec![bytes],
                ..Idle::default()
            };
            Measured::new(Row::Idle, vec![Entry::idle((Contender::Sockeye, Ok(idle)))])
        };
        let idle = |rows: &[Measured]| judge_row(rows, "idle: 512 B a connection");
        assert_eq!(idle(&[row(512.0)]), Some(true));
        assert_eq!(idle(&[row(513.0)]), Some(false));
        let other = Measured::new(Row::Echo32, Vec::new());
        assert_eq!(idle(&[other]), None);
    }

    fn judge_row(rows: &[Measured], target: &str) -> Option<bool> {
        let mut verdicts = judge(rows).into_iter();
        verdicts.find(|one| one.target == target).unwrap().is_met
    }
}
