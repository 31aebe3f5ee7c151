//! What the load generator and the comparison are made of. Linux only: CPU time comes from `/proc`.

mod peer;

pub use peer::Peer;
