//! A broker in one SQLite file: what was acknowledged is on disk.
//!
//! One thread writes. All publishes that wait when it is ready become one transaction (group commit); once that is on
//! disk, each is delivered, in its channel's order, and answered. Reads come from memory, as far as it holds the tail of
//! the channel, else from a thread that reads the file. What is not to survive a crash goes to a
//! [`MemoryBroker`](sockeye_channels::MemoryBroker) and never touches the file.

mod batch;
mod broker;
mod clock;
mod file;
mod line;
mod lines;
mod open_error;
mod options;
mod reader;
mod refused;
mod staged;
mod statements;
mod stats;
mod upkeep;
mod writer;

pub use broker::SqliteBroker;
pub use open_error::OpenError;
pub use options::{DangerClock, DangerHooks, Options, Synchronous};
pub use stats::{Sizes, Stats};
