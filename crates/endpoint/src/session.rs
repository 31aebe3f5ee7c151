//! What a handler talks to: one peer, whatever carries it.

use std::{
    any::Any,
    fmt,
    net::SocketAddr,
    ops::{Deref, DerefMut},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use sockeye_types::{Close, Message, Transport};

use crate::{
    Attributes, Batch, Initiator, Overflow, PingRefused, RequestHead, Sender, Sending, SessionId,
    Shared, TrySendError,
    group::Membership,
    options::Options,
    outbox::{CloseOrder, Outbox, Queued, Room},
    path_params::PathParams,
};

/// One peer, as its handler sees it. Cloning it gives another handle to the same session; any thread may hold one.
///
/// A handle that is kept does not keep the connection: when the session ends, sends answer with an error.
#[derive(Clone)]
pub struct Session(Arc<Core>);

/// What all handles of a session share: some two hundred bytes, of which there may be a million.
struct Core {
    id: SessionId,
    opened: Opened,
    options: Arc<Options>,
    seen: Seen,
    state: Mutex<State>,
}

/// What can be seen of the state without its lock, as whoever held it last has left it.
struct Seen {
    is_open: AtomicBool,
    has_work: AtomicBool,
}

/// What the opening brought. Few sessions have more than a request.
enum Opened {
    Plain(RequestHead),
    Chosen(Box<(RequestHead, Chosen)>),
}

/// What the opening chose, where there was a choice.
struct Chosen {
    params: PathParams,
    protocol: Option<String>,
    transport: Transport,
}

/// What changes during a session.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) outbox: Outbox,
    extras: Option<Box<Extras>>,
}

/// The state under its lock. What others may see without the lock is written down when it is released.
pub(crate) struct Locked<'a> {
    state: MutexGuard<'a, State>,
    seen: &'a Seen,
}

/// What handlers keep with a session, and where they put it.
#[derive(Default)]
struct Extras {
    attributes: Attributes,
    memberships: Vec<Membership>,
}

impl Session {
    pub(crate) fn new(opening: Opening, options: Arc<Options>) -> Self {
        let Opening {
            peer_addr,
            request,
            params,
            protocol,
            transport,
            attributes,
        } = opening;
        let has_choice =
            !params.is_empty() || protocol.is_some() || transport != Transport::default();
        let mut state = State::default();
        if !attributes.is_empty() {
            state.extras().attributes = attributes;
        }
        Self(Arc::new(Core {
            id: SessionId::next(),
            opened: if has_choice {
                let chosen = Chosen {
                    params,
                    protocol,
                    transport,
                };
                Opened::Chosen(Box::new((request.with_peer(peer_addr), chosen)))
            } else {
                Opened::Plain(request.with_peer(peer_addr))
            },
            options,
            seen: Seen {
                is_open: AtomicBool::new(true),
                has_work: AtomicBool::new(false),
            },
            state: Mutex::new(state),
        }))
    }

    /// Returns the session's number.
    pub fn id(&self) -> SessionId {
        self.0.id
    }

    /// Returns the peer's address, if the transport has one.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.request().peer_addr()
    }

    /// Returns the head of the request that opened the session.
    pub fn request(&self) -> &RequestHead {
        match &self.0.opened {
            Opened::Plain(request) => request,
            Opened::Chosen(both) => &both.0,
        }
    }

    /// Returns a parameter of the endpoint's path, percent-decoded: `room` of `/chat/{room}`.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params().find(name)
    }

    /// Returns all parameters of the endpoint's path.
    pub fn params(&self) -> &PathParams {
        static NONE: PathParams = PathParams::none();
        self.chosen().map_or(&NONE, |chosen| &chosen.params)
    }

    /// Returns the subprotocol that was chosen in the opening handshake.
    pub fn protocol(&self) -> Option<&str> {
        self.chosen()?.protocol.as_deref()
    }

    /// Returns what carries the session.
    pub fn transport(&self) -> Transport {
        self.chosen()
            .map_or(Transport::WebSocket, |chosen| chosen.transport)
    }

    fn chosen(&self) -> Option<&Chosen> {
        match &self.0.opened {
            Opened::Plain(_) => None,
            Opened::Chosen(both) => Some(&both.1),
        }
    }

    /// Keeps a value with the session, one of each type; returns the one it replaces.
    pub fn insert_attribute<T: Any + Clone + Send + Sync>(&self, value: T) -> Option<T> {
        self.state().extras().attributes.insert(value)
    }

    /// Returns a copy of the value of that type, put there by an interceptor or by
    /// [`insert_attribute`](Self::insert_attribute).
    pub fn attribute<T: Any + Clone + Send + Sync>(&self) -> Option<T> {
        self.state().extras.as_ref()?.attributes.get().cloned()
    }

    /// Takes the value of that type out.
    pub fn remove_attribute<T: Any + Clone + Send + Sync>(&self) -> Option<T> {
        self.state().extras.as_mut()?.attributes.remove()
    }

    /// Returns a handle that can only send: for other tasks and threads.
    pub fn sender(&self) -> Sender {
        Sender::new(self.clone())
    }

    /// Sends a message; waits while the outbox is full. See [`Sender::send`].
    ///
    /// Cancel safety: dropped before it is done, nothing was sent.
    ///
    /// # Errors
    /// [`SendError`](crate::SendError) hands the message back if the session is closing or closed.
    pub fn send(&self, message: impl Into<Message>) -> Sending<'_> {
        crate::sender::send(self, message.into())
    }

    /// Sends a message if there is room for it now. See [`Sender::try_send`].
    ///
    /// # Errors
    /// [`TrySendError`] hands the message back.
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), TrySendError> {
        crate::sender::try_send(self, message.into())
    }

    /// Sends a ping with at most 125 bytes (RFC 6455 §5.5.2). It passes whatever is queued.
    ///
    /// Transports without pings take it as their own heartbeat.
    ///
    /// # Errors
    /// [`PingRefused`] if the session is closed, too many pings wait, or the payload is too long.
    pub fn ping(&self, payload: impl Into<Bytes>) -> Result<(), PingRefused> {
        let payload = payload.into();
        if payload.len() > 125 {
            return Err(PingRefused::TooLong);
        }
        let wake = self.state().outbox.ping(payload)?;
        wake.wake();
        Ok(())
    }

    /// Starts to close: what was sent before still leaves, then the close. The first close counts; later ones are
    /// ignored. `on_close` tells how it ended.
    pub fn close(&self, close: Close) {
        self.order_close(close, Initiator::Handler, Queued::Delivered);
    }

    /// Says whether the session still takes messages.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.0.seen.is_open.load(Ordering::Acquire)
    }

    /// Says whether something waits that the driver could take; what comes at this moment may be seen or not.
    #[inline]
    pub(crate) fn has_work(&self) -> bool {
        self.0.seen.has_work.load(Ordering::Acquire)
    }

    /// Returns how many bytes wait to be sent, bookkeeping included.
    pub fn buffered_bytes(&self) -> usize {
        self.state().outbox.buffered()
    }

    /// Returns how many messages an overflow policy or a close dropped before they were sent.
    pub fn dropped(&self) -> u64 {
        self.state().outbox.dropped()
    }

    pub(crate) fn order_close(&self, close: Close, initiator: Initiator, queued: Queued) {
        let wake = self
            .state()
            .outbox
            .close(CloseOrder { close, initiator }, queued);
        wake.wake();
    }

    /// What may wait in the outbox.
    #[inline]
    pub(crate) fn room(&self) -> Room {
        let options = &self.0.options;
        let messages = match &options.sockjs {
            Some(sockjs) if self.transport().is_http() => sockjs.cached_messages,
            _ => usize::MAX,
        };
        Room {
            bytes: options.limits.outbox_bytes,
            messages,
        }
    }

    /// Takes a broadcast.
    pub(crate) fn hear(&self, shared: &Arc<Shared>) {
        let (room, overflow) = (self.room(), self.options().overflow);
        let wake = self.state().outbox.broadcast(shared, room, overflow);
        wake.wake();
    }

    /// Takes a batch that begins with a broadcast. Returns how it may grow; `None` if it must not, and what follows
    /// must be [heard](Self::hear) by itself.
    pub(crate) fn join_batch(&self, batch: &Arc<Batch>, shared: &Arc<Shared>) -> Option<Room> {
        if self.options().overflow == Overflow::Close {
            let room = self.room();
            let joined = self.state().outbox.join(batch, room);
            if let Some((left, wake)) = joined {
                wake.wake();
                return Some(left);
            }
        }
        self.hear(shared);
        None
    }

    /// Sends what many are sent, if there is room for it now. Returns whether it was taken; if not, the outbox is full or
    /// the session is closed.
    pub fn offer(&self, shared: &Arc<Shared>) -> bool {
        let batch = Arc::new(Batch::new(Arc::clone(shared)));
        self.take_batch(&batch).is_some()
    }

    /// Takes a batch that begins with a broadcast, if there is room for it. Returns how it may grow.
    pub(crate) fn take_batch(&self, batch: &Arc<Batch>) -> Option<Room> {
        let joined = self.state().outbox.join(batch, self.room());
        let (left, wake) = joined?;
        wake.wake();
        Some(left)
    }

    #[inline]
    pub(crate) fn options(&self) -> &Arc<Options> {
        &self.0.options
    }

    #[inline]
    pub(crate) fn state(&self) -> Locked<'_> {
        Locked {
            state: self.0.state.lock().unwrap_or_else(PoisonError::into_inner),
            seen: &self.0.seen,
        }
    }

    /// Lets the session remember a group it joins, once; `enter` puts it there. Not if the session has ended.
    pub(crate) fn join(
        &self,
        is_same: impl Fn(&Membership) -> bool,
        enter: impl FnOnce() -> Membership,
    ) {
        let mut state = self.state();
        if state.outbox.is_finished() {
            return;
        }
        let joined = &mut state.extras().memberships;
        if !joined.iter().any(is_same) {
            if joined.is_empty() {
                // Most are in one group, and a vector that grows by itself makes room for four.
                joined.reserve_exact(1);
            }
            joined.push(enter());
        }
    }

    pub(crate) fn forget(&self, left: impl Fn(&Membership) -> bool) -> Option<Membership> {
        let mut state = self.state();
        let joined = &mut state.extras.as_mut()?.memberships;
        let at = joined.iter().position(left)?;
        Some(joined.swap_remove(at))
    }

    /// Ends the session: nothing is taken in any more, and it leaves its groups for good.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        let wake = state.outbox.finish();
        let joined = state
            .extras
            .as_mut()
            .map(|extras| std::mem::take(&mut extras.memberships));
        drop(state);
        wake.wake();
        joined.into_iter().flatten().for_each(Membership::leave);
    }
}

impl State {
    fn extras(&mut self) -> &mut Extras {
        self.extras.get_or_insert_with(Box::default)
    }
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Locked<'_> {
    #[inline]
    fn drop(&mut self) {
        let outbox = &self.state.outbox;
        let (is_open, has_work) = (outbox.is_open(), outbox.has_work());
        self.seen.is_open.store(is_open, Ordering::Release);
        self.seen.has_work.store(has_work, Ordering::Release);
    }
}

impl PartialEq for Session {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Session {}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id())
            .field("request", self.request())
            .finish_non_exhaustive()
    }
}

/// Everything that is known about a session when it opens.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Opening {
    /// The peer's address, if the transport has one.
    pub peer_addr: Option<SocketAddr>,
    /// The head of the request.
    pub request: RequestHead,
    /// The parameters of the path.
    pub params: PathParams,
    /// The chosen subprotocol.
    pub protocol: Option<String>,
    /// What carries the session.
    pub transport: Transport,
    /// What interceptors left for the handler.
    pub attributes: Attributes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_fits_one_hundred_and_twenty_eight_bytes() {
        // With the two counts of its `Arc`; allocators have a class of that size.
        assert!(size_of::<Core>() + 16 <= 128, "{}", size_of::<Core>());
    }

    #[test]
    fn what_is_seen_without_the_lock_is_what_was_left_under_it() {
        let session = Session::new(Opening::default(), Arc::default());
        assert!(session.is_open() && !session.has_work());
        session.try_send("a").unwrap();
        assert!(session.has_work());
        session.close(Close::normal());
        assert!(!session.is_open() && session.has_work());
        session.end();
        assert!(!session.is_open() && !session.has_work());
    }
}
