//! The ways in which the chat is held.

use std::time::Duration;

use clap::ValueEnum;
use sockeye_bench::{host::Program, load::Carrier};

/// What carries the chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    #[value(name = "websocket")]
    WebSocket,
    XhrStreaming,
    Xhr,
    EverySecond,
    EveryHalfSecond,
}

impl Way {
    /// Returns its name in tables and plots.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "WebSocket",
            Self::XhrStreaming => "SockJS xhr_streaming",
            Self::Xhr => "SockJS xhr (long polling)",
            Self::EverySecond => "GET every second",
            Self::EveryHalfSecond => "GET every half second",
        }
    }

    pub(crate) fn carrier(self) -> Carrier {
        match self {
            Self::WebSocket => Carrier::WebSocket,
            Self::XhrStreaming => Carrier::XhrStreaming,
            Self::Xhr => Carrier::Xhr,
            Self::EverySecond | Self::EveryHalfSecond => Carrier::RepeatedGet,
        }
    }

    /// Returns the path on the server.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::WebSocket => "/broadcast",
            Self::XhrStreaming | Self::Xhr => "/sockjs/broadcast",
            Self::EverySecond | Self::EveryHalfSecond => "/chat",
        }
    }

    /// Returns how often a client asks; the others are told.
    pub(crate) fn period(self) -> Duration {
        match self {
            Self::EveryHalfSecond => Duration::from_millis(500),
            _ => Duration::from_secs(1),
        }
    }

    /// Returns the server.
    pub(crate) fn program(self) -> anyhow::Result<Program> {
        match self.carrier() {
            Carrier::RepeatedGet => Program::beside("poll-server", &[]),
            _ => Program::beside("echo-server", &["--workers", "1"]),
        }
    }
}
