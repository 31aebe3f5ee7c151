//! What our server has promised, and whether it kept it.

use serde::Serialize;

use crate::{contender::Contender, result::Measured, row::Row};

/// One promise.
struct Target {
    row: Row,
    words: &'static str,
    limit: Limit,
}

enum Limit {
    /// So many times the cost of the best of those who count.
    Times(f64, fn(Contender) -> bool),
    /// So many bytes.
    Bytes(f64),
}

const TARGETS: [Target; 10] = [
    Target {
        row: Row::Echo32,
        words: "echo of 32 B, one at a time: 1.0 times the best peer",
        limit: Limit::Times(1.0, Contender::is_peer),
    },
    Target {
        row: Row::Pipelined,
        words: "echo of 32 B, 64 in flight: 0.1 times the best plain `send().await`",
        limit: Limit::Times(0.1, Contender::is_plain_peer),
    },
    Target {
        row: Row::Echo64k,
        words: "echo of 64 KiB: 1.0 times the best peer",
        limit: Limit::Times(1.0, Contender::is_peer),
    },
    Target {
        row: Row::FanOut,
        words: "fan-out to 1,000: 1.0 times the best peer",
        limit: Limit::Times(1.0, Contender::is_peer),
    },
    Target {
        row: Row::Idle,
        words: "an idle connection: 1024 bytes",
        limit: Limit::Bytes(1024.0),
    },
    Target {
        row: Row::SockjsStreaming,
        words: "echo over xhr_streaming: a third of sockjs-node's cost",
        limit: Limit::Times(THIRD, Contender::is_peer),
    },
    Target {
        row: Row::SockjsPolling,
        words: "echo over xhr polling: a third of sockjs-node's cost",
        limit: Limit::Times(THIRD, Contender::is_peer),
    },
    Target {
        row: Row::SockjsEventSource,
        words: "echo over eventsource: a third of sockjs-node's cost",
        limit: Limit::Times(THIRD, Contender::is_peer),
    },
    Target {
        row: Row::SockjsFanOut,
        words: "fan-out to 1,000 streaming sessions: a third of sockjs-node's cost",
        limit: Limit::Times(THIRD, Contender::is_peer),
    },
    Target {
        row: Row::SockjsIdleStreaming,
        words: "an idle streaming session: 8192 bytes",
        limit: Limit::Bytes(8192.0),
    },
];

const THIRD: f64 = 1.0 / 3.0;

/// What became of a promise.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) target: &'static str,
    /// The figure the limit is for; none if the row was not run or our server failed.
    pub(crate) measured: Option<f64>,
    pub(crate) is_met: Option<bool>,
}

/// Judges by the medians every promise that is about SockJS, or about WebSocket, if any row was.
pub(crate) fn judge(rows: &[Measured]) -> Vec<Verdict> {
    let were_run = |target: &&Target| rows.iter().any(|row| row.row.suite() == target.row.suite());
    let of_these = TARGETS.iter().filter(were_run);
    of_these.map(|target| target.judge(rows)).collect()
}

impl Target {
    fn judge(&self, rows: &[Measured]) -> Verdict {
        let row = rows.iter().find(|measured| measured.row == self.row);
        let (spread, most) = match self.limit {
            Limit::Times(most, counts) => (
                row.and_then(|row| row.ratio(Contender::Sockeye, counts)),
                most,
            ),
            Limit::Bytes(most) => (
                row.and_then(|row| row.entry(Contender::Sockeye)?.cost),
                most,
            ),
        };
        let measured = spread.map(|spread| spread.median);
        Verdict {
            target: self.words,
            measured,
            is_met: measured.map(|figure| figure <= most),
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
        let idle = |rows: &[Measured]| judge(rows).pop().unwrap().is_met;
        assert_eq!(idle(&[row(1024.0)]), Some(true));
        assert_eq!(idle(&[row(1025.0)]), Some(false));
        let other = Measured::new(Row::Echo32, Vec::new());
        assert_eq!(idle(&[other]), None);
    }
}
