//! Which transport worked where, and when what did not is tried again. Pure: time comes in as an argument.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use sockeye_types::Transport;

use crate::{Fallback, address::Address};

/// Which transport worked where. A server of which nothing is known has the best one.
///
/// ```text
///              the best failed, another worked             its time has come: another chance
///   Unknown ───────────────────────────────────▶ Known ──────────────────────────────────────▶ Known
///      ▲                                         │  ▲                  failed again: twice the wait │
///      └────────────── the best worked ──────────┘  └───────────────────────────────────────────────┘
/// ```
#[derive(Debug)]
pub(super) struct Memory {
    fallback: Fallback,
    known: HashMap<Address, Known>,
}

/// What is known of a server whose best transport does not work.
#[derive(Debug)]
struct Known {
    worked: Transport,
    /// When the best one gets another chance.
    retry: Instant,
    wait: Duration,
    asked: Instant,
}

impl Memory {
    pub(super) fn new(fallback: Fallback) -> Self {
        Self {
            fallback,
            known: HashMap::new(),
        }
    }

    /// Returns in which order to try. Whoever asks when the best one gets another chance is the one that gives it.
    pub(super) fn order(&mut self, server: &Address, now: Instant) -> Vec<Transport> {
        let mut order = self.fallback.spoken();
        let Some(known) = self.known.get_mut(server) else {
            return order;
        };
        known.asked = now;
        if now >= known.retry {
            // Others who connect meanwhile do not wait for it too.
            known.retry = later(now, known.wait);
        } else if let Some(at) = order.iter().position(|tried| *tried == known.worked) {
            order.get_mut(..=at).unwrap_or_default().rotate_right(1);
        }
        order
    }

    /// One worked, after these had not.
    pub(super) fn worked(
        &mut self,
        server: &Address,
        worked: Transport,
        failed: &[Transport],
        now: Instant,
    ) {
        let best = self.fallback.spoken().first().copied();
        if best == Some(worked) {
            self.known.remove(server);
            return;
        }
        let best_failed = best.is_some_and(|best| failed.contains(&best));
        match self.known.get_mut(server) {
            Some(known) if best_failed => {
                known.worked = worked;
                known.wait = known.wait.saturating_mul(2).min(self.fallback.retry_max);
                known.retry = later(now, known.wait);
            }
            Some(known) => known.worked = worked,
            None => self.learn(server, worked, now),
        }
    }

    /// Something cuts or holds back what this transport carries, though it opened: the next weaker one is better.
    pub(super) fn gave_way(&mut self, server: &Address, transport: Transport, now: Instant) {
        let spoken = self.fallback.spoken();
        let at = spoken.iter().position(|spoken| *spoken == transport);
        let Some(next) = at.and_then(|at| spoken.get(at + 1)) else {
            return;
        };
        match self.known.get_mut(server) {
            Some(known) if known.worked == transport => known.worked = *next,
            Some(_) => {}
            None => self.learn(server, *next, now),
        }
    }

    fn learn(&mut self, server: &Address, worked: Transport, now: Instant) {
        while self.known.len() >= self.fallback.servers.max(1) {
            let oldest = self.known.iter().min_by_key(|(_, known)| known.asked);
            let Some(oldest) = oldest.map(|(server, _)| server.clone()) else {
                break;
            };
            self.known.remove(&oldest);
        }
        let wait = self.fallback.retry_first.min(self.fallback.retry_max);
        let known = Known {
            worked,
            retry: later(now, wait),
            wait,
            asked: now,
        };
        self.known.insert(server.clone(), known);
    }
}

fn later(now: Instant, wait: Duration) -> Instant {
    crate::driver::after(now, wait)
}

#[cfg(test)]
mod tests;
