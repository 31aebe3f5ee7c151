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
    /// `sockudo-ws`, `send().await` for each message.
    Sockudo,
    /// `sockudo-ws`, feeding all that is ready before one flush.
    SockudoBatched,
    /// `yawc`, `send().await` for each message.
    Yawc,
    /// `yawc`, feeding all that is ready before one flush.
    YawcBatched,
    /// `ws-tool`, which writes each message as it is sent.
    WsTool,
    /// `axum`, `send().await` for each message.
    Axum,
    /// `axum`, feeding all that is ready before one flush.
    AxumBatched,
}

impl Peer {
    /// Says whether its application feeds all that is ready before one flush.
    pub const fn is_batched(self) -> bool {
        match self {
            Self::TungsteniteBatched
            | Self::TokioWebsocketsBatched
            | Self::SockudoBatched
            | Self::YawcBatched
            | Self::AxumBatched => true,
            Self::Tungstenite
            | Self::TokioWebsockets
            | Self::Fastwebsockets
            | Self::Sockudo
            | Self::Yawc
            | Self::WsTool
            | Self::Axum => false,
        }
    }
}
