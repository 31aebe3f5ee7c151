//! Whether a connection has anything to do.

use std::time::Duration;

use tokio::{sync::watch, time::timeout};

/// Counts the requests and sessions of one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity(watch::Sender<usize>);

impl Activity {
    /// Counts one more, until what is returned is dropped.
    pub(crate) fn begin(&self) -> Alive {
        self.0.send_modify(|count| *count += 1);
        Alive(self.clone())
    }

    /// Says that something moves, although nothing is counted.
    pub(crate) fn touch(&self) {
        self.0.send_modify(|_| {});
    }

    /// Done when there has been neither a request nor a session for so long, from now on.
    ///
    /// Cancel safety: dropped before it is done, it counts anew the next time.
    pub(crate) async fn idle(&self, time: Duration) {
        let mut count = self.0.subscribe();
        loop {
            // The sender lives as long as `self`: neither can fail.
            let _ = count.wait_for(|count| *count == 0).await;
            if timeout(time, count.changed()).await.is_err() {
                return;
            }
        }
    }
}

/// A request under way, or a session.
#[derive(Debug)]
pub(crate) struct Alive(Activity);

impl Clone for Alive {
    /// Counts once more.
    fn clone(&self) -> Self {
        self.0.begin()
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn idle_counts_from_the_last_thing_that_happened() {
        let activity = Activity::default();
        let start = Instant::now();
        activity.idle(10 * SECOND).await;
        assert_eq!(start.elapsed(), 10 * SECOND);

        let session = activity.begin();
        let request = session.clone();
        let other = activity.clone();
        tokio::spawn(async move {
            tokio::time::advance(20 * SECOND).await;
            drop(request);
            tokio::time::advance(20 * SECOND).await;
            drop(session);
            tokio::time::advance(9 * SECOND).await;
            other.touch();
            tokio::time::advance(9 * SECOND).await;
            drop(other.begin());
        });
        activity.idle(10 * SECOND).await;
        assert_eq!(start.elapsed(), 78 * SECOND);
    }
}
