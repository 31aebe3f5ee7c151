//! One connection of the Centrifuge protocol: who it is, what it is subscribed to, and how it ends.
//!
//! ```text
//!          connect             disconnect, close, loss
//!  Fresh ───────────→ Connected ─────────────────────→ Ended
//!    │ └─ error reply → Refused ──── stale, close ─────→ ↑
//!    └── anything else first, stale, bad token ────────→ ┘
//! ```

mod application;
mod commands;
mod connect;
mod due;
mod ending;
mod enter;
mod frame;
mod presence;
mod publish;
mod read;
mod refresh;
mod refusal;
mod request;
mod server_side;
mod subscribe;
mod subscription;
mod timers;
mod upcalls;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
};

use bytes::Bytes;
use sockeye_channel_proto::{ClientInfo, Codec, Disconnect, DisconnectPush, Push, UnsubscribePush};
use sockeye_endpoint::{Session, TrySendError, UplinkKey};
use sockeye_types::{Close, CloseCode, MAX_REASON_BYTES, Message, Transport};
use tokio::time::Instant;

use crate::{
    allowance::Allowance,
    channels::Core,
    client_id::ClientId,
    hooks::Caller,
    hub::{Shape, encoded},
};

pub(crate) use refusal::{Ending, Refusal};
pub(crate) use subscription::{Side, Subscription};
use timers::{Timer, Timers};

/// One connection.
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) session: Session,
    codec: Codec,
    /// How a push stands on the wire: as it is, where the client only listens.
    shape: Shape,
    core: Arc<Core>,
    /// One command at a time, and one of the server's at a time between them.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    /// How many commands came.
    commands: AtomicU64,
}

/// What changes.
#[derive(Debug)]
struct State {
    phase: Phase,
    /// By name.
    subscriptions: Vec<Subscription>,
    timers: Timers,
    commands: Allowance,
    /// Rates of namespaces that have some; most have none.
    rates: Option<Box<Rates>>,
}

/// What each rate lets through.
type Rates = HashMap<Rate, Allowance>;

/// A rate of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Rate {
    Publish(Option<Box<str>>),
    Subscribe(Option<Box<str>>),
}

/// How far a connection is.
#[derive(Debug, Default)]
enum Phase {
    /// It did not say who it is.
    #[default]
    Fresh,
    /// It did, and was told why it may not connect.
    Refused,
    /// It did, and may do what it may.
    Connected(Identity),
    /// It is gone.
    Ended,
}

/// Who is connected.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) user: Arc<str>,
    /// What is known of it; nothing of most.
    known: Option<Arc<Known>>,
    /// In seconds since 1970; 0 for never.
    pub(crate) expire_at: u64,
}

/// What its token or the application says of somebody.
#[derive(Debug, Default, PartialEq, Eq)]
struct Known {
    /// What others may know.
    info: Bytes,
    /// What only hooks may know.
    meta: Bytes,
}

impl Identity {
    fn new(user: Arc<str>, info: Bytes, meta: Bytes, expire_at: u64) -> Self {
        let known = Known { info, meta };
        Self {
            user,
            known: (known != Known::default()).then(|| Arc::new(known)),
            expire_at,
        }
    }

    fn info(&self) -> Bytes {
        self.known
            .as_ref()
            .map_or_else(Bytes::new, |known| known.info.clone())
    }

    fn meta(&self) -> Bytes {
        self.known
            .as_ref()
            .map_or_else(Bytes::new, |known| known.meta.clone())
    }

    /// Lets others know something else.
    fn set_info(&mut self, info: Bytes) {
        *self = Self::new(Arc::clone(&self.user), info, self.meta(), self.expire_at);
    }
}

impl Client {
    pub(crate) fn new(
        core: &Arc<Core>,
        session: &Session,
        id: ClientId,
        shape: Shape,
    ) -> Arc<Self> {
        let client = Arc::new(Self {
            id,
            session: session.clone(),
            codec: match shape {
                Shape::Reply => codec_of(session),
                Shape::Bare => Codec::Json,
            },
            shape,
            core: Arc::clone(core),
            turn: tokio::sync::Mutex::default(),
            state: Mutex::new(State::new(Instant::now())),
            commands: AtomicU64::new(0),
        });
        let stale = Instant::now() + core.settings().settings().stale_close_delay;
        client.set_timer(Timer::Stale, Some(stale));
        client
    }

    /// Returns who is connected; `None` before and after that.
    pub(crate) fn identity(&self) -> Option<Identity> {
        match &self.state().phase {
            Phase::Connected(identity) => Some(identity.clone()),
            _ => None,
        }
    }

    /// Returns what only it and the server know: what it says is sent under it, or the application names it by it.
    pub(crate) fn secret(&self) -> Option<String> {
        let key = self.session.attribute::<UplinkKey>()?;
        Some(key.to_string())
    }

    /// Returns when it began.
    pub(crate) fn opened(&self) -> Instant {
        self.state().timers.opened()
    }

    /// Says whether it is connected and did not say who it is.
    pub(crate) fn is_nobody(&self) -> bool {
        matches!(&self.state().phase, Phase::Connected(identity) if identity.user.is_empty())
    }

    /// Returns what others may know of it in a channel.
    fn info(&self, identity: &Identity, chan_info: Bytes) -> ClientInfo {
        ClientInfo {
            user: identity.user.as_ref().to_owned(),
            client: self.id.to_string(),
            conn_info: identity.info(),
            chan_info,
        }
    }

    fn caller(&self, identity: Option<&Identity>) -> Caller {
        Caller {
            client: self.id.to_string(),
            user: identity.map_or_else(String::new, |identity| identity.user.as_ref().to_owned()),
            meta: identity.map_or_else(Bytes::new, Identity::meta),
            session: self.session.clone(),
            protocol: match self.codec {
                Codec::Json => "json",
                _ => "protobuf",
            },
        }
    }

    /// Sends a message. Who has no room for it is too slow.
    pub(crate) fn push(&self, message: Message) {
        if let Err(TrySendError::Full(_)) = self.session.try_send(message) {
            self.disconnect(&Disconnect::Slow.into());
        }
    }

    pub(crate) fn push_one(&self, push: Push) {
        match encoded(push, self.codec, self.shape) {
            Ok(message) => self.push(message),
            Err(_) => self.disconnect(&Disconnect::InappropriateProtocol.into()),
        }
    }

    /// Ends the connection. The first who does counts.
    pub(crate) fn disconnect(&self, ending: &Ending) {
        if !self.session.is_open() {
            return;
        }
        self.session.close(ending.close());
    }

    /// Tells how it ends, where the end of the stream says nothing (WebSocket and SockJS have a close). Codes of the
    /// transport's own come when the server stops.
    pub(crate) fn farewell(&self, close: &Close) -> Option<Message> {
        let code = u32::from(close.code().as_u16());
        let why = if code < Disconnect::ConnectionClosed.code() {
            DisconnectPush::from(Disconnect::Shutdown)
        } else {
            DisconnectPush {
                code,
                reason: close.reason().to_string(),
                reconnect: sockeye_channel_proto::reconnects(code),
            }
        };
        encoded(Push::disconnect(why), self.codec, self.shape).ok()
    }

    /// Returns what it is subscribed to.
    pub(crate) fn channels(&self) -> Vec<Arc<str>> {
        let state = self.state();
        let subscriptions = state.subscriptions.iter();
        subscriptions
            .map(|found| Arc::clone(&found.channel))
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets one of its deadlines, and stands in the agenda with the first of them.
    fn set_timer(&self, timer: Timer, at: Option<Instant>) {
        let mut state = self.state();
        if matches!(state.phase, Phase::Ended) {
            return;
        }
        let old = state.timers.first();
        state.timers.set(timer, at);
        let new = state.timers.first();
        // Under the lock: whoever is later says the last word.
        self.core.agenda.put(self.id, old, new);
    }
}

impl State {
    const fn new(opened: Instant) -> Self {
        Self {
            phase: Phase::Fresh,
            subscriptions: Vec::new(),
            timers: Timers::new(opened),
            commands: Allowance::new(),
            rates: None,
        }
    }

    fn find(&self, channel: &str) -> Option<&Subscription> {
        let at = self.place(channel).ok()?;
        self.subscriptions.get(at)
    }

    fn find_mut(&mut self, channel: &str) -> Option<&mut Subscription> {
        let at = self.place(channel).ok()?;
        self.subscriptions.get_mut(at)
    }

    fn place(&self, channel: &str) -> Result<usize, usize> {
        self.subscriptions
            .binary_search_by(|other| other.channel.as_ref().cmp(channel))
    }

    /// Says whether a rate of a namespace lets one more through.
    fn take(&mut self, rate: Rate, limit: Option<std::num::NonZeroU32>) -> bool {
        if limit.is_none() {
            return true;
        }
        let rates = self.rates.get_or_insert_default();
        rates.entry(rate).or_default().take(limit, Instant::now())
    }
}

/// Says that a subscription has ended, and why.
fn unsubscribed(channel: &str, code: u32, reason: &str) -> Push {
    Push {
        channel: channel.to_owned(),
        unsubscribe: Some(UnsubscribePush {
            code,
            reason: reason.to_owned(),
        }),
        ..Push::default()
    }
}

/// Finds the codec that a session was opened with: by its subprotocol, its query, or the type of what it sends.
fn codec_of(session: &Session) -> Codec {
    let asks = |(name, value): (&str, &str)| {
        matches!(name, "format" | "cf_protocol") && value == "protobuf"
    };
    let request = session.request();
    let is_protobuf = match session.protocol() {
        Some(protocol) => protocol == "centrifuge-protobuf",
        None => {
            parameters(request.query().unwrap_or_default()).any(asks)
                || session.transport() == Transport::HttpStream
                    && request.header("content-type") == Some("application/octet-stream")
        }
    };
    if is_protobuf {
        Codec::Protobuf
    } else {
        Codec::Json
    }
}

fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|pair| pair.split_once('='))
}

impl Ending {
    /// Makes a close of it; its reason is cut to what fits.
    fn close(&self) -> Close {
        let code = u16::try_from(self.code).unwrap_or(1011);
        let end = self.reason.floor_char_boundary(MAX_REASON_BYTES);
        let reason = self.reason.get(..end).unwrap_or_default();
        Close::new(CloseCode::new(code), reason).unwrap_or_else(|_| Close::internal_error())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("codec", &self.codec)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_and_a_subscription_are_small() {
        let client = size_of::<Client>();
        let subscription = size_of::<Subscription>();
        // With the counts of its Arc it must fit 256: allocators have little between that and 320.
        assert!(client <= 240, "{client}");
        assert!(subscription <= 80, "{subscription}");
    }
}
