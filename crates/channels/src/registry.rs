//! Who is connected: clients by id and by user.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{client::Client, client_id::ClientId};

/// All connections; those that said who they are also by user.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<Lists>);

#[derive(Debug, Default)]
struct Lists {
    clients: HashMap<ClientId, Arc<Client>>,
    users: HashMap<Arc<str>, Vec<ClientId>>,
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
        let mut lists = self.lists();
        let count = lists.users.get(user).map_or(0, Vec::len);
        let limit = limit.and_then(|limit| usize::try_from(limit.get()).ok());
        if !user.is_empty() && limit.is_some_and(|limit| count >= limit) {
            return Err(LimitReached);
        }
        // All connections of a user share its name.
        let known = lists.users.get_key_value(user).map(|(name, _)| name);
        let name = known.map_or_else(|| user.into(), Arc::clone);
        lists
            .users
            .entry(Arc::clone(&name))
            .or_default()
            .push(client);
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
        if let Some(ids) = lists.users.get_mut(user) {
            ids.retain(|id| *id != client);
            if ids.is_empty() {
                lists.users.remove(user);
            }
        }
    }

    pub(crate) fn client(&self, id: ClientId) -> Option<Arc<Client>> {
        self.lists().clients.get(&id).cloned()
    }

    /// Returns the connections of a user.
    pub(crate) fn of_user(&self, user: &str) -> Vec<Arc<Client>> {
        let lists = self.lists();
        let ids = lists.users.get(user).into_iter().flatten();
        ids.filter_map(|id| lists.clients.get(id).cloned())
            .collect()
    }

    /// Returns all connections.
    pub(crate) fn all(&self) -> Vec<Arc<Client>> {
        self.lists().clients.values().cloned().collect()
    }

    /// Returns how many connections there are, and how many users have one: nobody in particular is no user.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let lists = self.lists();
        let anonymous = usize::from(lists.users.contains_key(""));
        (lists.clients.len(), lists.users.len() - anonymous)
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
