//! How often a silent peer is asked whether it is alive, and how long it may take to answer.

use std::time::Duration;

/// When to ping a silent peer, and when to give it up. Any inbound byte is a sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Heartbeat {
    /// After how long a silence a ping is sent; `None` sends none. Default 25 s: proxies cut at 60 s, some at 30 s.
    /// A shorter period finds dead peers sooner and costs every idle connection a frame each way.
    pub period: Option<Duration>,
    /// How long after the ping the first byte of life must arrive. Default 10 s. A shorter one cuts phones that
    /// change networks.
    pub deadline: Duration,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self {
            period: Some(Duration::from_secs(25)),
            deadline: Duration::from_secs(10),
        }
    }
}

impl Heartbeat {
    /// Sets after how long a silence a ping is sent.
    #[must_use]
    pub fn period(mut self, period: impl Into<Option<Duration>>) -> Self {
        self.period = period.into();
        self
    }

    /// Sets how long after a ping a sign of life must arrive.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// No pings at all: for peers behind something that keeps the connection alive by itself.
    #[must_use]
    pub fn off() -> Self {
        Self::default().period(None)
    }
}
