//! The ways in which HTTP requests carry a session: what is known of each, as rows of facts.

use sockeye_types::Transport;

/// How a client receives over HTTP. The names are those at the end of the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "SockJS 0.3 has these, and a driver must know each"
)]
pub enum Receive {
    /// `/xhr`: a POST is answered with one frame.
    Xhr,
    /// `/xhr_streaming`: a POST is answered with frames until the response is long enough.
    XhrStreaming,
    /// `/eventsource`: server-sent events.
    EventSource,
    /// `/htmlfile`: a page of scripts, in a frame.
    HtmlFile,
    /// `/jsonp`: a script with one frame.
    Jsonp,
}

/// How a client sends over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "SockJS 0.3 has these, and a driver must know each"
)]
pub enum SendBy {
    /// `/xhr_send`: the body is JSON, the answer is empty.
    Xhr,
    /// `/jsonp_send`: the body is a form or JSON, the answer is `ok`.
    Jsonp,
}

impl Receive {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Xhr,
        Self::XhrStreaming,
        Self::EventSource,
        Self::HtmlFile,
        Self::Jsonp,
    ];

    /// Returns the transport that a session received like this is on.
    pub const fn transport(self) -> Transport {
        match self {
            Self::Xhr => Transport::XhrPolling,
            Self::XhrStreaming => Transport::XhrStreaming,
            Self::EventSource => Transport::EventSource,
            Self::HtmlFile => Transport::HtmlFile,
            Self::Jsonp => Transport::JsonpPolling,
        }
    }

    /// Says whether a response carries many frames. The others end after one.
    pub const fn is_streaming(self) -> bool {
        matches!(
            self,
            Self::XhrStreaming | Self::EventSource | Self::HtmlFile
        )
    }

    /// Says whether frames are handed to a function of the page that the request names.
    pub const fn has_callback(self) -> bool {
        matches!(self, Self::HtmlFile | Self::Jsonp)
    }

    /// Returns the `Content-Type` of the response. Clients and the protocol's suite compare it letter by letter.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Xhr | Self::XhrStreaming | Self::Jsonp => "application/javascript; charset=UTF-8",
            // Without a charset: server-sent events are UTF-8 and nothing else.
            Self::EventSource => "text/event-stream",
            Self::HtmlFile => "text/html; charset=UTF-8",
        }
    }

    /// Returns the URL's last part.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xhr => "xhr",
            Self::XhrStreaming => "xhr_streaming",
            Self::EventSource => "eventsource",
            Self::HtmlFile => "htmlfile",
            Self::Jsonp => "jsonp",
        }
    }

    /// Returns the one verb that it is asked for with, beside `OPTIONS`.
    pub const fn method(self) -> http::Method {
        match self {
            Self::Xhr | Self::XhrStreaming => http::Method::POST,
            Self::EventSource | Self::HtmlFile | Self::Jsonp => http::Method::GET,
        }
    }
}

impl SendBy {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Xhr, Self::Jsonp];

    /// Returns the URL's last part.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xhr => "xhr_send",
            Self::Jsonp => "jsonp_send",
        }
    }
}
