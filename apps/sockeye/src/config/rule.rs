//! The rules that settings must keep to be of use, and which settings are to blame for a broken one.

use sockeye::InvalidDeflate;
use thiserror::Error;

use super::{channels_rule::ChannelsRule, key::Key, sockjs::SockJsRule, tls::TlsRule};

/// The smallest buffer for a request's head that the HTTP parser works with.
pub(crate) const MIN_HEAD_BYTES: usize = 8 << 10;

/// The longest PROXY header of version 2 that holds addresses alone.
pub(crate) const MIN_PROTOCOL_BYTES: usize = 232;
/// How many streams can each have a window of their own within that of a connection in HTTP/2.
pub(crate) const MAX_HTTP2_STREAMS: u16 = 32_767;

/// A rule that the settings break.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum Rule {
    /// A size must not be zero.
    #[error("it must be above 0")]
    Zero,
    /// The HTTP parser needs more room.
    #[error("a head of {0} bytes is less than the {MIN_HEAD_BYTES} that the HTTP parser needs")]
    HeadTooSmall(usize),
    /// It is not written as a proxy's address.
    #[error(
        "\"{0}\" is no proxy: write an address such as \"192.0.2.7\", a network such as \"10.1.0.0/16\", \
         \"loopback\" or \"private\""
    )]
    NotAProxy(String),
    /// Proxies would be believed, but none is named.
    #[error("proxy.trusted names nobody whose word could count")]
    NobodyTrusted,
    /// Addresses would not fit.
    #[error(
        "{0} bytes are less than the {MIN_PROTOCOL_BYTES} that a header with its addresses may have"
    )]
    ProtocolBytesTooFew(usize),
    /// HTTP/2 has no room for so many.
    #[error("a connection in HTTP/2 has at most {MAX_HTTP2_STREAMS} streams, not {0}")]
    TooManyStreams(u32),
    /// HTTP/2 without TLS is HTTP/2.
    #[error("server.h2c turns on HTTP/2 without TLS, and server.http2 turns all HTTP/2 off")]
    H2cWithoutHttp2,
    /// No message can be as large as the limit says.
    #[error(
        "{fragments} frames of {frame_bytes} bytes can't carry a message of limits.message_bytes \
         ({message_bytes} bytes)"
    )]
    FragmentsTooFew {
        fragments: u32,
        frame_bytes: usize,
        message_bytes: usize,
    },
    /// A peer would be cut off by a single message more than the outbox holds.
    #[error(
        "limits.outbox_bytes ({outbox_bytes} bytes) must have room for one message of limits.message_bytes \
         ({message_bytes} bytes)"
    )]
    OutboxTooSmall {
        outbox_bytes: usize,
        message_bytes: usize,
    },
    /// zlib has no such level.
    #[error("the level must be 1 (fastest) to 9 (smallest), not {0}")]
    Level(u8),
    /// What `[tls]` says can't be done.
    #[error(transparent)]
    Tls(#[from] TlsRule),
    /// What `[sockjs]` says can't be done.
    #[error(transparent)]
    SockJs(#[from] SockJsRule),
    /// What `[channels]` or a section around it says can't be done.
    #[error(transparent)]
    Channels(#[from] ChannelsRule),
    /// It is no header's name.
    #[error("\"{0}\" is no header's name")]
    NotAHeader(String),
    /// RFC 7692 or zlib can't do it.
    #[error(transparent)]
    Deflate(#[from] InvalidDeflate),
    /// It is not written as an origin.
    #[error(
        "\"{0}\" is not an origin: write \"same-origin\", \"any\", one such as \"https://example.com\", \
         or a pattern such as \"https://*.example.com\""
    )]
    NotAnOrigin(String),
    /// No endpoint is left.
    #[error(
        "say.enabled, echo.enabled and channels.enabled are all false: nothing is left to serve"
    )]
    NothingServed,
}

/// A broken rule, and the settings it is about: the likeliest to blame first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Broken {
    pub(crate) keys: Vec<Key>,
    pub(crate) rule: Rule,
}

impl Broken {
    /// Blames one setting.
    pub(crate) fn new(section: &str, name: &str, rule: Rule) -> Self {
        let keys = vec![Key::new(section, name)];
        Self { keys, rule }
    }
}
