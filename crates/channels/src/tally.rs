//! What is counted: for metrics, and for "why was I closed?".

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::timing::Timing;

/// Counts since the start. Each has few labels, and none names a user or a channel.
#[derive(Debug, Default)]
pub struct Tally {
    connections: AtomicU64,
    subscriptions: AtomicU64,
    commands: [AtomicU64; COMMANDS.len()],
    errors: Mutex<BTreeMap<u32, u64>>,
    disconnects: Mutex<BTreeMap<(u16, &'static str), u64>>,
    recovered: AtomicU64,
    unrecovered: AtomicU64,
    slow: [AtomicU64; Slow::ALL.len()],
    publications: [[AtomicU64; RESULTS.len()]; ORIGINS.len()],
    /// From a publish to the broker's answer: where it is durable, until it is on disk.
    pub publishing: Timing,
    /// What a publication takes until it is in the outbox of everybody who listens here.
    pub fan_out: Timing,
    /// From a ping to its answer.
    pub round_trips: Timing,
}

/// What became of a subscriber that read too slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Slow {
    /// Its connection was closed with 3008.
    Closed,
    /// Its subscription ended, so that it recovers what it missed.
    Resubscribed,
}

impl Slow {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Closed, Self::Resubscribed];

    /// Returns its name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Resubscribed => "resubscribed",
        }
    }
}

/// Who publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Client,
    Api,
}

/// What became of a publication at the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Published,
    /// It was a repeat, or out of date.
    Suppressed,
    Failed,
}

const ORIGINS: [&str; 2] = ["client", "api"];

const RESULTS: [&str; 3] = ["published", "suppressed", "failed"];

impl Origin {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Client => ORIGINS[0],
            Self::Api => ORIGINS[1],
        }
    }
}

impl Outcome {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Published => RESULTS[0],
            Self::Suppressed => RESULTS[1],
            Self::Failed => RESULTS[2],
        }
    }
}

const COMMANDS: [&str; 12] = [
    "connect",
    "subscribe",
    "unsubscribe",
    "publish",
    "presence",
    "presence_stats",
    "history",
    "rpc",
    "send",
    "refresh",
    "sub_refresh",
    "pong",
];

/// How many labels a table has at most: applications choose codes of their own. What comes beyond counts as 0.
const MAX_LABELS: usize = 1024;

impl Tally {
    /// Returns how many connections were accepted.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Returns how many subscriptions were made, by clients and by the server.
    pub fn subscriptions(&self) -> u64 {
        self.subscriptions.load(Ordering::Relaxed)
    }

    /// Returns how many commands of each kind came.
    pub fn commands(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.commands.iter();
        COMMANDS
            .into_iter()
            .zip(counts.map(|count| count.load(Ordering::Relaxed)))
    }

    /// Returns how many commands were refused, by code.
    pub fn errors(&self) -> BTreeMap<u32, u64> {
        self.errors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns how many connections ended, by code and by who ended them.
    pub fn disconnects(&self) -> BTreeMap<(u16, &'static str), u64> {
        let disconnects = &self.disconnects;
        disconnects
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns how many recoveries succeeded, and how many did not.
    pub fn recoveries(&self) -> (u64, u64) {
        let [recovered, unrecovered] = [&self.recovered, &self.unrecovered];
        (
            recovered.load(Ordering::Relaxed),
            unrecovered.load(Ordering::Relaxed),
        )
    }

    /// Returns how many subscribers read too slowly, by what became of them.
    pub fn slow(&self) -> [(Slow, u64); Slow::ALL.len()] {
        Slow::ALL.map(|slow| {
            let count = self.slow.get(slow as usize);
            (slow, count.map_or(0, |count| count.load(Ordering::Relaxed)))
        })
    }

    /// Returns how many publications reached the broker, by who published and by what became of them.
    pub fn publications(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let origins = ORIGINS.into_iter().zip(&self.publications);
        origins.flat_map(|(origin, counts)| {
            let counts = counts.iter().map(|count| count.load(Ordering::Relaxed));
            let results = RESULTS.into_iter().zip(counts);
            results.map(move |(result, count)| (origin, result, count))
        })
    }

    pub(crate) fn published(&self, origin: Origin, outcome: Outcome) {
        let counts = self.publications.get(origin as usize);
        if let Some(count) = counts.and_then(|counts| counts.get(outcome as usize)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn was_slow(&self, slow: Slow) {
        if let Some(count) = self.slow.get(slow as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn subscribed(&self) {
        self.subscriptions.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn command(&self, name: &str) {
        let named = COMMANDS.iter().position(|command| *command == name);
        if let Some(count) = named.and_then(|at| self.commands.get(at)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn refused(&self, code: u32) {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        count(&mut errors, code, 0);
    }

    pub(crate) fn disconnected(&self, code: u16, side: &'static str) {
        let disconnects = &self.disconnects;
        let mut disconnects = disconnects.lock().unwrap_or_else(PoisonError::into_inner);
        count(&mut disconnects, (code, side), (0, side));
    }

    pub(crate) fn recovered(&self) {
        self.recovered.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn not_recovered(&self) {
        self.unrecovered.fetch_add(1, Ordering::Relaxed);
    }
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u64>, label: K, other: K) {
    let has_room = counts.len() < MAX_LABELS || counts.contains_key(&label);
    *counts
        .entry(if has_room { label } else { other })
        .or_default() += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_an_application_makes_up_take_no_more_than_a_bounded_table() {
        let tally = Tally::default();
        for code in 0..5000 {
            tally.refused(code + 1);
        }
        let errors = tally.errors();
        assert_eq!(errors.len(), MAX_LABELS + 1);
        assert_eq!(errors.values().sum::<u64>(), 5000);
    }
}
