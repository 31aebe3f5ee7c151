//! What a server costs, read from outside: its CPU time, its memory, and what several readings say together.

mod affinity;
mod memory;
mod schedstat;
mod stats;

pub use affinity::{pin, pin_to, usable_cpus};
pub use memory::{resident_bytes, use_ordinary_pages};
pub use schedstat::cpu_time_at_rest;
pub use stats::{Spread, ratios};
