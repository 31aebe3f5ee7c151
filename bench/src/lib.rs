//! What the load generator and the comparison are made of. Linux only: CPU time comes from `/proc`.

pub mod host;
pub mod load;
pub mod measure;
mod peer;
pub mod show;
pub mod tls;

pub use peer::Peer;
