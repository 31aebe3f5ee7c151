//! The server: endpoints on a port of their own.

use std::{
    fmt,
    future::{Future, pending},
    io,
    net::{SocketAddr, ToSocketAddrs},
    num::NonZeroUsize,
    sync::Arc,
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::{Response, request::Parts};
use sockeye_endpoint::{Endpoints, InvalidEndpoints};
use thiserror::Error;
use tokio::{
    runtime,
    sync::{oneshot, watch},
};

use crate::{
    Forwarded, ProxyProtocol, TrustedProxies,
    listener::listen,
    metrics::Metrics,
    options::{Http2, MAX_HTTP2_STREAMS, MIN_HEAD_BYTES, Options, PlainSockets, Sharing},
    proxies::Proxies,
    proxy_protocol::V2_LEAST_BYTES,
    reactor::Listening,
    tls::Tls,
    worker::{Common, Order, Pages, work},
};

/// Serves endpoints on a port: one worker for each core, each with its own listener and its own sessions.
///
/// ```no_run
/// # use sockeye_endpoint::{Endpoints, HandlerResult, Socket};
/// # use sockeye_server::{ServeError, Server};
/// async fn echo(mut socket: Socket) -> HandlerResult {
///     while let Some(message) = socket.recv().await {
///         socket.send(message).await?;
///     }
///     Ok(())
/// }
///
/// # async fn run() -> Result<(), ServeError> {
/// let server = Server::new(Endpoints::new().at("/echo", echo)).bind("127.0.0.1:0")?;
/// println!("listening on {}", server.local_addr());
/// server.run_until(async { /* a signal */ }).await
/// # }
/// ```
#[must_use = "a server serves nobody until it runs"]
pub struct Server {
    endpoints: Endpoints,
    pages: Option<Box<Pages>>,
    tls: Option<Tls>,
    options: Options,
    proxies: Proxies,
}

/// Why a server does not serve.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The endpoints contradict themselves.
    #[error(transparent)]
    Endpoints(#[from] InvalidEndpoints),
    /// The address can't be listened on.
    #[error("can't listen on {addr}")]
    Listen {
        /// The address, as it was given.
        addr: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// A worker could not start.
    #[error("can't start a worker")]
    Worker(#[source] io::Error),
}

impl Server {
    /// Makes a server of endpoints, with default options.
    pub fn new(endpoints: Endpoints) -> Self {
        Self {
            endpoints,
            pages: None,
            tls: None,
            options: Options::default(),
            proxies: Proxies::default(),
        }
    }

    /// Sets how many workers there are. Default: one for each core.
    pub fn workers(mut self, workers: NonZeroUsize) -> Self {
        self.options.workers = workers;
        self
    }

    /// Sets whether other processes may listen on the same port. Default: [`Sharing::None`].
    pub fn sharing(mut self, sharing: Sharing) -> Self {
        self.options.sharing = sharing;
        self
    }

    /// Sets how many bytes a request's head may have. Default 16 KiB, at least 8 KiB. A larger one is answered with
    /// 431. Each connection may make the server hold this much for `handshake_time`.
    pub fn head_bytes(mut self, head_bytes: usize) -> Self {
        self.options.head_bytes = head_bytes.max(MIN_HEAD_BYTES);
        self
    }

    /// Sets how many headers a request may have. Default 100. One more is answered with 431.
    pub fn head_count(mut self, head_count: usize) -> Self {
        self.options.head_count = head_count;
        self
    }

    /// Sets how long a TLS handshake and a request's head may take to arrive, interceptors to decide, and a 101 that
    /// the HTTP server writes to leave, each; any other is the first thing its session sends, and may take the
    /// `stall_time`. Default 10 s. A connection that asks for nothing is closed after it, too; in HTTP/2, where it is
    /// told to go away before, after twice as long. So is one that takes nothing of an answer for twice as long.
    pub fn handshake_time(mut self, handshake_time: Duration) -> Self {
        self.options.handshake_time = handshake_time;
        self
    }

    /// Sets how long a shutdown waits for closing handshakes and handlers. Default 10 s. It should be more than the
    /// endpoints' `close_time`.
    pub fn shutdown_time(mut self, shutdown_time: Duration) -> Self {
        self.options.shutdown_time = shutdown_time;
        self
    }

    /// Sets how many connections there may be at a time, sessions included. Default: as many as the process may have
    /// descriptors. A request on one more is answered with 503.
    ///
    /// A connection in HTTP/2 counts once for itself, and once more for each of its sessions and requests under way.
    pub fn connections(mut self, connections: usize) -> Self {
        self.options.connections = connections;
        self
    }

    /// Sets which peers are proxies whose word about their clients counts: in headers as
    /// [`forwarded`](Self::forwarded) says, and before them as [`proxy_protocol`](Self::proxy_protocol) says. Default:
    /// none. What they tell becomes the [`PeerAddr`](crate::PeerAddr) of a session, and the
    /// [`Site`](sockeye_endpoint::Site) that an `Origin` is compared with.
    pub fn trusted_proxies(mut self, trusted: TrustedProxies) -> Self {
        self.proxies.trusted = trusted;
        self
    }

    /// Sets which headers of trusted proxies are believed. Default: none.
    pub fn forwarded(mut self, forwarded: Forwarded) -> Self {
        self.proxies.forwarded = forwarded;
        self
    }

    /// Sets whether connections begin with a PROXY header. Default: they do not. Where one is required, a connection
    /// of a peer that is no trusted proxy is closed, and so is one whose header is missing, malformed or not there
    /// within the `handshake_time`.
    pub fn proxy_protocol(mut self, protocol: ProxyProtocol) -> Self {
        self.proxies.protocol = protocol;
        self
    }

    /// Sets how many bytes a PROXY header of version 2 may have, with all that a proxy adds to it (TLVs). Default
    /// 2 KiB, at least 232 bytes. A connection with a longer one is closed. Only trusted proxies can make the server
    /// hold it.
    pub fn proxy_bytes(mut self, proxy_bytes: usize) -> Self {
        self.options.proxy_bytes = proxy_bytes.max(V2_LEAST_BYTES);
        self
    }

    /// Sets which connections speak HTTP/2. Default: [`Http2::Negotiated`].
    pub fn http2(mut self, http2: Http2) -> Self {
        self.options.http2 = http2;
        self
    }

    /// Sets how many sessions and requests one connection in HTTP/2 may have at a time. Default 128, from 1 to 32,767. One
    /// more is refused with `REFUSED_STREAM`; clients wait instead, since they are told. Each may make the server hold
    /// 64 KiB that its handler has not read, beside what a session may hold on any connection.
    pub fn http2_streams(mut self, http2_streams: u16) -> Self {
        self.options.http2_streams = http2_streams.clamp(1, MAX_HTTP2_STREAMS);
        self
    }

    /// Sets who moves the bytes of plain sockets. Default: [`PlainSockets::Reactor`].
    pub fn plain_sockets(mut self, plain_sockets: PlainSockets) -> Self {
        self.options.plain_sockets = plain_sockets;
        self
    }

    /// Sets for how long a worker that has just served its plain sockets looks for more before it sleeps. Default:
    /// not at all. 50 µs take the way through sleep and waking out of a conversation of few peers, and most of the
    /// latency with it; each worker keeps a core busy for it while there is traffic, and whatever else runs on that
    /// core waits. More than 1 ms is 1 ms. Without a reactor it changes nothing.
    pub fn spin(mut self, spin: Duration) -> Self {
        self.options.spin = spin;
        self
    }

    /// Sets what answers requests that ask for no upgrade, also on paths where an endpoint is. Where it answers `None`,
    /// the request is refused: with 404, or on an endpoint's path as a handshake that is none.
    ///
    /// It runs on a worker, and others wait meanwhile: answer from memory.
    pub fn pages(
        mut self,
        pages: impl Fn(&Parts) -> Option<Response<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        self.pages = Some(Box::new(pages));
        self
    }

    /// Makes the port speak HTTPS and `wss`, and nothing else. Default: plain HTTP and `ws`.
    ///
    /// Above `connections`, a connection is cut before its TLS handshake, which costs more than the 503 is worth. An
    /// idle connection keeps its keys and a read buffer of 4 KiB.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Starts to listen. Clients may connect from now on; they are served once the server runs.
    ///
    /// # Errors
    /// [`ServeError`] if the endpoints contradict themselves or the address can't be listened on.
    pub fn bind(self, addr: impl ToSocketAddrs + fmt::Display) -> Result<Bound, ServeError> {
        let routes = self.endpoints.into_routes()?;
        let listen_error = |source| ServeError::Listen {
            addr: addr.to_string(),
            source,
        };
        let mut listeners = Err(io::ErrorKind::AddrNotAvailable.into());
        for addr in addr.to_socket_addrs().map_err(listen_error)? {
            listeners = listen(addr, self.options.workers, self.options.sharing);
            if listeners.is_ok() {
                break;
            }
        }
        let listeners = listeners.map_err(listen_error)?;
        let local = listeners.first().map(std::net::TcpListener::local_addr);
        let addr = local
            .unwrap_or_else(|| Err(io::ErrorKind::AddrNotAvailable.into()))
            .map_err(listen_error)?;
        let asking = Arc::default();
        let common = Common {
            routes,
            pages: self.pages,
            tls: self.tls.map(|tls| tls.offering(self.options.http2)),
            options: self.options,
            proxies: self.proxies,
            metrics: Metrics::new(listeners.len(), Arc::clone(&asking)),
            asking,
            sessions: Arc::default(),
        };
        Ok(Bound {
            addr,
            listeners,
            common: Arc::new(common),
        })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("endpoints", &self.endpoints)
            .field("tls", &self.tls)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// A server that listens and does not serve yet.
#[must_use = "a server serves nobody until it runs"]
pub struct Bound {
    addr: SocketAddr,
    listeners: Vec<std::net::TcpListener>,
    common: Arc<Common>,
}

impl Bound {
    /// Returns the address that is listened on, with the port that was chosen if none was given.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns what the server counts: a handle to keep while it runs.
    pub fn metrics(&self) -> Metrics {
        self.common.metrics.clone()
    }

    /// Serves for ever.
    ///
    /// Cancel safety: dropped, the server shuts down behind the scenes, as at the end of
    /// [`run_until`](Self::run_until).
    ///
    /// # Errors
    /// [`ServeError`] if a worker can't start.
    pub async fn run(self) -> Result<(), ServeError> {
        self.run_until(pending()).await
    }

    /// Serves until `signal` is done. Then nobody is let in any more, every session is closed with 1001, and its end
    /// is waited for, up to the `shutdown_time`.
    ///
    /// Cancel safety: dropped, the server shuts down behind the scenes in the same way.
    ///
    /// # Errors
    /// [`ServeError`] if a worker can't start.
    pub async fn run_until(self, signal: impl Future<Output = ()>) -> Result<(), ServeError> {
        // Dropped with this future, it tells the workers to shut down as well.
        let (order, told) = watch::channel(Order::Serve);
        let mut done = Vec::new();
        for (number, listener) in self.listeners.into_iter().enumerate() {
            let (common, told) = (Arc::clone(&self.common), told.clone());
            done.push(start(number, common, listener, told).map_err(ServeError::Worker)?);
        }
        signal.await;
        order.send_replace(Order::ShutDown);
        for done in done {
            // A worker that panicked is done, too.
            let _ = done.await;
        }
        Ok(())
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("addr", &self.addr)
            .finish_non_exhaustive()
    }
}

/// Starts a worker's thread; what it returns is done when the worker is.
fn start(
    number: usize,
    common: Arc<Common>,
    listener: std::net::TcpListener,
    told: watch::Receiver<Order>,
) -> io::Result<oneshot::Receiver<()>> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (is_done, done) = oneshot::channel();
    thread::Builder::new()
        .name(format!("sockeye-{number}"))
        .spawn(move || {
            let served = runtime.block_on(async {
                let listener = Listening::new(listener)?;
                work(common, listener, told).await;
                io::Result::Ok(())
            });
            if let Err(error) = served {
                tracing::error!(%error, "a worker could not use its listener");
            }
            // What is left of a handler that never returns goes with the runtime.
            runtime.shutdown_background();
            let _ = is_done.send(());
        })?;
    Ok(done)
}

/// Serves endpoints at an address, for ever, with default options.
///
/// Cancel safety: dropped, the server shuts down behind the scenes: see [`Bound::run_until`].
///
/// # Errors
/// [`ServeError`] if the endpoints contradict themselves or the address can't be listened on.
pub async fn serve(
    addr: impl ToSocketAddrs + fmt::Display,
    endpoints: Endpoints,
) -> Result<(), ServeError> {
    Server::new(endpoints).bind(addr)?.run().await
}
