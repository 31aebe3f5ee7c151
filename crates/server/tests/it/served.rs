//! A server for one test: an endpoint that a hostile client attacks, and one where an innocent client goes on talking.

use std::{
    net::SocketAddr,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sockeye_endpoint::{
    Closed, Endpoints, Handler, HandlerResult, Initiator, Overflow, Session, Socket,
};
use sockeye_server::{Metrics, PlainSockets, ServeError, Server};
use sockeye_types::{Heartbeat, Limits, Message};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::client::{Client, close_frame, patiently};

/// A deadline that a test waits for.
pub(crate) const SOON: Duration = Duration::from_millis(150);
/// A deadline that must not pass during a test.
pub(crate) const LATE: Duration = Duration::from_secs(120);

/// Sees sessions open and end.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    opened: Arc<AtomicUsize>,
    ended: mpsc::UnboundedSender<Closed>,
}

impl Watch {
    pub(crate) fn new() -> (Self, Ends) {
        let (ended, ends) = mpsc::unbounded_channel();
        let opened = Arc::default();
        let watch = Self {
            opened: Arc::clone(&opened),
            ended,
        };
        let ends = Ends {
            opened,
            told: 0,
            ends,
        };
        (watch, ends)
    }

    pub(crate) fn opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn ended(&self, closed: Closed) {
        self.ended.send(closed).unwrap();
    }
}

/// What a [`Watch`] saw.
#[derive(Debug)]
pub(crate) struct Ends {
    opened: Arc<AtomicUsize>,
    told: usize,
    ends: mpsc::UnboundedReceiver<Closed>,
}

impl Ends {
    /// Waits for the next session to end.
    pub(crate) async fn next(&mut self) -> (u16, Initiator) {
        let closed = patiently(self.ends.recv()).await.unwrap();
        self.told += 1;
        (closed.code.as_u16(), closed.initiator)
    }

    pub(crate) fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }

    /// How many ends were waited for.
    pub(crate) fn told(&self) -> usize {
        self.told
    }

    /// Once the server is gone: no end that was not waited for.
    pub(crate) fn assert_no_more(&mut self) {
        assert_eq!(self.ends.try_recv().ok(), None);
    }
}

/// Echoes what comes.
#[derive(Debug)]
pub(crate) struct Echo(pub(crate) Watch);

impl Handler for Echo {
    async fn on_open(&self, _: &Session) -> HandlerResult {
        self.0.opened();
        Ok(())
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        Ok(session.send(message).await?)
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        self.0.ended(closed);
    }
}

pub(crate) async fn innocent_echo(mut socket: Socket) -> HandlerResult {
    while let Some(message) = socket.recv().await {
        socket.send(message).await?;
    }
    Ok(())
}

/// A server of one worker. With `PLAIN_SOCKETS=tasks` the same tests judge drivers that are tasks.
pub(crate) fn on_one_worker(endpoints: Endpoints) -> Server {
    let plain = match std::env::var("PLAIN_SOCKETS").as_deref() {
        Ok("tasks") => PlainSockets::Tasks,
        Ok("reactor") | Err(_) => PlainSockets::Reactor,
        Ok(other) => panic!("PLAIN_SOCKETS={other}: reactor or tasks"),
    };
    let server = Server::new(endpoints).workers(NonZeroUsize::MIN);
    server.plain_sockets(plain)
}

/// A server with one worker, on which the test depends, and an innocent client on it.
pub(crate) struct Served {
    pub(crate) addr: SocketAddr,
    pub(crate) ends: Ends,
    pub(crate) innocent: Client,
    pub(crate) metrics: Metrics,
    stop: oneshot::Sender<()>,
    done: JoinHandle<Result<(), ServeError>>,
}

impl Served {
    /// Serves an echo on `/` with these limits.
    pub(crate) async fn echo(limits: Limits) -> Self {
        Self::endpoints(|watch| Endpoints::new().at("/", Echo(watch)).limits(limits)).await
    }

    /// Serves an echo on `/` with this heartbeat.
    pub(crate) async fn beating(heartbeat: Heartbeat) -> Self {
        Self::endpoints(|watch| Endpoints::new().at("/", Echo(watch)).heartbeat(heartbeat)).await
    }

    /// Serves what is made for a watch.
    pub(crate) async fn endpoints(make: impl FnOnce(Watch) -> Endpoints) -> Self {
        Self::server(make, |server| server).await
    }

    /// Serves what is made for a watch, on a server that is set up as the test needs it.
    pub(crate) async fn server(
        make: impl FnOnce(Watch) -> Endpoints,
        set_up: impl FnOnce(Server) -> Server,
    ) -> Self {
        let (watch, ends) = Watch::new();
        let endpoints = make(watch)
            .at("/innocent", innocent_echo)
            .limits(Limits::default())
            .heartbeat(Heartbeat::default())
            .overflow(Overflow::Close);
        let server = set_up(on_one_worker(endpoints));
        let bound = server.bind("127.0.0.1:0").unwrap();
        let addr = bound.local_addr();
        let metrics = bound.metrics();
        let (stop, stopped) = oneshot::channel();
        let done = tokio::spawn(bound.run_until(async {
            let _ = stopped.await;
        }));
        let innocent = Client::open(addr, "/innocent").await;
        Self {
            addr,
            ends,
            innocent,
            metrics,
            stop,
            done,
        }
    }

    /// Opens a session on `/`.
    pub(crate) async fn client(&self) -> Client {
        Client::open(self.addr, "/").await
    }

    /// The innocent client is served as ever.
    pub(crate) async fn innocent_talks(&mut self) {
        self.innocent.echo("good day").await;
    }

    /// The only session on `/` ends: returns how, once the server is gone and told nobody of another end.
    pub(crate) async fn end(mut self) -> (u16, Initiator) {
        let end = self.ends.next().await;
        assert_eq!(self.ends.opened(), 1);
        self.finish().await;
        end
    }

    /// No session was ever opened on `/`.
    pub(crate) async fn nobody_came(self) {
        assert_eq!(self.ends.opened(), 0);
        self.finish().await;
    }

    /// The innocent client talks to the last, then the server shuts down; no end was told that was not waited for.
    pub(crate) async fn finish(mut self) {
        self.innocent_talks().await;
        self.shut_down();
        self.gone().await;
    }

    /// Tells the server to shut down.
    pub(crate) fn shut_down(&mut self) {
        let (unused, _) = oneshot::channel();
        let _ = std::mem::replace(&mut self.stop, unused).send(());
    }

    /// Drops what serves.
    pub(crate) fn abandon(&self) {
        self.done.abort();
    }

    /// Waits until the server is gone, which it told the innocent client to shut down.
    pub(crate) async fn gone(mut self) {
        assert_eq!(self.innocent.close_code().await, Some(1001));
        self.innocent.send(&close_frame(1001)).await;
        assert_eq!(self.innocent.verdict().await, None);
        patiently(self.done).await.unwrap().unwrap();
        self.ends.assert_no_more();
    }
}
