//! The public face: channels, their clients, and what belongs to both.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
    time::{Duration, SystemTime},
};

use tokio::time::Instant;
use tracing::{Instrument as _, field};

use crate::{
    Broker, BrokerError, CheckedSettings, MemoryPresence, Namespace, Presence, Publication,
    PublishOptions, Published,
    agenda::Agenda,
    allowance::Allowance,
    client_id::ClientId,
    credentials::{BadToken, ConnectionGrant, Credentials, SubscriptionGrant},
    handler::ClientHandler,
    hooks::{Hooks, NoHooks},
    hub::Hub,
    registry::Registry,
    tally::{Origin, Outcome, Tally},
};

/// Channels and everybody who is connected to them. Cloning it gives another handle to the same.
///
/// [`run`](Self::run) must run: it is what pings, and ends what has expired.
#[derive(Clone)]
pub struct Channels(pub(crate) Arc<Core>);

/// What all handles share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) presence: Arc<dyn Presence>,
    pub(crate) registry: Registry,
    pub(crate) agenda: Agenda,
    pub(crate) tally: Tally,
    pub(crate) node: ClientId,
    pub(crate) version: &'static str,
    replaceable: RwLock<Replaceable>,
    /// Rates of channels in namespaces that have one.
    rates: Mutex<HashMap<Box<str>, Allowance>>,
    clock: Clock,
}

/// What can be replaced while it runs.
#[derive(Debug)]
struct Replaceable {
    settings: Arc<CheckedSettings>,
    hooks: Arc<dyn Hooks>,
    credentials: Option<Arc<dyn Credentials>>,
}

/// How many channels' rates are kept before those at rest are forgotten.
const MAX_RATES: usize = 65_536;

/// Time to live on the wire is at most a year.
const MAX_TTL: u64 = 365 * 24 * 60 * 60;

/// The time of day, by the clock of the timers: both move together, in tests too.
#[derive(Clone, Copy, Debug)]
struct Clock {
    start: Instant,
    at_start: Duration,
}

/// The operating system has no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system has no randomness")]
pub struct NoRandomness;

impl Channels {
    /// Makes channels over a broker that nobody else uses.
    ///
    /// # Errors
    /// [`NoRandomness`]: connections could not be told apart.
    pub fn new(settings: CheckedSettings, broker: Arc<dyn Broker>) -> Result<Self, NoRandomness> {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let node = ClientId::random().ok_or(NoRandomness)?;
        // The hub calls whoever has it.
        Ok(Self(Arc::new_cyclic(|core: &Weak<Core>| Core {
            hub: Hub::new(Arc::clone(&broker), Weak::<Core>::clone(core)),
            presence: Arc::new(MemoryPresence::new()),
            broker,
            registry: Registry::default(),
            agenda: Agenda::default(),
            tally: Tally::default(),
            node,
            version: concat!("sockeye ", env!("CARGO_PKG_VERSION")),
            replaceable: RwLock::new(Replaceable {
                settings: Arc::new(settings),
                hooks: Arc::new(NoHooks),
                credentials: None,
            }),
            rates: Mutex::default(),
            clock: Clock {
                start: Instant::now(),
                at_start: since_1970.unwrap_or_default(),
            },
        })))
    }

    /// Sets who is asked what clients may do. Without it the application is asked nothing.
    #[must_use]
    pub fn hooks(self, hooks: Arc<dyn Hooks>) -> Self {
        self.0.replace(|now| now.hooks = hooks);
        self
    }

    /// Sets who verifies tokens. Without it every token is invalid.
    #[must_use]
    pub fn credentials(self, credentials: Arc<dyn Credentials>) -> Self {
        self.0.replace(|now| now.credentials = Some(credentials));
        self
    }

    /// Lets other settings, keys of tokens and hooks hold from now on; `None` as in a new one. Who is subscribed stays
    /// so, as it was granted.
    pub fn reload(
        &self,
        settings: CheckedSettings,
        credentials: Option<Arc<dyn Credentials>>,
        hooks: Option<Arc<dyn Hooks>>,
    ) {
        self.0.replace(|now| {
            now.settings = Arc::new(settings);
            now.credentials = credentials;
            now.hooks = hooks.unwrap_or_else(|| Arc::new(NoHooks));
        });
    }

    /// Returns the handler for endpoints.
    pub fn handler(&self) -> ClientHandler {
        ClientHandler::new(Arc::clone(&self.0))
    }

    /// Pings, and ends what has expired; for ever. One task for all connections.
    ///
    /// Cancel safety: dropped, nothing is pinged and nothing expires until it is called again.
    pub async fn run(&self) {
        loop {
            self.0.agenda.due().await;
            let now = Instant::now();
            for (_, id) in self.0.agenda.take_due(now) {
                if let Some(client) = self.0.registry.client(id) {
                    client.handle_due(now);
                }
            }
        }
    }

    /// Ends all connections with 3001; clients come back, to another server or to the next one here.
    pub fn shut_down(&self) {
        self.0.shut_down();
    }

    /// Returns what was counted.
    pub fn tally(&self) -> &Tally {
        &self.0.tally
    }
}

impl Core {
    pub(crate) fn settings(&self) -> Arc<CheckedSettings> {
        let now = self.replaceable.read();
        let now = now.unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&now.settings)
    }

    pub(crate) fn hooks(&self) -> Arc<dyn Hooks> {
        let now = self.replaceable.read();
        let now = now.unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&now.hooks)
    }

    fn credentials(&self) -> Result<Arc<dyn Credentials>, BadToken> {
        let now = self.replaceable.read();
        let now = now.unwrap_or_else(PoisonError::into_inner);
        now.credentials.clone().ok_or(BadToken::Invalid)
    }

    fn replace(&self, replace: impl FnOnce(&mut Replaceable)) {
        let now = self.replaceable.write();
        replace(&mut now.unwrap_or_else(PoisonError::into_inner));
    }

    /// Hands a publication to the broker, and counts how long that takes.
    pub(crate) async fn publish(
        &self,
        channel: &str,
        publication: Publication,
        options: PublishOptions,
        origin: Origin,
    ) -> Result<Published, BrokerError> {
        let began = std::time::Instant::now();
        let span = tracing::debug_span!(
            "publish",
            channel,
            bytes = publication.data.len(),
            origin = origin.as_str(),
            outcome = field::Empty,
        );
        let publishing = self.broker.publish(channel, publication, options);
        let published = publishing.instrument(span.clone()).await;
        self.tally.publishing.count(began.elapsed());
        let outcome = match &published {
            Ok(published) if published.suppressed.is_some() => Outcome::Suppressed,
            Ok(_) => Outcome::Published,
            Err(_) => Outcome::Failed,
        };
        self.tally.published(origin, outcome);
        span.record("outcome", outcome.as_str());
        published
    }

    pub(crate) async fn verify_connection(&self, token: &str) -> Result<ConnectionGrant, BadToken> {
        self.credentials()?.connection(token, self.now()).await
    }

    pub(crate) async fn verify_subscription(
        &self,
        token: &str,
    ) -> Result<SubscriptionGrant, BadToken> {
        self.credentials()?.subscription(token, self.now()).await
    }

    /// Returns the time in seconds since 1970.
    pub(crate) fn now(&self) -> u64 {
        (self.clock.at_start + self.clock.start.elapsed()).as_secs()
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.clock.start.elapsed()
    }

    /// Returns how many seconds are left: a year at most.
    pub(crate) fn ttl(&self, expire_at: u64) -> u32 {
        let left = expire_at.saturating_sub(self.now()).min(MAX_TTL);
        u32::try_from(left).unwrap_or(u32::MAX)
    }

    /// Says whether one more publication may go into a channel, of all clients together.
    pub(crate) fn may_publish_into(&self, channel: &str, namespace: &Namespace) -> bool {
        let rate = namespace.publishes_per_second_per_channel;
        if rate.is_none() {
            return true;
        }
        let now = Instant::now();
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        if rates.len() >= MAX_RATES {
            rates.retain(|_, allowance| !allowance.is_at_rest(now));
        }
        if let Some(allowance) = rates.get_mut(channel) {
            return allowance.take(rate, now);
        }
        // More busy channels than that are not told apart from idle ones.
        if rates.len() >= MAX_RATES {
            return true;
        }
        let allowance = rates.entry(channel.into()).or_default();
        allowance.take(rate, now)
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (connections, users) = self.0.registry.counts();
        f.debug_struct("Channels")
            .field("connections", &connections)
            .field("users", &users)
            .finish_non_exhaustive()
    }
}
