//! What was measured, row by row, as it is printed and as it is written to JSON.

use serde::Serialize;
use sockeye_bench::measure::{Spread, ratios};

use crate::{contender::Contender, row::Row};

/// One row with everyone's figures.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) row: Row,
    pub(crate) title: String,
    pub(crate) entries: Vec<Entry>,
}

/// One server's figures in a row, or why there are none.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    pub(crate) server: Contender,
    /// What is compared: CPU microseconds a message, or bytes a connection.
    pub(crate) cost: Option<Spread>,
    /// The cost as a multiple of uWebSockets', by ratios within rounds.
    pub(crate) x_uws: Option<Spread>,
    /// The cost as a multiple of the best peer's.
    pub(crate) x_best_peer: Option<Spread>,
    /// The cost as a multiple of the floor's.
    pub(crate) x_floor: Option<Spread>,
    #[serde(flatten)]
    pub(crate) figures: Figures,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Figures {
    Sliced(Sliced),
    Idle(Idle),
    Failed(String),
}

/// Figures of a row that is done in slices; one reading a round.
#[derive(Debug, Serialize)]
pub(crate) struct Sliced {
    /// The server's CPU time a message, in microseconds.
    pub(crate) micros: Vec<f64>,
    /// Messages a second.
    pub(crate) rates: Vec<f64>,
    /// Latencies of all slices together.
    pub(crate) latency: Latency,
}

/// Latencies in microseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
    /// How many messages were timed.
    pub(crate) samples: u64,
}

/// Figures of the idle row, in bytes; one reading a round.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Idle {
    /// For each connection, after opening them.
    pub(crate) per_connection: Vec<f64>,
    /// For each connection, after one 16 KiB echo on each.
    pub(crate) after_echo: Vec<f64>,
    /// For all together, after closing them.
    pub(crate) held_when_closed: Vec<f64>,
}

impl Entry {
    pub(crate) fn sliced((server, result): (Contender, anyhow::Result<Sliced>)) -> Self {
        Self::new(server, result.map(Figures::Sliced))
    }

    pub(crate) fn idle((server, result): (Contender, anyhow::Result<Idle>)) -> Self {
        Self::new(server, result.map(Figures::Idle))
    }

    fn new(server: Contender, figures: anyhow::Result<Figures>) -> Self {
        let figures = figures.unwrap_or_else(|error| Figures::Failed(format!("{error:#}")));
        Self {
            server,
            cost: Spread::of(figures.costs().iter().copied()),
            x_uws: None,
            x_best_peer: None,
            x_floor: None,
            figures,
        }
    }
}

impl Figures {
    fn costs(&self) -> &[f64] {
        match self {
            Self::Sliced(sliced) => &sliced.micros,
            Self::Idle(idle) => &idle.per_connection,
            Self::Failed(_) => &[],
        }
    }
}

impl Measured {
    /// Puts a row together, and compares everyone with uWebSockets, the best peer and the floor.
    pub(crate) fn new(row: Row, entries: Vec<Entry>) -> Self {
        let mut measured = Self {
            row,
            title: row.title(),
            entries,
        };
        let ratios: Vec<_> = measured
            .entries
            .iter()
            .map(|entry| {
                [Contender::is_uws, Contender::is_peer, Contender::is_floor]
                    .map(|counts| measured.ratio(entry.server, counts))
            })
            .collect();
        for (entry, [uws, best_peer, floor]) in measured.entries.iter_mut().zip(ratios) {
            entry.x_uws = uws;
            entry.x_best_peer = best_peer;
            entry.x_floor = floor;
        }
        measured
    }

    /// Says whether it is about memory.
    pub(crate) fn is_idle(&self) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| matches!(entry.figures, Figures::Idle(_)))
    }

    /// Returns the figures of one server.
    pub(crate) fn entry(&self, of: Contender) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.server == of)
    }

    /// Returns how a server compares with the cheapest of those who count, by ratios within rounds.
    pub(crate) fn ratio(&self, of: Contender, counts: fn(Contender) -> bool) -> Option<Spread> {
        let best = self.best(counts)?;
        ratios(self.entry(of)?.figures.costs(), best.figures.costs())
    }

    /// Returns the cheapest of those who count, by the median.
    pub(crate) fn best(&self, counts: fn(Contender) -> bool) -> Option<&Entry> {
        self.entries
            .iter()
            .filter(|entry| counts(entry.server))
            .filter_map(|entry| Some((entry.cost?.median, entry)))
            .min_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use sockeye_bench::Peer;

    use super::*;

    const FAST: Contender = Contender::Peer(Peer::Fastwebsockets);
    const BATCHED: Contender = Contender::Peer(Peer::TungsteniteBatched);

    fn entry(server: Contender, per_connection: [f64; 2]) -> Entry {
        let idle = Idle {
            per_connection: per_connection.to_vec(),
            ..Idle::default()
        };
        Entry::idle((server, Ok(idle)))
    }

    #[test]
    fn the_best_is_the_cheapest_of_those_who_count() {
        let failed = Entry::idle((
            Contender::Peer(Peer::Tungstenite),
            Err(anyhow::anyhow!("gone")),
        ));
        let measured = Measured::new(
            Row::Idle,
            vec![
                entry(Contender::Sockeye, [1.0, 2.0]),
                failed,
                entry(BATCHED, [2.0, 4.0]),
                entry(FAST, [10.0, 20.0]),
                entry(Contender::Floor, [0.5, 1.0]),
            ],
        );
        let ratio = |counts| measured.ratio(Contender::Sockeye, counts).unwrap().median;
        assert_eq!(ratio(Contender::is_peer), 0.5);
        assert_eq!(ratio(Contender::is_floor), 2.0);
        assert!(
            measured
                .ratio(Contender::Sockeye, Contender::is_uws)
                .is_none()
        );
        let printed = measured.entries.iter().map(|entry| entry.x_best_peer);
        let medians: Vec<_> = printed.map(|ratio| ratio.map(|r| r.median)).collect();
        assert_eq!(medians, [Some(0.5), None, Some(1.0), Some(5.0), Some(0.25)]);
    }
}
