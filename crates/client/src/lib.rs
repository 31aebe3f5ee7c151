//! The client's side: from an address to a WebSocket connection.
//!
//! ```no_run
//! # async fn talk() -> Result<(), Box<dyn std::error::Error>> {
//! use sockeye_client::Connector;
//!
//! let mut connection = Connector::new().connect("ws://localhost:8080/say").await?;
//! connection.send("hello").await?;
//! while let Some(message) = connection.recv().await {
//!     println!("{message:?}");
//! }
//! println!("{:?}", connection.closed());
//! # Ok(()) }
//! ```
//!
//! A [`Connector`] says how to connect, a [`Connection`] is one connection, its [`Sender`]s send from other tasks. Each
//! connection has a task of its own on the tokio runtime it was made in: heartbeats run whether or not anybody receives.
//! [`Reconnecting`] comes back when a connection is lost. With a [`Fallback`], SockJS carries the connection where
//! something on the way blocks WebSocket.

mod address;
mod closed;
mod connect;
mod connection;
mod connector;
mod dial;
mod driver;
mod error;
mod inbox;
mod lent;
mod observer;
mod ping;
mod random;
mod reconnect;
mod redirect;
mod response;
mod sender;
mod sockjs;
mod stream;
mod way;

pub use address::InvalidAddress;
pub use closed::{Closed, Initiator};
pub use connection::{Connection, Opened};
pub use connector::Connector;
#[doc(hidden)]
pub use dial::fuzzing;
pub use dial::{
    CertificateFault, DialError, FailedAttempts, InvalidProxy, PemFault, PemItem, Proxy,
    ProxyError, Secured, SocksFailure, Tls, TlsError, Unreachable,
};
pub use error::{ConnectError, Refused, ResponseError, Stage};
pub use observer::{Direction, Observer, Reached};
pub use ping::PingError;
pub use reconnect::{Backoff, Cause, Event, Lost, Reconnecting, ReconnectingSender, Verdict};
pub use redirect::RedirectError;
pub use sender::{SendError, Sender, TrySendError};
pub use sockeye_types::{
    BinaryOverText, Close, CloseCode, ContextTakeover, Deflate, Heartbeat, Limits, Message, Text,
    Transport, WindowBits,
};
pub use sockeye_ws_proto::{
    FrameHead, ProtocolError,
    deflate::Agreed,
    handshake::{ClientHandshakeError, InvalidRequest},
};
pub use sockjs::{BlockedTransports, Fallback};
