//! A connection that comes back: the phases between one and the next.

use std::{
    fmt,
    future::{Future, poll_fn},
    mem,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use http::Uri;
use sockeye_types::{Close, Message};
use tokio::{
    task::unconstrained,
    time::{Instant, Sleep, sleep},
};

use super::{
    Backoff, Cause, Lost, ReconnectingSender, Verdict,
    backoff::{Beginning, Pace},
    line::{Line, QueueLimits},
};
use crate::{
    ConnectError, Connection, Connector, InvalidAddress, Opened, SendError, TrySendError, random,
};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

type Connect = Arc<dyn Fn() -> BoxFuture<Result<Connection, ConnectError>> + Send + Sync>;

type Retry = Arc<dyn Fn(&Lost) -> Verdict + Send + Sync>;

/// A connection that comes back when it is lost.
///
/// [`recv`](Self::recv) drives it: it connects, waits and connects again while it is polled, and tells what happens as
/// [`Event`]s. What is sent while there is no connection waits in a bounded queue, and goes first when there is one.
///
/// **At most once**: what was handed to a connection may be lost with it, also when the send returned `Ok`. Nothing is
/// sent twice, and nothing overtakes. Whoever needs more has the server acknowledge.
///
/// ```text
///                        Opened                            Lost
///   Connecting ────────────────────────> Open ─────────────────────────────> Waiting
///    ^  │                                  │                                  ^   │
///    │  └───────────────── Lost ───────────┼──────────────────────────────────┘   │
///    │        given up: Lost               v                                      │
///    │            └─────────────────────> Over                                    │
///    └────────────────────────────────────────────────────────────────────────────┘
/// ```
pub struct Reconnecting {
    connect: Connect,
    backoff: Backoff,
    retry: Retry,
    max_attempts: Option<u32>,
    max_time: Option<Duration>,
    pace: Pace,
    /// Since when it has been trying in vain.
    trying_since: Option<Instant>,
    phase: Phase,
    sender: ReconnectingSender,
}

/// What happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// There is a connection. What waited is sent while `recv` is polled further: what is sent by
    /// [`connection`](Reconnecting::connection) before that, such as a greeting, goes first.
    Opened(Arc<Opened>),
    /// A message came.
    Message(Message),
    /// The connection was lost, or an attempt failed.
    Lost(Lost),
    /// This had waited, and the connection that came can't carry it: it is binary, and the transport carries text only.
    Refused(Message),
}

enum Phase {
    /// Before the first attempt.
    New,
    Connecting(BoxFuture<Result<Connection, ConnectError>>),
    Open(Box<Open>),
    Waiting(Pin<Box<Sleep>>),
    /// It ended with this, or before anything could be lost.
    Over(Option<Lost>),
}

struct Open {
    connection: Connection,
    since: Instant,
    moving: Moving,
}

/// How what waited gets to the connection.
enum Moving {
    /// One message is on its way.
    Sending(BoxFuture<Result<(), SendError>>),
    Next,
    /// Nothing waits any more: everything goes straight to the connection.
    Done,
}

impl Reconnecting {
    /// Makes one that is not connected yet: [`recv`](Self::recv) connects.
    pub fn new(connector: Connector, uri: impl TryInto<Uri>) -> Self {
        let uri = uri.try_into().map_err(|_| InvalidAddress::Syntax);
        Self::by(move || {
            let (connector, uri) = (connector.clone(), uri.clone());
            async move { connector.connect(uri?).await }
        })
    }

    /// Makes one whose connections the closure makes, a new one for each attempt: such as with a fresh token, or to one
    /// of several servers.
    pub fn by<F>(connect: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Connection, ConnectError>> + Send + 'static,
    {
        let limits = QueueLimits {
            messages: 1024,
            bytes: 1 << 20,
        };
        Self {
            connect: Arc::new(move || Box::pin(connect())),
            backoff: Backoff::default(),
            retry: Arc::new(Verdict::of),
            max_attempts: None,
            max_time: None,
            pace: Pace::default(),
            trying_since: None,
            phase: Phase::New,
            sender: ReconnectingSender(Arc::new(Line::new(limits))),
        }
    }

    /// Sets how long to wait between attempts.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Sets how many bytes may wait while there is no connection. Default 1 MiB. One more is handed back.
    #[must_use]
    pub fn queue_bytes(self, queue_bytes: usize) -> Self {
        self.sender
            .0
            .set_limits(|limits| limits.bytes = queue_bytes);
        self
    }

    /// Sets how many messages may wait while there is no connection. Default 1,024. One more is handed back.
    #[must_use]
    pub fn queue_messages(self, queue_messages: usize) -> Self {
        self.sender
            .0
            .set_limits(|limits| limits.messages = queue_messages);
        self
    }

    /// Gives up when so many attempts in a row have failed; a connection that was lost before it was
    /// [`stable`](Backoff::stable) is a failure too. Default: never.
    #[must_use]
    pub fn give_up_after_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// Gives up when it has tried in vain for so long. Default: never.
    #[must_use]
    pub fn give_up_after(mut self, time: Duration) -> Self {
        self.max_time = Some(time);
        self
    }

    /// Decides what is done about a loss, in place of [`Verdict::of`], which the closure may call for what it does not
    /// want to decide itself.
    #[must_use]
    pub fn retry(mut self, retry: impl Fn(&Lost) -> Verdict + Send + Sync + 'static) -> Self {
        self.retry = Arc::new(retry);
        self
    }

    /// Waits for what happens next; `None` once there will be no connection any more: see [`gave_up`](Self::gave_up).
    ///
    /// Cancel safety: dropped before it is done, it has taken nothing; an attempt that is under way rests until the next
    /// call.
    pub async fn recv(&mut self) -> Option<Event> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// Sends a message: see [`ReconnectingSender::send`].
    ///
    /// Cancel safety: dropped before it is done, nothing was sent, and the message is dropped with it.
    ///
    /// # Errors
    /// [`TrySendError`] hands the message back if there is no connection and the queue is full, or there will be none any
    /// more.
    pub fn send(
        &self,
        message: impl Into<Message>,
    ) -> impl Future<Output = Result<(), TrySendError>> + Send {
        let (sender, message) = (self.sender.clone(), message.into());
        async move { sender.send(message).await }
    }

    /// Returns a handle that can only send: for other tasks and threads.
    pub fn sender(&self) -> ReconnectingSender {
        self.sender.clone()
    }

    /// Closes, and does not come back: what waits in the queue is dropped, what the connection has still leaves.
    pub fn close(&mut self, close: Close) {
        self.sender.0.end();
        match &self.phase {
            Phase::Open(open) => open.connection.close(close),
            Phase::Over(_) => {}
            Phase::New | Phase::Connecting(_) | Phase::Waiting(_) => self.phase = Phase::Over(None),
        }
    }

    /// Returns the connection, while there is one: to ping, to ask what was agreed on.
    pub fn connection(&self) -> Option<&Connection> {
        match &self.phase {
            Phase::Open(open) => Some(&open.connection),
            Phase::New | Phase::Connecting(_) | Phase::Waiting(_) | Phase::Over(_) => None,
        }
    }

    /// Returns why it stays away, once it does; `None` also if it was closed while there was no connection.
    pub fn gave_up(&self) -> Option<&Lost> {
        match &self.phase {
            Phase::Over(lost) => lost.as_ref(),
            Phase::New | Phase::Connecting(_) | Phase::Open(_) | Phase::Waiting(_) => None,
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            let cause = match &mut self.phase {
                Phase::New => {
                    self.phase = Phase::Connecting((self.connect)());
                    continue;
                }
                Phase::Connecting(attempt) => match std::task::ready!(attempt.as_mut().poll(cx)) {
                    Ok(connection) => {
                        let opened = connection.opened();
                        self.phase = Phase::Open(Box::new(Open {
                            connection,
                            since: Instant::now(),
                            moving: Moving::Next,
                        }));
                        return Poll::Ready(Some(Event::Opened(opened)));
                    }
                    Err(error) => Cause::Connect(Arc::new(error)),
                },
                Phase::Open(open) => {
                    if let Some(refused) = open.move_queue(cx, &self.sender.0) {
                        return Poll::Ready(Some(Event::Refused(refused)));
                    }
                    match std::task::ready!(open.connection.poll_recv(cx)) {
                        Some(message) => return Poll::Ready(Some(Event::Message(message))),
                        None => Cause::Closed(open.connection.ended()),
                    }
                }
                Phase::Waiting(wait) => {
                    std::task::ready!(wait.as_mut().poll(cx));
                    self.phase = Phase::New;
                    continue;
                }
                Phase::Over(_) => return Poll::Ready(None),
            };
            return Poll::Ready(Some(Event::Lost(self.lose(cause))));
        }
    }

    /// Decides what follows a loss.
    fn lose(&mut self, cause: Cause) -> Lost {
        let now = Instant::now();
        let phase = mem::replace(&mut self.phase, Phase::Over(None));
        let lived = match &phase {
            Phase::Open(open) => Some(now.saturating_duration_since(open.since)),
            _ => None,
        };
        if let Phase::Open(open) = phase {
            open.give_back(&self.sender.0);
        }
        self.sender.0.go_offline();
        if self.pace.lost(lived, &self.backoff) == Beginning::New {
            self.trying_since = None;
        }
        let since = *self.trying_since.get_or_insert(now);
        let mut lost = Lost {
            cause,
            failures: self.pace.failures(),
            next: None,
        };
        let wait = (self.retry)(&lost)
            .asked()
            .filter(|_| self.max_attempts.is_none_or(|max| lost.failures < max))
            .map(|asked| self.pace.wait(asked, &self.backoff, random::u32()))
            .filter(|wait| {
                self.max_time
                    .is_none_or(|max| now.duration_since(since).saturating_add(*wait) <= max)
            })
            .filter(|_| !self.sender.0.is_over());
        lost.next = wait;
        if let Some(wait) = wait {
            self.phase = Phase::Waiting(Box::pin(sleep(wait)));
        } else {
            self.sender.0.end();
            self.phase = Phase::Over(Some(lost.clone()));
        }
        lost
    }
}

impl Open {
    /// Hands what waits to the connection, in order, as far as its outbox has room. Returns what it can't carry.
    fn move_queue(&mut self, cx: &mut Context<'_>, line: &Line) -> Option<Message> {
        loop {
            match &mut self.moving {
                Moving::Done => return None,
                Moving::Next => {
                    let sender = self.connection.sender();
                    self.moving = match line.take_or_go_online(&sender) {
                        Some(message) => {
                            Moving::Sending(Box::pin(async move { sender.send(message).await }))
                        }
                        None => Moving::Done,
                    };
                }
                Moving::Sending(sending) => match sending.as_mut().poll(cx) {
                    Poll::Pending => return None,
                    Poll::Ready(Ok(())) => self.moving = Moving::Next,
                    Poll::Ready(Err(SendError::Binary(message))) => {
                        self.moving = Moving::Next;
                        return Some(message);
                    }
                    Poll::Ready(Err(SendError::Closed(message))) => {
                        line.put_back(message);
                        // The connection is closing: what waits is for the next one.
                        self.moving = Moving::Done;
                    }
                },
            }
        }
    }

    /// The connection is lost: a message that was not sent yet waits again.
    fn give_back(self, line: &Line) {
        if let Moving::Sending(sending) = self.moving {
            // The outbox is shut, so the send is over: it fails, and hands the message back.
            let mut over = pin!(unconstrained(sending));
            let cx = &mut Context::from_waker(Waker::noop());
            if let Poll::Ready(Err(SendError::Closed(message))) = over.as_mut().poll(cx) {
                line.put_back(message);
            }
        }
    }
}

impl fmt::Debug for Reconnecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match &self.phase {
            Phase::New => "new",
            Phase::Connecting(_) => "connecting",
            Phase::Open(_) => "open",
            Phase::Waiting(_) => "waiting",
            Phase::Over(_) => "over",
        };
        f.debug_struct("Reconnecting")
            .field("phase", &phase)
            .field("failures", &self.pace.failures())
            .finish_non_exhaustive()
    }
}
