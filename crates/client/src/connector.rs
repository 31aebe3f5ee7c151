//! How to connect: what is asked for, what it may cost, who watches.

use std::{fmt, future::Future, io, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header::ORIGIN};
use sockeye_types::{Deflate, Heartbeat, Limits};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    ConnectError, Connection, Fallback, InvalidAddress, Observer, Proxy, Tls, connect,
    dial::Route,
    sockjs::{self, Learned},
    way::Way,
};

/// How to connect. Setters take and return it by value; it can be cloned and used again.
///
/// The [`Limits`] hold for what comes from the server, as they do for a server's peers; `outbox_bytes` is how much may
/// wait to be sent.
#[derive(Clone)]
#[non_exhaustive]
pub struct Connector {
    pub(crate) headers: HeaderMap,
    /// What was to be a header and is none: connecting says so.
    pub(crate) invalid_header: Option<String>,
    pub(crate) protocols: Vec<String>,
    pub(crate) deflate: Option<Deflate>,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) limits: Limits,
    pub(crate) connect_time: Duration,
    pub(crate) head_bytes: usize,
    pub(crate) body_bytes: usize,
    pub(crate) redirects: u8,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) route: Route,
    pub(crate) fallback: Option<Arc<Learned>>,
}

impl Default for Connector {
    fn default() -> Self {
        Self {
            headers: HeaderMap::new(),
            invalid_header: None,
            protocols: Vec::new(),
            deflate: None,
            heartbeat: Heartbeat::default(),
            limits: Limits::default(),
            connect_time: Duration::from_secs(15),
            head_bytes: 16 << 10,
            body_bytes: 4 << 10,
            redirects: 0,
            observer: None,
            route: Route::default(),
            fallback: None,
        }
    }
}

impl Connector {
    /// Makes a connector that asks for nothing special: no subprotocol, no compression.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds headers to the request, such as `Authorization` or `Cookie`. One whose name the handshake itself uses makes
    /// connecting fail.
    #[must_use]
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Adds a header to the request. What is no header makes connecting fail with
    /// [`ConnectError::InvalidHeader`].
    #[must_use]
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let (name, value) = (name.as_ref(), value.as_ref());
        match (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => {
                self.headers.append(name, value);
            }
            _ => self.invalid_header = Some(name.to_owned()),
        }
        self
    }

    /// Sets the `Origin` (RFC 6454) that the request names, in place of any other. Servers that talk to browsers look
    /// at it; without it they take the client for no browser.
    #[must_use]
    pub fn origin(mut self, origin: impl AsRef<str>) -> Self {
        self.headers.remove(ORIGIN);
        self.header(ORIGIN.as_str(), origin)
    }

    /// Asks for one of these subprotocols, the one liked most first. A server may choose none of them: see
    /// [`Connection::protocol`].
    #[must_use]
    pub fn protocols(mut self, protocols: impl IntoIterator<Item: Into<String>>) -> Self {
        self.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Offers compression (RFC 7692), or does not. Default: it does not.
    #[must_use]
    pub fn deflate(mut self, deflate: impl Into<Option<Deflate>>) -> Self {
        self.deflate = deflate.into();
        self
    }

    /// Sets when a silent server is pinged and given up. Default: after 25 s, for 10 s.
    #[must_use]
    pub fn heartbeat(mut self, heartbeat: Heartbeat) -> Self {
        self.heartbeat = heartbeat;
        self
    }

    /// Sets what the server may cost.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how long everything up to the 101 may take, redirects and all that a [`fallback`](Self::fallback) tries
    /// included. Default 15 s.
    #[must_use]
    pub fn connect_time(mut self, connect_time: Duration) -> Self {
        self.connect_time = connect_time;
        self
    }

    /// Sets how many bytes a response's head may have, those of interim responses (1xx) before it included. Default
    /// 16 KiB. One more fails with [`ResponseError::TooLarge`](crate::ResponseError::TooLarge).
    #[must_use]
    pub fn head_bytes(mut self, head_bytes: usize) -> Self {
        self.head_bytes = head_bytes;
        self
    }

    /// Sets how many bytes of a refusal's body are kept. Default 4 KiB. The rest is not read.
    #[must_use]
    pub fn body_bytes(mut self, body_bytes: usize) -> Self {
        self.body_bytes = body_bytes;
        self
    }

    /// Follows up to so many redirects (301, 302, 307, 308). Default 0: a redirect is a
    /// [`Refused`](crate::Refused), which tells where it leads. One from `wss` to `ws` is never followed, and
    /// `Authorization`, `Cookie` and `Proxy-Authorization` go to the same host and port only.
    #[must_use]
    pub fn redirects(mut self, redirects: u8) -> Self {
        self.redirects = redirects;
        self
    }

    /// Sets whom to believe to be the server, and how to show who we are, for `wss://`. Default: the system's roots.
    /// Connections of one connector, and of its clones, resume each other's TLS sessions.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.route.tls = tls;
        self
    }

    /// Sets the proxy to go through. Default: the one that the environment names, if it names one.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.route.proxy = proxy;
        self
    }

    /// Has connections watched.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Falls back to SockJS where something on the way blocks WebSocket. Default: it does not. The address is then a
    /// SockJS prefix: see [`Fallback`].
    ///
    /// What worked is remembered by this connector and its clones.
    #[must_use]
    pub fn fallback(mut self, fallback: impl Into<Option<Fallback>>) -> Self {
        self.fallback = fallback
            .into()
            .map(|fallback| Arc::new(Learned::new(fallback)));
        self
    }

    /// Connects to a `ws://` or `wss://` address. What follows a `#` in it is not looked at.
    ///
    /// The connection's task is spawned on the current tokio runtime, of whichever flavor.
    ///
    /// Cancel safety: dropped before it is done, what was opened is closed again.
    ///
    /// # Errors
    /// [`ConnectError`] says whose fault it is.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn connect<U>(&self, uri: U) -> Result<Connection, ConnectError>
    where
        U: TryInto<Uri>,
    {
        let uri = uri.try_into().map_err(|_| InvalidAddress::Syntax)?;
        Box::pin(sockjs::connect(self, uri, Way::Dial)).await
    }

    /// Connects over byte streams that the closure opens, one for each attempt and, over SockJS, for each further HTTP
    /// connection: through a tunnel, or in memory. The address is what the requests name; redirects to other servers
    /// lead to the same closure.
    ///
    /// Cancel safety: dropped before it is done, what was opened is closed again.
    ///
    /// # Errors
    /// [`ConnectError`] says whose fault it is.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn connect_by<U, F, S>(
        &self,
        uri: U,
        open: impl Fn() -> F + Send + Sync + 'static,
    ) -> Result<Connection, ConnectError>
    where
        U: TryInto<Uri>,
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let uri = uri.try_into().map_err(|_| InvalidAddress::Syntax)?;
        Box::pin(sockjs::connect(self, uri, Way::by(open))).await
    }

    /// Connects over a byte stream that is open already, such as a tunnel or a pipe in memory. The address is what the
    /// request names; redirects are not followed, and there is no [`fallback`](Self::fallback): it takes several streams.
    ///
    /// Cancel safety: dropped before it is done, the stream is dropped with it.
    ///
    /// # Errors
    /// [`ConnectError`] says whose fault it is.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn connect_over<U, S>(&self, uri: U, stream: S) -> Result<Connection, ConnectError>
    where
        U: TryInto<Uri>,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let uri = uri.try_into().map_err(|_| InvalidAddress::Syntax)?;
        Box::pin(connect::over(self, uri, Box::new(stream))).await
    }
}

impl fmt::Debug for Connector {
    /// Tells the names of headers, not their values: there are secrets among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("headers", &self.headers.keys())
            .field("protocols", &self.protocols)
            .field("deflate", &self.deflate)
            .field("heartbeat", &self.heartbeat)
            .field("limits", &self.limits)
            .field("connect_time", &self.connect_time)
            .field("redirects", &self.redirects)
            .field("fallback", &self.fallback)
            .finish_non_exhaustive()
    }
}
