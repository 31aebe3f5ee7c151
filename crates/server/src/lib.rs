//! Where bytes move: listeners, HTTP, and the drivers between sockets and handlers.
//!
//! [`Server`] serves endpoints on a port of their own; [`IntoService`] mounts them in somebody else's HTTP server. Both
//! open the same sessions with the same drivers.

mod chunks;
mod connection;
mod driver;
mod drivers;
mod http2;
mod lent;
mod listener;
mod options;
mod server;
mod service;
mod timers;
mod tls;
mod upgrade;
mod wheel;
mod worker;

pub use options::Http2;
/// What [`Tls::from_rustls`] takes is of this version.
pub use rustls;
pub use server::{Bound, ServeError, Server, serve};
pub use service::{EndpointService, IntoService};
pub use tls::{PemError, Tls, TlsError, TlsReloader};
pub use upgrade::PeerAddr;
