//! A way back after a lost connection.

mod backoff;
mod line;
mod lost;
mod reconnecting;

pub use backoff::Backoff;
pub use line::ReconnectingSender;
pub use lost::{Cause, Lost, Verdict};
pub use reconnecting::{Event, Reconnecting};
