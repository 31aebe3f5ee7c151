//! What is due when: one structure for all clients, and one task that looks at it.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use crate::client_id::ClientId;

/// Which clients want to be looked at when. Each stands in it once at most, with the first of its deadlines.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    entries: Mutex<BTreeSet<(Instant, ClientId)>>,
    earlier: Notify,
}

impl Agenda {
    /// Moves a client's deadline.
    pub(crate) fn put(&self, client: ClientId, old: Option<Instant>, new: Option<Instant>) {
        if old == new {
            return;
        }
        let mut entries = self.entries();
        if let Some(old) = old {
            entries.remove(&(old, client));
        }
        if let Some(new) = new {
            let is_first = entries.first().is_none_or(|(first, _)| new < *first);
            entries.insert((new, client));
            if is_first {
                self.earlier.notify_one();
            }
        }
    }

    /// Takes out whose deadline has passed.
    pub(crate) fn take_due(&self, now: Instant) -> Vec<(Instant, ClientId)> {
        let mut entries = self.entries();
        let mut due = Vec::new();
        while let Some(first) = entries.first().copied().filter(|(first, _)| *first <= now) {
            entries.remove(&first);
            due.push(first);
        }
        due
    }

    /// Waits until a deadline has passed.
    ///
    /// Cancel safety: it takes nothing.
    pub(crate) async fn due(&self) {
        loop {
            let first = self.entries().first().map(|(first, _)| *first);
            match first {
                Some(first) if first <= Instant::now() => return,
                Some(first) => {
                    if timeout_at(first, self.earlier.notified()).await.is_err() {
                        return;
                    }
                }
                None => self.earlier.notified().await,
            }
        }
    }

    fn entries(&self) -> MutexGuard<'_, BTreeSet<(Instant, ClientId)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn clients_come_in_order_each_with_its_last_word() {
        let (agenda, start) = (Agenda::default(), Instant::now());
        let [a, b] = [0; 2].map(|_| ClientId::random().unwrap());
        let at = |seconds| Some(start + Duration::from_secs(seconds));
        agenda.put(a, None, at(5));
        agenda.put(b, None, at(3));
        agenda.put(b, at(3), at(9));
        agenda.due().await;
        assert_eq!(start.elapsed().as_secs(), 5);
        assert_eq!(
            agenda.take_due(Instant::now()),
            [(start + Duration::from_secs(5), a)]
        );
        agenda.put(b, at(9), None);
        assert!(agenda.take_due(start + Duration::from_secs(99)).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_earlier_deadline_wakes_who_waits_for_a_later_one() {
        let (agenda, start) = (Agenda::default(), Instant::now());
        let id = ClientId::random().unwrap();
        agenda.put(id, None, Some(start + Duration::from_secs(60)));
        let sooner = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let other = ClientId::random().unwrap();
            agenda.put(other, None, Some(start + Duration::from_secs(2)));
        };
        tokio::join!(agenda.due(), sooner);
        assert_eq!(start.elapsed().as_secs(), 2);
    }
}
