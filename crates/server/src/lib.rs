//! Where bytes move: listeners, HTTP, and the drivers between sockets and handlers.
//!
//! [`Server`] serves endpoints on a port of their own; [`IntoService`] mounts them in somebody else's HTTP server. Both
//! open the same sessions with the same drivers.

mod account;
mod activity;
mod alarm;
mod answer;
mod at_once;
mod body;
mod carried;
mod chunks;
mod connection;
mod cors;
mod driver;
mod drivers;
mod forwarded;
mod held;
mod http1;
mod http2;
mod lent;
mod listener;
mod metrics;
mod options;
mod page;
mod pool;
mod proxies;
mod proxy_protocol;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod reactor;
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
#[path = "no_reactor.rs"]
mod reactor;
mod requests;
mod rewound;
mod server;
mod service;
mod sockjs;
mod streams;
mod tally;
mod timers;
mod tls;
mod trusted_proxies;
mod upgrade;
mod wheel;
mod worker;

pub use answer::Answer;
pub use forwarded::{Forwarded, ForwardedClient};
pub use metrics::{Closes, Histogram, Metrics, Sessions, Snapshot};
pub use options::{Http2, PlainSockets, Sharing};
pub use proxy_protocol::{InvalidProxyHeader, ProxyHeader, ProxyProtocol};
/// What [`Tls::from_rustls`] takes is of this version.
pub use rustls;
pub use server::{Bound, ServeError, Server, serve};
pub use service::{EndpointService, IntoService};
pub use tally::Volume;
pub use tls::{PemError, Tls, TlsError, TlsReloader};
pub use trusted_proxies::{InvalidProxy, TrustedProxies};
pub use upgrade::PeerAddr;
