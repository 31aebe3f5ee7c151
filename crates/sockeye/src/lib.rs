//! Real-time sockets: handlers on paths, over WebSocket, in a few lines.
//!
//! ```no_run
//! use sockeye::{Endpoints, Group, Handler, HandlerResult, Message, Session};
//!
//! /// Whatever one says, all hear.
//! #[derive(Default)]
//! struct Say {
//!     everyone: Group,
//! }
//!
//! impl Handler for Say {
//!     async fn on_open(&self, session: &Session) -> HandlerResult {
//!         self.everyone.join(session);
//!         Ok(())
//!     }
//!
//!     async fn on_message(&self, _: &Session, message: Message) -> HandlerResult {
//!         self.everyone.send(message);
//!         Ok(())
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), sockeye::ServeError> {
//!     let endpoints = Endpoints::new().at("/say", Say::default()).allowed_origins(["https://jocker.com"]);
//!     sockeye::serve("0.0.0.0:8080", endpoints).await
//! }
//! ```
//!
//! To mount endpoints in an axum or hyper server instead, see [`IntoService`]. To test a handler without a socket, see
//! [`MemoryPeer`].

pub use sockeye_endpoint::{
    Attributes, BinaryOverText, BySocket, ByTrait, Closed, Endpoints, Group, Handler, HandlerError,
    HandlerResult, HttpStream, Initiator, Interceptor, IntoEndpointHandler, InvalidEndpoints,
    InvalidOrigin, MemoryPeer, Opening, Options, Origins, Overflow, PathParams, PingRefused,
    Refusal, RequestHead, Requests, Scheme, SendError, Sender, Sending, Session, SessionId, Site,
    SockJs, Socket, StreamFraming, TrySendError, UpgradeRequest, Uplink, UplinkError, UplinkKey,
};
pub use sockeye_server::{
    Bound, Closes, EndpointService, Forwarded, ForwardedClient, Histogram, Http2, IntoService,
    InvalidProxy, InvalidProxyHeader, Metrics, PeerAddr, PemError, PlainSockets, ProxyHeader,
    ProxyProtocol, ServeError, Server, Sessions, Sharing, Snapshot, Tls, TlsError, TlsReloader,
    TrustedProxies, Volume, rustls, serve,
};
pub use sockeye_types::{
    Close, CloseCode, ContextTakeover, Deflate, Heartbeat, InvalidClose, InvalidDeflate,
    InvalidText, Limits, MAX_REASON_BYTES, Message, Text, Transport, WindowBits,
};

/// The other end: connects to a server, and comes back when the connection is lost.
///
/// ```no_run
/// # async fn talk() -> Result<(), Box<dyn std::error::Error>> {
/// use sockeye::client::Connector;
///
/// let mut connection = Connector::new().connect("ws://localhost:8080/say").await?;
/// connection.send("hello").await?;
/// while let Some(message) = connection.recv().await {
///     println!("{message:?}");
/// }
/// # Ok(()) }
/// ```
pub mod client {
    pub use sockeye_client::*;
}

/// Channels: named logs with subscribers, which the SDKs of the Centrifuge protocol subscribe to.
///
/// ```no_run
/// use std::{error::Error, sync::Arc, time::Duration};
///
/// use sockeye::{
///     Endpoints,
///     channels::{Access, Channels, ClientHandler, Grant, MemoryBroker, Namespace, Settings},
/// };
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn Error>> {
///     let news = Namespace::default()
///         .history(100, Duration::from_secs(3600))
///         .recovery(Grant::Forced)
///         .allow_subscribe(Access::CLIENTS.and_anonymous());
///     let settings = Settings::default().namespace("news", news).validate()?;
///     let channels = Channels::new(settings, Arc::new(MemoryBroker::new()))?;
///     let endpoints = Endpoints::new()
///         .at("/connection/websocket", channels.handler())
///         .protocols(ClientHandler::PROTOCOLS);
///     tokio::select! {
///         served = sockeye::serve("0.0.0.0:8080", endpoints) => served?,
///         () = channels.run() => {}
///     }
///     Ok(())
/// }
/// ```
///
/// `sockeye-broker-sqlite` keeps what is published in a file. The example `channels` lets an application decide who
/// comes in.
#[cfg(feature = "channels")]
pub mod channels {
    pub use sockeye_channels::*;
}

/// The examples of the README files, of the book, and of what is written about SockJS are compiled with the
/// documentation's own.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
#[doc = include_str!("../../../README.ko.md")]
#[doc = include_str!("../../../docs/SOCKJS.md")]
#[doc = include_str!("../../../docs/book/src/start.md")]
#[doc = include_str!("../../../docs/book/src/connection.md")]
#[doc = include_str!("../../../docs/book/src/from-spring.md")]
#[doc = include_str!("../../../docs/book/src/from-socketio.md")]
struct Readme;
