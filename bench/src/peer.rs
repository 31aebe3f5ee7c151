//! The peers' names, as flags and tables write them.

use clap::ValueEnum;

/// A server built on another library, and how its application writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the binaries of this package match on every peer"
)]
pub enum Peer {
    /// `tokio-tungstenite`, `send().await` for each message.
    Tungstenite,
    /// `tokio-tungstenite`, feeding all that is ready before one flush.
    TungsteniteBatched,
    /// `tokio-websockets`, `send().await` for each message.
    TokioWebsockets,
    /// `tokio-websockets`, feeding all that is ready before one flush.
    TokioWebsocketsBatched,
    /// `fastwebsockets`, which writes each frame at once.
    Fastwebsockets,
}
