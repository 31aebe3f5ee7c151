//! The drivers of one worker, with what they share: timers and the list of open sessions.

use std::{
    future::Future,
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Waker,
    time::Duration,
};

use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::{rt::TokioIo, server::conn::auto};
use sockeye_endpoint::{Conversation, Endpoint, Opening, Options};
use sockeye_types::Close;
use sockeye_ws_proto::{Conn, Role, Settings, deflate::Agreed};
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{Instant, timeout, timeout_at},
};
use tracing::{Instrument, Span, debug_span};

use crate::{
    driver::{Driver, Framed, Stream, clock},
    reactor::{self, Entrance, Fresh},
    rewound::Rewound,
    sockjs::Service,
    streams::StreamService,
    tally::{Tally, Verdict},
    timers::{Timer, Timers},
    tls::TlsStream,
};

/// How long handlers have to learn that their sessions were cut.
const LAST_GRACE: Duration = Duration::from_millis(500);

/// Starts drivers, and ends them all at a shutdown.
#[derive(Clone)]
pub(crate) struct Drivers(Arc<Fleet>);

/// What the drivers of one worker share.
struct Fleet {
    timers: Arc<Timers>,
    /// Once set, all sessions are closed, and those that still come: their handshake was under way.
    shutdown: OnceLock<Shutdown>,
    /// How many sessions there are, those that are about to open included.
    count: watch::Sender<usize>,
    /// How many there are in all workers.
    total: Arc<AtomicUsize>,
    tally: Arc<Tally>,
    /// Where plain sockets go; without it, each has a task of its own.
    entrance: Option<Entrance>,
}

/// A driver's place in its fleet, kept from the moment its session is expected to its end.
pub(crate) struct Place {
    fleet: Arc<Fleet>,
    timer: Timer,
}

impl Place {
    /// Wakes the driver at a moment, or a little after; if it is to be woken before that anyway, then. A shutdown wakes
    /// all that are to be woken some time, so that each must have a moment.
    pub(crate) fn wake_at(&mut self, moment: std::time::Instant, waker: &Waker) {
        self.fleet.timers.arm(&mut self.timer, moment, waker);
    }

    /// Says whether the driver will be woken at some moment.
    #[inline]
    pub(crate) fn is_armed(&self) -> bool {
        self.timer.is_armed()
    }

    /// Says, once, whether the driver was woken because its moment has come.
    pub(crate) fn has_fired(&mut self) -> bool {
        self.fleet.timers.has_fired(&mut self.timer)
    }

    /// Returns what the driver counts into.
    pub(crate) fn tally(&self) -> &Arc<Tally> {
        &self.fleet.tally
    }

    /// Returns how all sessions end, once they shall.
    ///
    /// A driver asks after [`wake_at`](Self::wake_at), too: whoever was not there yet to be woken sees it then.
    pub(crate) fn shutdown(&self) -> Option<&Shutdown> {
        self.fleet.shutdown.get()
    }
}

/// The end of all sessions.
#[derive(Debug)]
pub(crate) struct Shutdown {
    close: Close,
    cut: AtomicBool,
}

impl Shutdown {
    /// Returns what they are closed with.
    pub(crate) fn close(&self) -> &Close {
        &self.close
    }

    /// Says whether no closing handshake is waited for any more.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.fleet.timers.disarm(&mut self.timer);
        self.fleet.total.fetch_sub(1, Ordering::Relaxed);
        // Whoever waits, waits for the last.
        self.fleet.count.send_if_modified(|count| {
            *count -= 1;
            *count == 0
        });
    }
}

/// A session that is about to open.
pub(crate) struct Newcomer {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) opening: Opening,
    pub(crate) deflate: Option<Agreed>,
    /// What the peer must read before anything of the session: the answer to its handshake, unless it was sent.
    pub(crate) greeting: Vec<u8>,
    pub(crate) place: Place,
    /// The spans of what it comes from.
    pub(crate) connection: Span,
    pub(crate) handshake: Span,
}

impl Drivers {
    /// Makes a place for drivers, and the task that keeps their time.
    ///
    /// `total` counts the sessions of all who share it. Plain sockets have tasks until they get a
    /// [reactor](Self::with_reactor).
    pub(crate) fn new(total: Arc<AtomicUsize>, tally: Arc<Tally>) -> Self {
        Self::of(total, tally, None)
    }

    /// Does what [`new`](Self::new) does, with a reactor on this thread, which is to be the runtime's only one. Where
    /// the system has none to give, plain sockets have tasks.
    pub(crate) fn with_reactor(total: Arc<AtomicUsize>, tally: Arc<Tally>, spin: Duration) -> Self {
        let entrance = reactor::start(spin)
            .inspect_err(|error| tracing::warn!(%error, "no reactor: each connection has a task"));
        Self::of(total, tally, entrance.ok())
    }

    fn of(total: Arc<AtomicUsize>, tally: Arc<Tally>, entrance: Option<Entrance>) -> Self {
        let timers = Arc::new(Timers::new());
        tokio::spawn(timers.ticker());
        Self(Arc::new(Fleet {
            timers,
            shutdown: OnceLock::new(),
            count: watch::Sender::new(0),
            total,
            tally,
            entrance,
        }))
    }

    /// Returns what they count into.
    pub(crate) fn tally(&self) -> &Tally {
        &self.0.tally
    }

    /// Returns what wakes those who wait.
    pub(crate) fn timers(&self) -> &Timers {
        &self.0.timers
    }

    /// Says whether all sessions are closed, and those that still come.
    pub(crate) fn is_shut_down(&self) -> bool {
        self.0.shutdown.get().is_some()
    }

    /// Keeps a place for a session until it opens, or does not.
    pub(crate) fn expect(&self) -> Place {
        self.0.count.send_if_modified(|count| {
            *count += 1;
            false
        });
        self.0.total.fetch_add(1, Ordering::Relaxed);
        Place {
            fleet: Arc::clone(&self.0),
            timer: Timer::default(),
        }
    }

    /// Opens a session on a connection that was upgraded. The driver gets the TCP stream itself, or its
    /// TLS stream, wherever there is one.
    pub(crate) fn upgrade(&self, upgraded: Upgraded, newcomer: Newcomer) {
        let upgraded = match unwrap::<TcpStream>(upgraded) {
            Ok((stream, glued)) => {
                // Small messages must not wait for more; if that can't be set, they do.
                let _ = stream.set_nodelay(true);
                return self.drive_plain(stream.into(), &glued, newcomer);
            }
            Err(upgraded) => upgraded,
        };
        match unwrap::<TlsStream>(upgraded) {
            Ok((stream, glued)) => self.drive(stream, &glued, newcomer),
            Err(upgraded) => self.drive(TokioIo::new(upgraded), &[], newcomer),
        }
    }

    /// Opens a session on a plain socket whose handshake is done; `glued` was read behind it.
    pub(crate) fn drive_plain(&self, stream: Fresh, glued: &[u8], newcomer: Newcomer) {
        let Some(entrance) = &self.0.entrance else {
            return match stream.into_watched() {
                Ok(stream) => self.drive(stream, glued, newcomer),
                Err(error) => self.abandon(&newcomer, &error),
            };
        };
        match stream.into_std() {
            Ok(stream) => entrance.enter(stream, |socket| self.begin(socket, glued, newcomer)),
            Err(error) => self.abandon(&newcomer, &error),
        }
    }

    fn abandon(&self, newcomer: &Newcomer, error: &io::Error) {
        newcomer
            .handshake
            .record("result", Verdict::Abandoned.label());
        self.tally().handshake(Verdict::Abandoned);
        tracing::warn!(%error, "a socket could not change hands");
    }

    /// Opens a session on a byte stream whose handshake is done, in a task of its own; `glued` was read behind it.
    pub(crate) fn drive<S: Stream>(&self, stream: S, glued: &[u8], newcomer: Newcomer) {
        let (driver, span) = self.begin(stream, glued, newcomer);
        spawn(driver, span);
    }

    fn begin<S: Stream>(&self, stream: S, glued: &[u8], newcomer: Newcomer) -> (Driver<S>, Span) {
        let Newcomer {
            endpoint,
            opening,
            deflate,
            greeting,
            place,
            connection,
            handshake,
        } = newcomer;
        let derived = endpoint.derived(Derived::of);
        let framed = Framed::of(opening.transport, &derived);
        let settings = match &framed {
            Some(_) => &derived.framed,
            None => &derived.settings,
        };
        let conn = Conn::new(Role::Server, Arc::clone(settings), deflate, clock());
        let conversation = endpoint.open(opening);
        let stream_name = std::any::type_name::<S>();
        let span = self.open(&conversation, &connection, &handshake, stream_name);
        let mut driver = Driver::new(stream, glued, conn, conversation, place);
        driver.frame(framed);
        driver.greet(&greeting);
        (driver, span)
    }

    /// Tells of a session that opens, and on what; returns the span that it lives in.
    pub(crate) fn open(
        &self,
        conversation: &Conversation,
        connection: &Span,
        handshake: &Span,
        stream: &'static str,
    ) -> Span {
        let session = conversation.session();
        let span = debug_span!(
            parent: connection,
            "session",
            id = %session.id(),
            path = ?session.request().path(),
            peer = session.peer_addr().map(tracing::field::display),
            protocol = session.protocol(),
            transport = session.transport().as_str(),
        );
        let entered = span.enter();
        tracing::debug!(
            session = %session.id(),
            path = session.request().path(),
            peer = session.peer_addr().map(tracing::field::display),
            protocol = session.protocol(),
            transport = session.transport().as_str(),
            stream,
            "session opened",
        );
        drop(entered);
        handshake.record("result", Verdict::Accepted.label());
        self.tally().handshake(Verdict::Accepted);
        self.tally().open(session.transport());
        span
    }

    /// Closes all sessions, also those whose handshake is under way. The first close counts.
    fn close(&self, close: Close) {
        let _ = self.0.shutdown.set(Shutdown {
            close,
            cut: AtomicBool::new(false),
        });
        self.0.timers.wake_all();
    }

    /// Closes all sessions and waits until they are gone: up to the deadline in peace, then by cutting what is left.
    /// Says how many are left even then: handlers that do not return.
    ///
    /// Cancel safety: dropped before it is done, the sessions close all the same, and none is cut.
    pub(crate) async fn shut_down(&self, close: Close, deadline: Instant) -> usize {
        self.close(close);
        if timeout_at(deadline, self.gone()).await.is_err() {
            if let Some(shutdown) = self.0.shutdown.get() {
                shutdown.cut.store(true, Ordering::Relaxed);
            }
            self.0.timers.wake_all();
            let _ = timeout(LAST_GRACE, self.gone()).await;
        }
        self.sessions()
    }

    /// Returns how many sessions there are, those that are about to open included.
    pub(crate) fn sessions(&self) -> usize {
        *self.0.count.borrow()
    }

    /// Waits until there is no session, nor any about to open.
    ///
    /// Cancel safety: dropped before it is done, nothing is lost.
    async fn gone(&self) {
        let mut count = self.0.count.subscribe();
        // The sender lives as long as `self`: this can't fail.
        let _ = count.wait_for(|count| *count == 0).await;
    }
}

/// Starts a driver. It holds no span: who does not trace pays neither its memory nor a look at it for each turn.
pub(crate) fn spawn(driver: impl Future<Output = ()> + Send + 'static, span: Span) {
    if span.is_disabled() {
        tokio::spawn(driver);
    } else {
        tokio::spawn(driver.instrument(span));
    }
}

/// What all sessions of an endpoint share.
pub(crate) struct Derived {
    settings: Arc<Settings>,
    /// For a WebSocket with SockJS frames, each of which holds many messages.
    framed: Arc<Settings>,
    pub(crate) sockjs: Option<Arc<Service>>,
    pub(crate) stream: Option<Arc<StreamService>>,
}

impl Derived {
    pub(crate) fn of(options: &Options) -> Self {
        let settings = Settings::default().heartbeat(options.heartbeat);
        let sockjs = Service::of(options);
        let framed = sockjs
            .as_ref()
            .map_or(options.limits, |service| service.framed_limits());
        Self {
            settings: Arc::new(settings.limits(options.limits)),
            framed: Arc::new(settings.limits(framed)),
            sockjs,
            stream: StreamService::of(options),
        }
    }
}

/// Takes a stream out of the HTTP server's hands, with what was read of it.
fn unwrap<S: Stream>(upgraded: Upgraded) -> Result<(S, Bytes), Upgraded> {
    // A server that also speaks HTTP/2 wraps its streams once more, and knows how to unwrap them.
    let upgraded = match upgraded.downcast::<TokioIo<Rewound<S>>>() {
        Ok(parts) => {
            let stream = parts.io.into_inner().put_back(&parts.read_buf);
            return Ok(stream.into_parts());
        }
        Err(upgraded) => upgraded,
    };
    let (io, glued) = match upgraded.downcast::<TokioIo<S>>() {
        Ok(parts) => (parts.io, parts.read_buf),
        Err(upgraded) => {
            let parts = auto::upgrade::downcast::<TokioIo<S>>(upgraded)?;
            (parts.io, parts.read_buf)
        }
    };
    Ok((io.into_inner(), glued))
}

impl std::fmt::Debug for Drivers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drivers")
            .field("sessions", &self.sessions())
            .finish()
    }
}
