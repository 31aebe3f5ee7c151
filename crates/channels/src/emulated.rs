//! How a connection over HTTP is addressed by what its client sends beside it.

use std::sync::Arc;

/// A connection whose client sends by requests of their own (`/emulation`). Whoever carries it leaves this among the
/// session's attributes before it opens; the client learns it from the connect reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emulated {
    /// The server.
    pub node: Arc<str>,
    /// A secret by which the session is found: who knows it speaks for the client.
    pub session: Arc<str>,
}
