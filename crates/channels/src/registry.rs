//! Who is connected: clients by id and by user.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{client::Client, client_id::ClientId};

/// All connections; those of users also by user.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<Lists>);

#[derive(Debug, Default)]
struct Lists {
    clients: HashMap<ClientId, Arc<Client>>,
    /// Nobody in particular is not among them: that may be everybody.
    users: HashMap<Arc<str>, Own>,
}

/// The connections of one user. Mostly it is one, which takes no memory of its own.
#[derive(Debug)]
enum Own {
    One(ClientId),
    More(HashSet<ClientId>),
}

impl Own {
    fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::More(all) => all.len(),
        }
    }

    fn add(&mut self, client: ClientId) {
        match self {
            Self::One(one) => *self = Self::More(HashSet::from([*one, client])),
            Self::More(all) => {
                all.insert(client);
            }
        }
    }

    /// Says whether none is left.
    fn remove(&mut self, client: ClientId) -> bool {
        match self {
            Self::One(one) => *one == client,
            Self::More(all) => {
                all.remove(&client);
                all.is_empty()
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = &ClientId> {
        let (one, more) = match self {
            Self::One(one) => (Some(one), None),
            Self::More(all) => (None, Some(all)),
        };
        one.into_iter().chain(more.into_iter().flatten())
    }
}

/// A user has all connections that it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LimitReached;

impl Registry {
    /// Takes in a connection that has not said who it is.
    pub(crate) fn add(&self, client: &Arc<Client>) {
        self.lists().clients.insert(client.id, Arc::clone(client));
    }

    /// Says whose connection it is. The limit is not for nobody in particular.
    pub(crate) fn name(
        &self,
        client: ClientId,
        user: &str,
        limit: Option<std::num::NonZeroU32>,
    ) -> Result<Arc<str>, LimitReached> {
        if user.is_empty() {
            return Ok(Arc::default());
        }
        let mut lists = self.lists();
        let count = lists.users.get(user).map_or(0, Own::len);
        let limit = limit.and_then(|limit| usize::try_from(limit.get()).ok());
        if limit.is_some_and(|limit| count >= limit) {
            return Err(LimitReached);
        }
        // All connections of a user share its name.
        let known = lists.users.get_key_value(user).map(|(name, _)| name);
        let name = known.map_or_else(|| user.into(), Arc::clone);
        match lists.users.entry(Arc::clone(&name)) {
            Entry::Occupied(mut own) => own.get_mut().add(client),
            Entry::Vacant(own) => {
                own.insert(Own::One(client));
            }
        }
        Ok(name)
    }

    /// Forgets a connection.
    pub(crate) fn remove(&self, client: ClientId, user: Option<&str>) {
        self.lists().clients.remove(&client);
        if let Some(user) = user {
            self.unname(client, user);
        }
    }

    /// Takes back whose connection it is.
    pub(crate) fn unname(&self, client: ClientId, user: &str) {
        let mut lists = self.lists();
        if lists
            .users
            .get_mut(user)
            .is_some_and(|own| own.remove(client))
        {
            lists.users.remove(user);
        }
    }

    pub(crate) fn client(&self, id: ClientId) -> Option<Arc<Client>> {
        self.lists().clients.get(&id).cloned()
    }

    /// Returns the connections of a user. Those of nobody in particular are looked for among all.
    pub(crate) fn of_user(&self, user: &str) -> Vec<Arc<Client>> {
        if user.is_empty() {
            let mut all = self.all();
            all.retain(|client| client.is_nobody());
            return all;
        }
        let lists = self.lists();
        let own = lists.users.get(user).into_iter().flat_map(Own::iter);
        own.filter_map(|id| lists.clients.get(id).cloned())
            .collect()
    }

    /// Returns all connections.
    pub(crate) fn all(&self) -> Vec<Arc<Client>> {
        self.lists().clients.values().cloned().collect()
    }

    /// Returns how many connections there are, and how many users have one: nobody in particular is no user.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let lists = self.lists();
        (lists.clients.len(), lists.users.len())
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connections_of_a_user_are_a_set() {
        let [first, second, third] = [(); 3].map(|()| ClientId::random().unwrap());
        let mut own = Own::One(first);
        assert!(!own.remove(second));
        own.add(second);
        own.add(third);
        own.add(second);
        assert_eq!((own.len(), own.iter().count()), (3, 3));
        assert!(!own.remove(first) && !own.remove(third) && !own.remove(first));
        assert_eq!(own.iter().collect::<Vec<_>>(), [&second]);
        assert!(own.remove(second));
        assert!(Own::One(first).remove(first));
    }
}
