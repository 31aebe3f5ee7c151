//! Sets of keys that are fetched from a URL, and kept for a while.
//!
//! ```text
//! known, younger than FRESH ───────────────────────────────────────→ used
//! known, older; or unknown ──→ fetched, at most once in PAUSE, by one for all ─┬→ of the new set
//!                                                                              └→ no answer: used up to STALE
//! ```

use std::{
    collections::BTreeMap,
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::Mutex as Turn,
    time::{Instant, timeout},
};

use super::{
    InvalidToken, TokenError,
    jwk::{self, Jwk},
};

/// How long a set is used without a question whether it is still right. A key that is taken out of it is refused after
/// this time at the latest, if its source can be reached.
pub const KEYS_FRESH_FOR: Duration = Duration::from_secs(3600);

/// How long a set is used while its source does not answer, counted from when it last did.
pub const KEYS_STALE_FOR: Duration = Duration::from_secs(24 * 3600);

/// How long a source is left alone after a question, whatever it answered. A key that is new at the source is known
/// here after this time at the latest; whoever makes up names of keys causes one question in it.
pub const KEYS_PAUSE: Duration = Duration::from_secs(5);

/// How long a source has to answer.
pub const KEYS_TIMEOUT: Duration = Duration::from_secs(1);

/// The longest set, in bytes.
pub const MAX_KEY_SET_BYTES: usize = 1024 * 1024;

/// What a [`KeySource`] answers with, some time.
pub type KeySet<'a> =
    Pin<Box<dyn Future<Output = Result<Bytes, Box<dyn Error + Send + Sync>>> + Send + 'a>>;

/// Where sets of keys (JWKS) come from: mostly an HTTP client.
pub trait KeySource: fmt::Debug + Send + Sync + 'static {
    /// Fetches what is at a URL: the body of a successful response, at most [`MAX_KEY_SET_BYTES`] of it.
    ///
    /// Cancel safety: it is dropped if it takes longer than [`KEYS_TIMEOUT`].
    fn fetch<'a>(&'a self, url: &'a str) -> KeySet<'a>;
}

/// The sets of all URLs of one source. There are as many as the operator named.
#[derive(Debug)]
pub(super) struct KeyCache {
    source: Arc<dyn KeySource>,
    sets: BTreeMap<String, Arc<Cached>>,
}

/// The set of a URL.
#[derive(Debug, Default)]
struct Cached {
    state: Mutex<State>,
    /// Whose turn it is to ask.
    turn: Arc<Turn<()>>,
}

#[derive(Debug, Default)]
struct State {
    /// What was answered last, and when.
    answered: Option<(Instant, Vec<Jwk>)>,
    asked: Option<Instant>,
}

impl KeyCache {
    pub(super) fn new(source: Arc<dyn KeySource>, urls: impl IntoIterator<Item = String>) -> Self {
        let urls = urls.into_iter();
        let sets = urls.map(|url| (url, Arc::default())).collect();
        Self { source, sets }
    }

    /// Finds a key by its name in the set of a URL.
    ///
    /// Cancel safety: a fetch that it started goes on, for others.
    pub(super) async fn key(&self, url: &str, id: &str) -> Result<Jwk, TokenError> {
        let cached = self.sets.get(url).ok_or(InvalidToken::UnknownKey)?;
        if let Some(key) = cached.state().find(id, KEYS_FRESH_FOR) {
            return Ok(key);
        }
        let turn = Arc::clone(&cached.turn).lock_owned().await;
        // Others may have asked while this one waited for its turn.
        if let Some(key) = cached.state().find(id, KEYS_FRESH_FOR) {
            return Ok(key);
        }
        if cached.state().may_ask() {
            let (cached, source, url) =
                (Arc::clone(cached), Arc::clone(&self.source), url.to_owned());
            let asked = tokio::spawn(async move {
                cached.ask(&*source, &url).await;
                drop(turn);
            });
            // A source that panics is one that does not answer.
            let _ended = asked.await;
        }
        let state = cached.state();
        if let Some(key) = state.find(id, KEYS_STALE_FOR) {
            return Ok(key);
        }
        // Only an answer to the last question says that a key is unknown: else it may be newer than what is kept.
        if state.is_up_to_date() {
            Err(InvalidToken::UnknownKey.into())
        } else {
            Err(TokenError::KeysUnavailable)
        }
    }
}

impl Cached {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, source: &dyn KeySource, url: &str) {
        self.state().asked = Some(Instant::now());
        let answer = timeout(KEYS_TIMEOUT, source.fetch(url)).await;
        let keys = match answer {
            Ok(Ok(body)) if body.len() > MAX_KEY_SET_BYTES => Err("too long".to_owned()),
            Ok(Ok(body)) => jwk::read(&body).ok_or_else(|| "not a set of keys".to_owned()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        };
        match keys {
            Ok(keys) => self.state().answered = Some((Instant::now(), keys)),
            Err(error) => tracing::warn!(url, error, "no keys for tokens"),
        }
    }
}

impl State {
    /// Finds a key in the set, if that is younger than this.
    fn find(&self, id: &str, age: Duration) -> Option<Jwk> {
        let (answered, keys) = self.answered.as_ref()?;
        let key = keys.iter().find(|key| key.id == id);
        key.filter(|_| answered.elapsed() < age).cloned()
    }

    /// Whether the last question was answered.
    fn is_up_to_date(&self) -> bool {
        let answered = self.answered.as_ref().map(|(at, _)| *at);
        answered.is_some() && answered >= self.asked
    }

    fn may_ask(&self) -> bool {
        self.asked.is_none_or(|asked| asked.elapsed() >= KEYS_PAUSE)
    }
}
