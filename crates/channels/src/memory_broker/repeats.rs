//! What was published under which key, so that it is not published twice. Pure: time is told.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use sockeye_channel_proto::StreamPosition;
use tokio::time::Instant;

/// The keys of some channels, each until its time has come.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    known: HashMap<Arc<str>, Repeat>,
    /// Which key expires when; the number tells those of one moment apart.
    expiring: BTreeMap<(Instant, u64), Arc<str>>,
    next: u64,
}

#[derive(Debug)]
struct Repeat {
    position: Option<StreamPosition>,
    expires: (Instant, u64),
}

impl Repeats {
    /// Where that stands which was published under a key: `Some(None)` for what was published without a stream.
    #[expect(clippy::option_option, reason = "a position is an option already")]
    pub(super) fn find(
        &self,
        channel: &str,
        key: &str,
        now: Instant,
    ) -> Option<Option<StreamPosition>> {
        let repeat = self.known.get(&*whole(channel, key))?;
        (repeat.expires.0 > now).then(|| repeat.position.clone())
    }

    /// Remembers a key.
    pub(super) fn insert(
        &mut self,
        (channel, key): (&str, &str),
        position: Option<StreamPosition>,
        until: Instant,
    ) {
        let key: Arc<str> = whole(channel, key).into();
        let expires = (until, self.next);
        self.next = self.next.wrapping_add(1);
        let repeat = Repeat { position, expires };
        if let Some(old) = self.known.insert(Arc::clone(&key), repeat) {
            self.expiring.remove(&old.expires);
        }
        self.expiring.insert(expires, key);
    }

    /// Forgets the keys whose time has come.
    pub(super) fn expire(&mut self, now: Instant) {
        while self
            .expiring
            .first_key_value()
            .is_some_and(|((until, _), _)| *until <= now)
        {
            self.forget_first();
        }
    }

    /// Forgets the key that would be the first to expire.
    pub(super) fn forget_first(&mut self) {
        if let Some((_, key)) = self.expiring.pop_first() {
            self.known.remove(&key);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}

/// A channel and a key of it, as one text that no other pair has.
fn whole(channel: &str, key: &str) -> String {
    format!("{}:{channel}{key}", channel.len())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_key_is_known_for_its_time_whatever_the_others_ask_for() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        repeats.insert(("a", "long"), None, now + Duration::from_secs(9));
        repeats.insert(("a", "short"), None, now + Duration::from_secs(2));
        let later = now + Duration::from_secs(2);
        assert_eq!(repeats.find("a", "short", later), None);
        repeats.expire(later);
        assert_eq!((repeats.len(), repeats.expiring.len()), (1, 1));
        assert_eq!(repeats.find("a", "long", later), Some(None));
    }

    #[test]
    fn a_key_of_one_channel_is_none_of_another() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        repeats.insert(("a", "bc"), None, now + Duration::from_secs(1));
        assert_eq!(repeats.find("ab", "c", now), None);
        repeats.insert(("a", "bc"), None, now + Duration::from_secs(2));
        assert_eq!((repeats.len(), repeats.expiring.len()), (1, 1));
    }
}
