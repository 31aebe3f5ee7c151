//! The settings as they are written, section by section, with their defaults; not yet checked against each other.

use serde::{Deserialize, Serialize};
use sockeye::{ContextTakeover, Deflate, Heartbeat, Limits, Overflow};

use super::{
    api::RawApi,
    broker::RawBroker,
    channels::RawChannels,
    hooks::RawHooks,
    proxy::RawProxy,
    sockjs::RawSockJs,
    tls::RawTls,
    tokens::RawTokens,
    value::{Count, Listen, Period, Port, Size, Time, Workers},
};

/// Every section. What is serialized from its default is also the list of all keys there are.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Raw {
    pub(crate) server: RawServer,
    pub(crate) internal: RawInternal,
    pub(crate) limits: RawLimits,
    pub(crate) heartbeat: RawHeartbeat,
    pub(crate) deflate: RawDeflate,
    pub(crate) tls: RawTls,
    pub(crate) proxy: RawProxy,
    pub(crate) sockjs: RawSockJs,
    pub(crate) say: RawEndpoint,
    pub(crate) echo: RawEndpoint,
    pub(crate) channels: RawChannels,
    pub(crate) tokens: RawTokens,
    pub(crate) subscription_tokens: RawTokens,
    pub(crate) api: RawApi,
    pub(crate) hooks: RawHooks,
    pub(crate) broker: RawBroker,
}

/// `[server]`: where it listens and what one handshake may cost.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of its own in the file"
)]
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawServer {
    pub(crate) listen: Listen,
    pub(crate) workers: Workers,
    pub(crate) share_port: bool,
    pub(crate) head_bytes: Size,
    pub(crate) head_count: Count,
    pub(crate) connections: Count,
    pub(crate) http2: bool,
    pub(crate) h2c: bool,
    pub(crate) http2_streams: Count,
    pub(crate) handshake_time: Time,
    pub(crate) drain_time: Period,
    pub(crate) shutdown_time: Time,
}

/// `[internal]`: the port for those who watch the server.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawInternal {
    pub(crate) listen: Port,
}

/// `[limits]`: see [`Limits`], which each key is named after.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawLimits {
    pub(crate) message_bytes: Size,
    pub(crate) frame_bytes: Size,
    pub(crate) fragments: Count,
    pub(crate) message_time: Time,
    pub(crate) control_frames_per_second: Count,
    pub(crate) outbox_bytes: Size,
    pub(crate) stall_time: Time,
    pub(crate) close_time: Time,
}

/// `[heartbeat]`: see [`Heartbeat`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawHeartbeat {
    pub(crate) period: Period,
    pub(crate) deadline: Time,
}

/// `[deflate]`: see [`Deflate`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawDeflate {
    pub(crate) enabled: bool,
    pub(crate) level: u8,
    pub(crate) min_bytes: Size,
    pub(crate) own_context: RawContext,
    pub(crate) peer_context: RawContext,
    pub(crate) own_window: u8,
    pub(crate) peer_window: u8,
}

/// Whether a compressor remembers earlier messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawContext {
    Kept,
    None,
}

/// `[say]` and `[echo]`: an endpoint that comes with the program.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawEndpoint {
    pub(crate) enabled: bool,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) overflow: RawOverflow,
}

/// What happens when a peer reads more slowly than messages for it arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawOverflow {
    /// Its session is closed with 1013.
    Close,
    /// The oldest messages that wait for it are dropped.
    DropOldest,
    /// Only the latest message waits for it.
    KeepLatest,
}

impl From<RawOverflow> for Overflow {
    fn from(raw: RawOverflow) -> Self {
        match raw {
            RawOverflow::Close => Self::Close,
            RawOverflow::DropOldest => Self::DropOldest,
            RawOverflow::KeepLatest => Self::KeepLatest,
        }
    }
}

impl Default for RawServer {
    fn default() -> Self {
        Self {
            listen: Listen(([0, 0, 0, 0], 8080).into()),
            workers: Workers(None),
            share_port: false,
            head_bytes: Size(16 << 10),
            head_count: Count(100),
            connections: Count(100_000),
            http2: true,
            h2c: false,
            http2_streams: Count(128),
            handshake_time: Time::from_secs(10),
            drain_time: Period(None),
            shutdown_time: Time::from_secs(10),
        }
    }
}

impl Default for RawInternal {
    fn default() -> Self {
        // A fixed port would fail the second server on a machine.
        Self { listen: Port(None) }
    }
}

impl Default for RawLimits {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            message_bytes: Size(limits.message_bytes),
            frame_bytes: Size(limits.frame_bytes),
            fragments: Count(limits.fragments),
            message_time: Time(limits.message_time),
            control_frames_per_second: Count(limits.control_frames_per_second),
            // Room for several pictures of the page: people's networks are slow, and nobody is closed for that at once.
            outbox_bytes: Size(8 << 20),
            stall_time: Time(limits.stall_time),
            close_time: Time(limits.close_time),
        }
    }
}

impl Default for RawHeartbeat {
    fn default() -> Self {
        let heartbeat = Heartbeat::default();
        Self {
            period: Period(heartbeat.period),
            deadline: Time(heartbeat.deadline),
        }
    }
}

impl Default for RawDeflate {
    fn default() -> Self {
        let deflate = Deflate::default();
        Self {
            enabled: true,
            level: deflate.level,
            min_bytes: Size(deflate.min_bytes),
            own_context: deflate.own_context.into(),
            peer_context: deflate.peer_context.into(),
            own_window: deflate.own_window.as_u8(),
            peer_window: deflate.peer_window.as_u8(),
        }
    }
}

impl Default for RawEndpoint {
    fn default() -> Self {
        Self {
            enabled: true,
            allowed_origins: vec!["same-origin".to_owned()],
            overflow: RawOverflow::Close,
        }
    }
}

impl From<ContextTakeover> for RawContext {
    fn from(context: ContextTakeover) -> Self {
        match context {
            ContextTakeover::Kept => Self::Kept,
            ContextTakeover::None => Self::None,
        }
    }
}

impl From<RawContext> for ContextTakeover {
    fn from(context: RawContext) -> Self {
        match context {
            RawContext::Kept => Self::Kept,
            RawContext::None => Self::None,
        }
    }
}
