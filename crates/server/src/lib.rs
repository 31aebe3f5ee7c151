//! Where bytes move: listeners, HTTP, and the drivers between sockets and handlers.
//!
//! [`Server`] serves endpoints on a port of their own; [`IntoService`] mounts them in somebody else's HTTP server. Both
//! open the same sessions with the same drivers.

mod chunks;
mod connection;
mod driver;
mod drivers;
mod lent;
mod listener;
mod metrics;
mod options;
mod server;
mod service;
mod tally;
mod timers;
mod upgrade;
mod wheel;
mod worker;

pub use metrics::{Closes, Histogram, Metrics, Snapshot};
pub use server::{Bound, ServeError, Server, serve};
pub use service::{EndpointService, IntoService};
pub use tally::Volume;
pub use upgrade::PeerAddr;
