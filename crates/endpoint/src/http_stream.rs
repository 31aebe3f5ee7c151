//! What can be set for an endpoint whose sessions are carried by one streaming response each.

use std::{fmt, sync::Arc, time::Duration};

use sockeye_types::{Close, Message};

use crate::{Session, Uplink};

type Farewell = dyn Fn(&Session, &Close) -> Option<Message> + Send + Sync;

/// How an endpoint is served over a streaming response: see [`Endpoints::over`](crate::Endpoints::over).
///
/// The request's body, or a parameter of its query, is the session's first message. The rest comes through an
/// [`Uplink`], or not at all: then the session goes one way.
///
/// ```
/// use sockeye_endpoint::{Endpoints, HandlerResult, HttpStream, Socket, Uplink};
///
/// async fn chat(mut socket: Socket) -> HandlerResult {
///     while let Some(message) = socket.recv().await {
///         socket.send(message).await?;
///     }
///     Ok(())
/// }
///
/// let uplink = Uplink::new();
/// let endpoints = Endpoints::new()
///     .at("/chat", chat)
///     .at("/chat/stream", chat)
///     .over(HttpStream::lines().uplink(&uplink))
///     .at("/chat/events", chat)
///     .over(HttpStream::events("hello").uplink(&uplink));
/// assert!(endpoints.into_routes().is_ok());
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpStream {
    /// How messages are framed.
    pub framing: StreamFraming,
    /// The largest first message, in bytes. Default 64 KiB. A larger one is refused with 413. As much may wait for a busy
    /// handler.
    pub body_bytes: usize,
    /// How long the first message may take to arrive. Default 10 s. A slower one is refused with 408.
    pub body_time: Duration,
    /// How many sessions the endpoint may have at a time. Default 65,536. One more is refused with 503.
    pub sessions: usize,
    /// How many of them one address may have. Default 4,096. One more is refused with 429. Behind a proxy that is not
    /// trusted, all clients have its address.
    pub sessions_per_address: usize,
    uplink: Option<Uplink>,
    farewell: Option<Arc<Farewell>>,
}

/// How messages are framed in a streaming response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must write each")]
pub enum StreamFraming {
    /// Each text ends its line, if it does not yet; binary messages, which are to tell their length themselves, go as they
    /// are. Asked for with `POST`, whose body is the first message: binary if it is an `application/octet-stream`.
    Lines,
    /// Server-sent events: each line of a text is an event. Asked for with `POST`, or with `GET` and the first message in
    /// the query.
    Events {
        /// The parameter that the first message is in.
        parameter: String,
    },
}

impl HttpStream {
    /// Messages as they are: see [`StreamFraming::Lines`].
    pub fn lines() -> Self {
        Self::framed(StreamFraming::Lines)
    }

    /// Server-sent events: see [`StreamFraming::Events`].
    pub fn events(parameter: impl Into<String>) -> Self {
        Self::framed(StreamFraming::Events {
            parameter: parameter.into(),
        })
    }

    fn framed(framing: StreamFraming) -> Self {
        Self {
            framing,
            body_bytes: 64 << 10,
            body_time: Duration::from_secs(10),
            sessions: 65_536,
            sessions_per_address: 4096,
            uplink: None,
            farewell: None,
        }
    }

    /// Lets messages come through an uplink after the first. The session's [`UplinkKey`](crate::UplinkKey) is an
    /// attribute of it.
    #[must_use]
    pub fn uplink(mut self, uplink: &Uplink) -> Self {
        self.uplink = Some(uplink.clone());
        self
    }

    /// Has a last message tell why the session closes, since a response ends without a word. It is asked once the
    /// session closes, whoever closes it; it must not wait for anything.
    #[must_use]
    pub fn farewell(
        mut self,
        farewell: impl Fn(&Session, &Close) -> Option<Message> + Send + Sync + 'static,
    ) -> Self {
        self.farewell = Some(Arc::new(farewell));
        self
    }

    /// Sets [`body_bytes`](Self::body_bytes).
    #[must_use]
    pub fn body_bytes(mut self, body_bytes: usize) -> Self {
        self.body_bytes = body_bytes;
        self
    }

    /// Sets [`body_time`](Self::body_time).
    #[must_use]
    pub fn body_time(mut self, body_time: Duration) -> Self {
        self.body_time = body_time;
        self
    }

    /// Sets [`sessions`](Self::sessions).
    #[must_use]
    pub fn sessions(mut self, sessions: usize) -> Self {
        self.sessions = sessions;
        self
    }

    /// Sets [`sessions_per_address`](Self::sessions_per_address).
    #[must_use]
    pub fn sessions_per_address(mut self, sessions_per_address: usize) -> Self {
        self.sessions_per_address = sessions_per_address;
        self
    }

    /// Returns the uplink, if messages come through one.
    pub fn find_uplink(&self) -> Option<&Uplink> {
        self.uplink.as_ref()
    }

    /// Returns the last message of a session that closes, if there is to be one. A function that panics has none.
    pub fn last_message(&self, session: &Session, close: &Close) -> Option<Message> {
        let farewell = self.farewell.as_ref()?;
        crate::catch::caught(|| farewell(session, close))
            .inspect_err(|panic| tracing::error!(%panic, "a farewell panicked"))
            .ok()?
    }
}

impl fmt::Debug for HttpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpStream")
            .field("framing", &self.framing)
            .field("body_bytes", &self.body_bytes)
            .field("uplink", &self.uplink.is_some())
            .finish_non_exhaustive()
    }
}
