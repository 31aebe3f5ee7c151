//! Presence in this process.

use std::{
    collections::{BTreeSet, HashMap},
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sockeye_channel_proto::ClientInfo;
use tokio::time::Instant;

use super::{Presence, PresenceReply, PresenceStats};
use crate::ClientId;

/// Knows who is in which channel of this process. It forgets whoever does not renew, at the next call after the lease:
/// what that costs is in proportion to who is forgotten. There is one entry for each subscription at most, so its size
/// is bounded as subscriptions are.
#[derive(Debug, Default)]
pub struct MemoryPresence(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    channels: HashMap<Arc<str>, Present>,
    /// Whose lease ends when; the first is the next.
    leases: BTreeSet<(Instant, Arc<str>, ClientId)>,
}

/// Who is in one channel.
#[derive(Debug, Default)]
struct Present {
    entries: HashMap<ClientId, (Instant, ClientInfo)>,
    /// How many entries each user has.
    users: HashMap<String, u32>,
}

impl MemoryPresence {
    /// Makes one in which nobody is anywhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// The lock is held for one entry or one listing, and for forgetting what has expired.
    fn book(&self) -> MutexGuard<'_, Book> {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.sweep(Instant::now());
        book
    }
}

impl Book {
    fn enter(&mut self, channel: &str, client: ClientId, who: ClientInfo, until: Instant) {
        self.leave(channel, client);
        let name = match self.channels.get_key_value(channel) {
            Some((name, _)) => Arc::clone(name),
            None => channel.into(),
        };
        self.leases.insert((until, Arc::clone(&name), client));
        let present = self.channels.entry(name).or_default();
        *present.users.entry(who.user.clone()).or_default() += 1;
        present.entries.insert(client, (until, who));
    }

    fn leave(&mut self, channel: &str, client: ClientId) {
        let Some((name, _)) = self.channels.get_key_value(channel) else {
            return;
        };
        let name = Arc::clone(name);
        let Some(present) = self.channels.get_mut(channel) else {
            return;
        };
        let Some((until, who)) = present.entries.remove(&client) else {
            return;
        };
        if let Some(entries) = present.users.get_mut(&who.user) {
            *entries -= 1;
            if *entries == 0 {
                present.users.remove(&who.user);
            }
        }
        if present.entries.is_empty() {
            self.channels.remove(channel);
        }
        self.leases.remove(&(until, name, client));
    }

    fn sweep(&mut self, now: Instant) {
        while let Some((until, channel, client)) = self.leases.first() {
            if *until > now {
                return;
            }
            let (channel, client) = (Arc::clone(channel), *client);
            self.leave(&channel, client);
        }
    }
}

/// A lease longer than a clock can tell ends in a hundred years.
fn after(now: Instant, lease: Duration) -> Instant {
    let long = Duration::from_secs(100 * 365 * 86_400);
    now + lease.min(long)
}

impl Presence for MemoryPresence {
    fn enter<'a>(
        &'a self,
        channel: &'a str,
        client: ClientId,
        who: ClientInfo,
        lease: Duration,
    ) -> PresenceReply<'a, ()> {
        let until = after(Instant::now(), lease);
        self.book().enter(channel, client, who, until);
        Box::pin(ready(Ok(())))
    }

    fn leave<'a>(&'a self, channel: &'a str, client: ClientId) -> PresenceReply<'a, ()> {
        self.book().leave(channel, client);
        Box::pin(ready(Ok(())))
    }

    fn list<'a>(&'a self, channel: &'a str) -> PresenceReply<'a, Vec<(ClientId, ClientInfo)>> {
        let book = self.book();
        let present = book.channels.get(channel);
        let entries = present.into_iter().flat_map(|present| &present.entries);
        let list = entries.map(|(client, (_, who))| (*client, who.clone()));
        Box::pin(ready(Ok(list.collect())))
    }

    fn stats<'a>(&'a self, channel: &'a str) -> PresenceReply<'a, PresenceStats> {
        let book = self.book();
        let stats = book.channels.get(channel).map(|present| PresenceStats {
            clients: count(present.entries.len()),
            users: count(present.users.len()),
        });
        Box::pin(ready(Ok(stats.unwrap_or_default())))
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(user: &str) -> ClientInfo {
        ClientInfo {
            user: user.to_owned(),
            ..ClientInfo::default()
        }
    }

    async fn counts(presence: &MemoryPresence) -> (u32, u32) {
        let stats = presence.stats("news").await.unwrap();
        (stats.clients, stats.users)
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_does_not_renew_is_gone_and_leaves_nothing_behind() {
        let (presence, lease) = (MemoryPresence::new(), Duration::from_secs(60));
        let ids: Vec<_> = (0..3).map(|_| ClientId::random().unwrap()).collect();
        for (id, user) in ids.iter().zip(["ann", "ann", "bob"]) {
            presence.enter("news", *id, who(user), lease).await.unwrap();
        }
        assert_eq!(counts(&presence).await, (3, 2));
        tokio::time::advance(Duration::from_secs(40)).await;
        presence
            .enter("news", ids[0], who("ann"), lease)
            .await
            .unwrap();
        tokio::time::advance(Duration::from_secs(19)).await;
        assert_eq!(counts(&presence).await, (3, 2));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(counts(&presence).await, (1, 1));
        let list = presence.list("news").await.unwrap();
        assert_eq!(list, [(ids[0], who("ann"))]);
        tokio::time::advance(lease).await;
        assert_eq!(counts(&presence).await, (0, 0));
        let book = presence.book();
        assert!(book.channels.is_empty() && book.leases.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_leaves_is_gone_at_once_and_a_user_counts_while_one_connection_stays() {
        let (presence, lease) = (MemoryPresence::new(), Duration::MAX);
        let [a, b] = [(); 2].map(|()| ClientId::random().unwrap());
        for (id, user) in [(a, "ann"), (b, "ann"), (b, "bob"), (b, "ann")] {
            presence.enter("news", id, who(user), lease).await.unwrap();
        }
        assert_eq!(counts(&presence).await, (2, 1));
        presence.leave("news", a).await.unwrap();
        presence.leave("other", b).await.unwrap();
        assert_eq!(counts(&presence).await, (1, 1));
        presence.leave("news", b).await.unwrap();
        presence.leave("news", b).await.unwrap();
        let book = presence.book();
        assert!(book.channels.is_empty() && book.leases.is_empty());
    }
}
