//! The sessions of one endpoint that are carried by requests, by the ids that their clients chose.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sockeye_sockjs_proto::RequestError;

use super::line::Line;

/// What a session's later requests must have in common with its first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) address: Option<IpAddr>,
    pub(crate) user: Option<String>,
}

/// The sessions of one endpoint that are carried by requests. Any worker may look one up: a client's connections end up
/// where they end up.
#[derive(Debug)]
pub(crate) struct Table {
    sessions: usize,
    sessions_per_address: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    lines: HashMap<Box<str>, Arc<Line>>,
    addresses: HashMap<IpAddr, usize>,
}

/// A session's place in the table; dropped, it is free.
#[derive(Debug)]
pub(crate) struct Seat {
    table: Arc<Table>,
    id: Box<str>,
    line: Arc<Line>,
    address: Option<IpAddr>,
}

/// What was found under an id that was to be taken.
pub(crate) enum Taken {
    New(Seat),
    /// Somebody else was faster.
    Known(Arc<Line>),
}

impl Table {
    pub(crate) fn new(sessions: usize, sessions_per_address: usize) -> Arc<Self> {
        Arc::new(Self {
            sessions,
            sessions_per_address,
            state: Mutex::default(),
        })
    }

    pub(crate) fn find(&self, id: &str) -> Option<Arc<Line>> {
        self.lock().lines.get(id).cloned()
    }

    /// Takes a place for a new session, unless there is one of that id that goes on.
    ///
    /// # Errors
    /// [`RequestError`] if there are too many.
    pub(crate) fn take(
        self: &Arc<Self>,
        id: &str,
        address: Option<IpAddr>,
        line: Arc<Line>,
    ) -> Result<Taken, RequestError> {
        let address = address.map(prefix);
        let mut state = self.lock();
        let State { lines, addresses } = &mut *state;
        let count = lines.len();
        match lines.entry(id.into()) {
            Entry::Occupied(known) if known.get().lock().machine.gone().is_none() => {
                return Ok(Taken::Known(Arc::clone(known.get())));
            }
            Entry::Vacant(_) if count >= self.sessions => {
                return Err(RequestError::TooManySessions);
            }
            entry => {
                if let Some(address) = address {
                    let count = addresses.get(&address).copied().unwrap_or_default();
                    if count >= self.sessions_per_address {
                        return Err(RequestError::TooManySessionsForAddress);
                    }
                    addresses.insert(address, count + 1);
                }
                entry.insert_entry(Arc::clone(&line));
            }
        }
        Ok(Taken::New(Seat {
            table: Arc::clone(self),
            id: id.into(),
            line,
            address,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What counts as one address: of IPv6, the network that a single client is given whole.
fn prefix(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

impl Seat {
    pub(crate) fn line(&self) -> &Arc<Line> {
        &self.line
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.table.lock();
        // Another session may have taken the id since this one was over.
        if let Some(line) = state.lines.get(&self.id)
            && Arc::ptr_eq(line, &self.line)
        {
            state.lines.remove(&self.id);
        }
        if let Some(address) = self.address
            && let Entry::Occupied(mut count) = state.addresses.entry(address)
        {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}
