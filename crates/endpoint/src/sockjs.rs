//! What can be set for SockJS on an endpoint.

use std::{fmt, sync::Arc, time::Duration};

use http::request::Parts;
use sockeye_types::{BinaryOverText, Transport};

use crate::Origins;

/// Finds out which user a request is of.
type UserOf = dyn Fn(&Parts) -> Option<String> + Send + Sync;

/// What can be set for SockJS on an endpoint: the options of Spring's `withSockJS()`, with its defaults, and bounds.
///
/// ```
/// use std::time::Duration;
/// use sockeye_endpoint::SockJs;
/// use sockeye_types::Transport;
///
/// let sockjs = SockJs::default()
///     .disconnect_delay(Duration::from_secs(10))
///     .without(Transport::EventSource)
///     .needs_cookie();
/// assert_eq!(sockjs.heartbeat, Duration::from_secs(25));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct SockJs {
    /// After how long without a frame a heartbeat is sent to a waiting receiver. Default 25 s: proxies cut silent
    /// responses at 60 s, some at 30 s. A WebSocket has the endpoint's own [`Heartbeat`](sockeye_types::Heartbeat).
    pub heartbeat: Duration,
    /// How long a session lives without a receiver. Default 5 s. A longer one survives worse networks, and keeps
    /// sessions of those who have left.
    pub disconnect_delay: Duration,
    /// After how many bytes of frames a streaming response ends, so that the client may free what it holds of it.
    /// Default 128 KiB; one large frame still leaves whole.
    pub stream_bytes: usize,
    /// How many messages may wait for a session's next receiver, beside the endpoint's
    /// [`outbox_bytes`](sockeye_types::Limits::outbox_bytes). Default 100. The endpoint's overflow policy says what
    /// happens beyond.
    pub cached_messages: usize,
    /// The largest body of a send, in bytes. Default 2 MiB: a message grows when it is written as JSON. A larger one is
    /// refused with 413. Each request under way may make the server hold this much.
    pub body_bytes: usize,
    /// How many messages one body may hold. Default 4,096. One more is refused with 413.
    pub body_messages: usize,
    /// How long a JSONP or htmlfile callback's name may be, in bytes. Default 32. A longer one is refused with 500, as
    /// SockJS has it.
    pub callback_bytes: usize,
    /// How many sessions carried by HTTP requests the endpoint may have at a time. Default 65,536. One more is refused
    /// with 503.
    pub sessions: usize,
    /// How many of them one address may have. Default 4,096. One more is refused with 429. Behind a proxy that is not
    /// trusted, all clients have its address.
    pub sessions_per_address: usize,
    /// The URL of the SockJS client that the iframe page loads: of the same version as the page's own, or iframe
    /// transports fail.
    pub client_url: String,
    /// The URL at which clients find the transports, if it is another than the one they asked: `base_url` of `/info`.
    pub base_url: Option<String>,
    /// Whether clients must bring cookies, for a load balancer that finds the right server by `JSESSIONID`. Default:
    /// no, and no cookie is set.
    pub session_cookie: bool,
    /// Whether answers leave out the headers of CORS, since something before the server adds its own. Default: no.
    /// Foreign origins are refused all the same.
    pub suppress_cors: bool,
    /// What becomes of a binary message on a transport that carries text only.
    pub binary: BinaryOverText,
    /// What a session's later requests must have in common with its first.
    pub(crate) binding: Binding,
    on: u16,
    off: u16,
}

/// What a session's later requests must have in common with its first.
#[derive(Clone, Default)]
pub(crate) struct Binding {
    pub(crate) address: bool,
    pub(crate) user: Option<Arc<UserOf>>,
}

/// The client that browsers load if nothing else is said.
const CLIENT_URL: &str = "https://cdn.jsdelivr.net/npm/sockjs-client@1.6.1/dist/sockjs.min.js";

impl Default for SockJs {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(25),
            disconnect_delay: Duration::from_secs(5),
            stream_bytes: 128 << 10,
            cached_messages: 100,
            body_bytes: 2 << 20,
            body_messages: 4096,
            callback_bytes: 32,
            sessions: 65_536,
            sessions_per_address: 4096,
            client_url: CLIENT_URL.to_owned(),
            base_url: None,
            session_cookie: false,
            suppress_cors: false,
            binary: BinaryOverText::default(),
            binding: Binding::default(),
            on: 0,
            off: 0,
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        impl SockJs {
            $($(#[$doc])* #[must_use] pub fn $name(mut self, $name: $kind) -> Self { self.$name = $name; self })*
        }
    };
}

setters! {
    /// Sets [`heartbeat`](Self::heartbeat).
    heartbeat: Duration,
    /// Sets [`disconnect_delay`](Self::disconnect_delay).
    disconnect_delay: Duration,
    /// Sets [`stream_bytes`](Self::stream_bytes).
    stream_bytes: usize,
    /// Sets [`cached_messages`](Self::cached_messages).
    cached_messages: usize,
    /// Sets [`body_bytes`](Self::body_bytes).
    body_bytes: usize,
    /// Sets [`body_messages`](Self::body_messages).
    body_messages: usize,
    /// Sets [`callback_bytes`](Self::callback_bytes).
    callback_bytes: usize,
    /// Sets [`sessions`](Self::sessions).
    sessions: usize,
    /// Sets [`sessions_per_address`](Self::sessions_per_address).
    sessions_per_address: usize,
    /// Sets [`binary`](Self::binary).
    binary: BinaryOverText,
}

impl SockJs {
    /// Sets [`client_url`](Self::client_url).
    #[must_use]
    pub fn client_url(mut self, url: impl Into<String>) -> Self {
        self.client_url = url.into();
        self
    }

    /// Sets [`base_url`](Self::base_url).
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Makes clients bring cookies: see [`session_cookie`](Self::session_cookie).
    #[must_use]
    pub fn needs_cookie(mut self) -> Self {
        self.session_cookie = true;
        self
    }

    /// Leaves out the headers of CORS: see [`suppress_cors`](Self::suppress_cors).
    #[must_use]
    pub fn without_cors(mut self) -> Self {
        self.suppress_cors = true;
        self
    }

    /// Offers a transport whatever the origins. [`Transport::WebSocket`] is the raw one, below `/websocket`.
    ///
    /// JSONP and htmlfile, and the iframe page that goes with the latter, are off once origins are restricted, as they
    /// are by default: a foreign page may use them with its visitor's cookies, and no `Origin` tells. Ask for them only
    /// if nothing depends on who the visitor is.
    #[must_use]
    pub fn with(mut self, transport: Transport) -> Self {
        self.on |= bit(transport);
        self.off &= !bit(transport);
        self
    }

    /// Does not offer a transport.
    #[must_use]
    pub fn without(mut self, transport: Transport) -> Self {
        self.off |= bit(transport);
        self.on &= !bit(transport);
        self
    }

    /// Offers no WebSocket at all, neither framed nor raw: `/info` says so.
    #[must_use]
    pub fn without_websocket(self) -> Self {
        self.without(Transport::WebSocket)
            .without(Transport::SockJsWebSocket)
    }

    /// Lets a session's later requests come from the address of its first only; others are told that there is no such
    /// session. The port may differ. Phones that change networks lose their sessions.
    #[must_use]
    pub fn bound_to_address(mut self) -> Self {
        self.binding.address = true;
        self
    }

    /// Lets a session's later requests come from the user of its first only, as `user_of` finds out from a request's
    /// head: a cookie, a token. Others are told that there is no such session.
    #[must_use]
    pub fn bound_to_user(
        mut self,
        user_of: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.binding.user = Some(Arc::new(user_of));
        self
    }

    /// Says whether a transport is offered where these origins are allowed.
    pub fn offers(&self, transport: Transport, origins: &Origins) -> bool {
        let bit = bit(transport);
        let by_default = match transport {
            Transport::HttpStream | Transport::Sse | Transport::Memory => false,
            Transport::HtmlFile | Transport::JsonpPolling => origins.is_any(),
            _ => true,
        };
        self.off & bit == 0 && (by_default || self.on & bit != 0)
    }

    /// Says whether sessions are bound to the address of their first request.
    pub fn is_bound_to_address(&self) -> bool {
        self.binding.address
    }

    /// Returns the user that a request is of, if sessions are bound to users and it has one.
    pub fn user_of(&self, head: &Parts) -> Option<String> {
        self.binding.user.as_ref()?(head)
    }
}

fn bit(transport: Transport) -> u16 {
    1 << transport as u16
}

impl fmt::Debug for SockJs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SockJs")
            .field("heartbeat", &self.heartbeat)
            .field("disconnect_delay", &self.disconnect_delay)
            .field("stream_bytes", &self.stream_bytes)
            .field("sessions", &self.sessions)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cors_can_not_protect_is_off_once_origins_are_restricted() {
        let (own, any) = (Origins::default(), Origins::named(["*"]).unwrap());
        let listed = Origins::named(["https://example.com"]).unwrap();
        let default = SockJs::default();
        for transport in Transport::SOCKJS {
            let unprotected = matches!(transport, Transport::HtmlFile | Transport::JsonpPolling);
            assert!(default.offers(transport, &any));
            assert_eq!(default.offers(transport, &own), !unprotected);
            assert_eq!(default.offers(transport, &listed), !unprotected);
            let asked = default.clone().with(transport);
            assert!(asked.offers(transport, &own));
            assert!(!asked.without(transport).offers(transport, &any));
        }
        assert!(default.offers(Transport::WebSocket, &own));
    }
}
