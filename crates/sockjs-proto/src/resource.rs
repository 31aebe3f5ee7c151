//! What the part of a request's path below a service's prefix names.

use std::fmt;

use http::Method;

use crate::{Receive, SendBy};

/// How long a server's or a session's id may be, in bytes. A client's own have 3 and 8 to 36.
pub const MAX_ID_BYTES: usize = 128;

/// What a path below the prefix names.
///
/// ```
/// use sockeye_sockjs_proto::{Receive, Resource};
///
/// let resource = Resource::of("/000/abc/xhr").unwrap();
/// assert_eq!(resource, Resource::Receive { session: "abc", by: Receive::Xhr });
/// assert_eq!(resource.allow(), "OPTIONS, POST");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "SockJS 0.3 has these, and a driver must know each"
)]
pub enum Resource<'a> {
    /// The prefix itself: a greeting.
    Greeting,
    /// `/iframe*.html`: the page through which old browsers reach a foreign server.
    Iframe,
    /// `/info`: what the server can do.
    Info,
    /// `/websocket`: a WebSocket without SockJS frames.
    RawWebSocket,
    /// `/{server}/{session}/websocket`: a WebSocket with SockJS frames. Its id names nothing: the session is the socket.
    WebSocket,
    /// A session's receiver.
    Receive {
        /// The session's id, as it stands in the path. It is secret: keep it from logs and handlers.
        session: &'a str,
        /// How the client receives.
        by: Receive,
    },
    /// Messages for a session.
    Send {
        /// The session's id, as it stands in the path. It is secret: keep it from logs and handlers.
        session: &'a str,
        /// How the client sends.
        by: SendBy,
    },
}

impl<'a> Resource<'a> {
    /// Finds what a path names. It is what follows the prefix, as the client wrote it: empty or beginning with `/`,
    /// without the query.
    ///
    /// Nothing is decoded, collapsed or normalised: `//xhr` and `/./a/xhr` name nothing. One slash may follow a path, as
    /// with the reference server.
    pub fn of(below: &'a str) -> Option<Self> {
        if below.is_empty() || below == "/" {
            return Some(Self::Greeting);
        }
        let path = below.strip_prefix('/')?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut parts = path.split('/');
        let first = parts.next()?;
        let Some(session) = parts.next() else {
            return Self::of_service(first);
        };
        let (last, None) = (parts.next()?, parts.next()) else {
            return None;
        };
        if is_id(first) && is_id(session) {
            Self::of_session(session, last)
        } else {
            None
        }
    }

    fn of_service(name: &str) -> Option<Self> {
        match name {
            "info" => Some(Self::Info),
            "websocket" => Some(Self::RawWebSocket),
            _ => is_iframe(name).then_some(Self::Iframe),
        }
    }

    fn of_session(session: &'a str, name: &str) -> Option<Self> {
        if name == "websocket" {
            return Some(Self::WebSocket);
        }
        let receive = Receive::ALL.into_iter().find(|by| by.name() == name);
        let send = || SendBy::ALL.into_iter().find(|by| by.name() == name);
        receive
            .map(|by| Self::Receive { session, by })
            .or_else(|| send().map(|by| Self::Send { session, by }))
    }

    /// Returns the value of `Allow`: the methods that this may be asked with.
    pub const fn allow(&self) -> &'static str {
        match self {
            Self::Greeting
            | Self::Iframe
            | Self::RawWebSocket
            | Self::WebSocket
            | Self::Receive {
                by: Receive::EventSource | Receive::HtmlFile | Receive::Jsonp,
                ..
            } => "GET",
            Self::Info => "OPTIONS, GET",
            Self::Receive {
                by: Receive::Xhr | Receive::XhrStreaming,
                ..
            }
            | Self::Send {
                by: SendBy::Xhr, ..
            } => "OPTIONS, POST",
            Self::Send {
                by: SendBy::Jsonp, ..
            } => "POST",
        }
    }

    /// Says whether this may be asked with a method. `HEAD` is none of them, as with the reference server.
    pub fn allows(&self, method: &Method) -> bool {
        self.allow()
            .split(", ")
            .any(|allowed| allowed == method.as_str())
    }
}

impl fmt::Debug for Resource<'_> {
    /// Leaves the session's id out: who reads it in a log has the session.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Greeting => f.write_str("Greeting"),
            Self::Iframe => f.write_str("Iframe"),
            Self::Info => f.write_str("Info"),
            Self::RawWebSocket => f.write_str("RawWebSocket"),
            Self::WebSocket => f.write_str("WebSocket"),
            Self::Receive { by, .. } => write!(f, "Receive({by:?})"),
            Self::Send { by, .. } => write!(f, "Send({by:?})"),
        }
    }
}

fn is_id(part: &str) -> bool {
    !part.is_empty() && part.len() <= MAX_ID_BYTES && !part.contains('.')
}

/// Lower case only: some servers before took `/IFRAME.HTML` for a session's path.
fn is_iframe(name: &str) -> bool {
    name.strip_prefix("iframe")
        .and_then(|rest| rest.strip_suffix(".html"))
        .is_some_and(|version| {
            version
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'.' | b'_' | b'-'))
        })
}

#[cfg(test)]
mod tests;
