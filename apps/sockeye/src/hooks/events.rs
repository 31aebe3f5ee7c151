//! What the application is told: who disconnected, who is no longer subscribed. In order, at least once, and where there is
//! a journal, also behind a crash.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::HeaderMap;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::Serialize;
use sockeye_channels::Caller;
use tokio::{sync::watch, task::AbortHandle, time::timeout};

use super::{
    asking::transport,
    journal::{Journal, Lease, Numbered},
    post::{Post, PostError},
};

/// How many events one request has at most.
const EVENTS_PER_REQUEST: usize = 100;

/// How many bytes of them, unless one alone has more.
const REQUEST_BYTES: usize = 256 * 1024;

/// How long is waited after the first failure. Each time it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// How long at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long the end of the program waits for what was not told yet.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// Something ended.
#[derive(Debug, Serialize)]
pub(super) struct Event<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    /// In milliseconds since 1970.
    time: u128,
    client: &'a str,
    user: &'a str,
    transport: String,
    protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) channel: Option<&'a str>,
    code: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'a str>,
}

impl<'a> Event<'a> {
    pub(super) fn new(kind: &'static str, caller: &'a Caller, code: u32) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            id: String::new(),
            kind,
            time: now.map_or(0, |since| since.as_millis()),
            client: &caller.client,
            user: &caller.user,
            transport: transport(caller),
            protocol: caller.protocol,
            channel: None,
            code,
            reason: None,
        }
    }
}

/// Tells events, one request after the other.
#[derive(Debug)]
pub(super) struct Events {
    waiting: Arc<watch::Sender<Waiting>>,
    to: watch::Sender<To>,
    /// Tells this run's events from those of others.
    run: String,
    journal: Option<Arc<Journal>>,
    telling: AbortHandle,
}

/// Who is told, and how.
#[derive(Clone, Debug)]
pub(super) struct To {
    pub(super) post: Post,
    pub(super) url: String,
    /// How long one request may take.
    pub(super) time: Duration,
    /// How many bytes may wait.
    pub(super) most: usize,
}

/// What was not told yet.
#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Numbered>,
    bytes: usize,
    numbered: u64,
    lost: u64,
}

impl Events {
    /// Begins with what an earlier run left, whatever that is.
    pub(super) fn begin(to: To, journal: Option<Arc<Journal>>) -> Self {
        let left = journal.as_ref().map(|journal| journal.take_left());
        let waiting = Arc::new(watch::Sender::new(Waiting::of(left.unwrap_or_default())));
        let to = watch::Sender::new(to);
        let telling = Telling {
            waiting: Arc::clone(&waiting),
            to: to.subscribe(),
            journal: journal.clone(),
        };
        Self {
            waiting,
            to,
            run: name_of_run(),
            journal,
            telling: tokio::spawn(telling.run()).abort_handle(),
        }
    }

    /// Goes on with another who is told, in the same order: first what the one before has not heard.
    pub(super) fn redirect(&self, to: To) {
        self.to.send_replace(to);
    }

    /// Puts an event behind the others. Where there is no room for it, it is lost, and counted.
    pub(super) fn tell(&self, mut event: Event<'_>) {
        let most = self.to.borrow().most;
        self.waiting.send_if_modified(|waiting| {
            waiting.numbered += 1;
            event.id = format!("{}-{}", self.run, waiting.numbered);
            match serde_json::to_vec(&event).map(Bytes::from) {
                Ok(body) if waiting.bytes + body.len() <= most => {
                    let number = self.keep(&event, &body);
                    waiting.push((number, body));
                    return true;
                }
                _ => {
                    self.forget(&event);
                    waiting.lost += 1;
                }
            }
            // Not a line for each: there may be many.
            if waiting.lost.is_power_of_two() {
                tracing::error!(lost = waiting.lost, "events for hooks.events are lost");
            }
            false
        });
    }

    /// Writes an event down, if there is a journal; returns its number.
    fn keep(&self, event: &Event<'_>, body: &Bytes) -> i64 {
        let Some(journal) = &self.journal else {
            return 0;
        };
        let number = journal.number();
        let ended = event.channel.is_none().then(|| event.client.to_owned());
        journal.happened((number, body.clone()), ended);
        number
    }

    /// Ends the lease of somebody who left without room for the event, so that leases are as few as connections.
    fn forget(&self, event: &Event<'_>) {
        if let (Some(journal), None) = (&self.journal, event.channel) {
            journal.left(event.client.to_owned());
        }
    }

    /// Notes that somebody is there, who is to be told of when they are not.
    pub(super) fn connected(&self, caller: &Caller) {
        if let Some(journal) = &self.journal {
            journal.connected(Lease {
                client: caller.client.clone(),
                user: caller.user.clone(),
                transport: transport(caller),
                protocol: caller.protocol,
            });
        }
    }

    /// Waits until all is told.
    ///
    /// Cancel safety: it may be called again.
    pub(super) async fn all_told(&self) {
        let mut waiting = self.waiting.subscribe();
        // There is a sender for as long as this is there.
        let _ = waiting.wait_for(|waiting| waiting.events.is_empty()).await;
    }

    /// Waits a while until all is told.
    ///
    /// Cancel safety: what was not told by then is lost.
    pub(super) async fn close(&self) {
        if timeout(LAST_WAIT, self.all_told()).await.is_err() {
            let count = self.waiting.borrow().events.len();
            if self.journal.is_some() {
                tracing::warn!(count, "events for hooks.events wait for the next start");
            } else {
                tracing::error!(count, "events for hooks.events are lost at the end");
            }
        }
    }
}

#[cfg(test)]
impl Events {
    /// Returns how many bytes wait, how many events, and how many are lost.
    pub(super) fn waiting(&self) -> (usize, usize, u64) {
        let waiting = self.waiting.borrow();
        (waiting.bytes, waiting.events.len(), waiting.lost)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.telling.abort();
    }
}

struct Telling {
    waiting: Arc<watch::Sender<Waiting>>,
    to: watch::Receiver<To>,
    journal: Option<Arc<Journal>>,
}

impl Telling {
    /// Tells what waits. What fails is told again, before anything else.
    async fn run(mut self) {
        let mut changes = self.waiting.subscribe();
        let mut pause = FIRST_PAUSE;
        loop {
            let some = changes.wait_for(|waiting| !waiting.events.is_empty()).await;
            let Ok((body, count)) = some.map(|waiting| waiting.first()) else {
                return;
            };
            let to = self.to.borrow_and_update().clone();
            let told = to.post.send(&to.url, HeaderMap::new(), body, to.time);
            match told.await {
                Ok(_) => {
                    let mut told = Vec::new();
                    self.waiting
                        .send_modify(|waiting| told = waiting.remove(count));
                    if let Some(journal) = &self.journal {
                        journal.told(told);
                    }
                    pause = FIRST_PAUSE;
                }
                Err(error) => {
                    not_told(&error, pause);
                    pause = match timeout(pause, self.to.changed()).await {
                        Err(_) => (pause * 2).min(LONGEST_PAUSE),
                        Ok(Ok(())) => FIRST_PAUSE,
                        Ok(Err(_)) => return,
                    };
                }
            }
        }
    }
}

fn not_told(error: &PostError, pause: Duration) {
    let error = error as &dyn std::error::Error;
    tracing::warn!(error, ?pause, "hooks.events was not told; it will be again");
}

impl Waiting {
    fn of(left: Vec<Numbered>) -> Self {
        let mut waiting = Self::default();
        left.into_iter().for_each(|event| waiting.push(event));
        waiting
    }

    fn push(&mut self, event: Numbered) {
        self.bytes += event.1.len();
        self.events.push_back(event);
    }

    /// Writes `{"events":[…]}` of the first ones, and returns how many they are.
    fn first(&self) -> (Bytes, usize) {
        let mut body = b"{\"events\":[".to_vec();
        let mut count = 0;
        for (_, event) in self.events.iter().take(EVENTS_PER_REQUEST) {
            if count > 0 {
                if body.len() + event.len() > REQUEST_BYTES {
                    break;
                }
                body.push(b',');
            }
            body.extend_from_slice(event);
            count += 1;
        }
        body.extend_from_slice(b"]}");
        (body.into(), count)
    }

    /// Returns the numbers of those that are removed.
    fn remove(&mut self, count: usize) -> Vec<i64> {
        let told = self.events.drain(..count.min(self.events.len()));
        let told = told.inspect(|(_, body)| self.bytes -= body.len());
        told.map(|(number, _)| number).collect()
    }
}

fn name_of_run() -> String {
    let mut bytes = [0; 8];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        // The time does as well: runs of one machine don't begin in the same nanosecond.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        return now.map_or(0, |since| since.as_nanos()).to_string();
    }
    format!("{:016x}", u64::from_be_bytes(bytes))
}
