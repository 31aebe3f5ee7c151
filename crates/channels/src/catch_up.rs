//! What somebody who comes back is given: a verdict over where they were and what the stream holds.

use std::sync::Arc;

use sockeye_channel_proto::{Publication, StreamPosition};

use crate::{Broker, BrokerError, History, Read, RecoveryMode, Retention};

/// Where a subscription begins, and what it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CaughtUp {
    /// What the subscriber has once it has read the reply.
    pub(crate) top: StreamPosition,
    pub(crate) outcome: Outcome,
}

/// Whether somebody got what they missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// They did not ask.
    Fresh,
    /// They did; this is all of it.
    Recovered(Vec<Arc<Publication>>),
    /// Something of it is gone.
    Unrecovered,
}

/// Reads what somebody missed who was at a position; without one, only where the stream is.
///
/// Cancel safety: it changes nothing.
pub(crate) async fn catch_up(
    broker: &dyn Broker,
    channel: &str,
    retention: Retention,
    since: Option<(&StreamPosition, RecoveryMode)>,
    limit: u32,
) -> Result<CaughtUp, BrokerError> {
    let Some((since, mode)) = since else {
        let read = Read {
            limit: Some(0),
            ..Read::default()
        };
        let history = broker.history(channel, read, retention).await?;
        return Ok(CaughtUp {
            top: history.top,
            outcome: Outcome::Fresh,
        });
    };
    let history = if mode.is_cache() {
        let read = Read {
            limit: Some(1),
            order: crate::Order::Reverse,
            ..Read::default()
        };
        broker.history(channel, read, retention).await?
    } else {
        let read = Read {
            since: Some(since.clone()),
            limit: Some(limit),
            ..Read::default()
        };
        broker.history(channel, read, retention).await?
    };
    let outcome = if mode.is_cache() {
        judge_cache(since, &history)
    } else {
        judge_stream(since, &history)
    };
    Ok(CaughtUp {
        top: history.top,
        outcome,
    })
}

fn judge_stream(since: &StreamPosition, history: &History) -> Outcome {
    let is_same = since.epoch.is_empty() || since.epoch == history.top.epoch;
    let publications = &history.publications;
    let is_whole = match (publications.first(), publications.last()) {
        (Some(first), Some(last)) => {
            Some(first.offset) == since.offset.checked_add(1) && last.offset == history.top.offset
        }
        _ => since.offset == history.top.offset,
    };
    if is_same && is_whole {
        Outcome::Recovered(publications.clone())
    } else {
        Outcome::Unrecovered
    }
}

/// In a cache only the latest counts, and it is not given to who has it.
fn judge_cache(since: &StreamPosition, history: &History) -> Outcome {
    let has_top = since.epoch == history.top.epoch && since.offset == history.top.offset;
    let latest = history.publications.first();
    let latest = latest.filter(|latest| latest.offset == history.top.offset);
    match latest {
        _ if has_top => Outcome::Recovered(Vec::new()),
        Some(latest) => Outcome::Recovered(vec![Arc::clone(latest)]),
        None => Outcome::Unrecovered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(offset: u64, epoch: &str) -> StreamPosition {
        StreamPosition {
            offset,
            epoch: epoch.to_owned(),
        }
    }

    fn stream(offsets: std::ops::Range<u64>, top: u64) -> History {
        let publication = |offset| {
            Arc::new(Publication {
                offset,
                ..Publication::default()
            })
        };
        History::new(offsets.map(publication).collect(), position(top, "abc"))
    }

    fn count(outcome: &Outcome) -> Option<usize> {
        match outcome {
            Outcome::Recovered(publications) => Some(publications.len()),
            _ => None,
        }
    }

    #[test]
    fn a_stream_is_recovered_if_nothing_of_it_is_missing() {
        for (since, history, expected) in [
            (position(3, "abc"), stream(4..7, 6), Some(3)),
            (position(3, ""), stream(4..7, 6), Some(3)),
            (position(0, ""), stream(1..3, 2), Some(2)),
            (position(6, "abc"), stream(0..0, 6), Some(0)),
            // The head is gone, the reply would be too long, the position is beyond the top.
            (position(3, "abc"), stream(5..7, 6), None),
            (position(3, "abc"), stream(4..6, 6), None),
            (position(7, "abc"), stream(0..0, 6), None),
            (position(5, "abc"), stream(0..0, 6), None),
            (position(3, "xyz"), stream(4..7, 6), None),
            (position(0, "_"), stream(0..0, 0), None),
            (position(u64::MAX, "abc"), stream(1..2, 1), None),
        ] {
            assert_eq!(
                count(&judge_stream(&since, &history)),
                expected,
                "{since:?}"
            );
        }
    }

    #[test]
    fn a_cache_gives_the_latest_to_who_has_another() {
        for (since, history, expected) in [
            (position(3, "abc"), stream(6..7, 6), Some(1)),
            (position(9, "xyz"), stream(6..7, 6), Some(1)),
            (position(6, "abc"), stream(6..7, 6), Some(0)),
            (position(6, "abc"), stream(0..0, 6), Some(0)),
            (position(3, "abc"), stream(0..0, 6), None),
        ] {
            assert_eq!(count(&judge_cache(&since, &history)), expected, "{since:?}");
        }
    }
}
