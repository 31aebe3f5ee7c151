//! How a session reaches the wire.

use std::fmt;

/// How a session reaches the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// WebSocket itself (RFC 6455): text and binary, each message as it is. Also SockJS's `/websocket` below the prefix.
    #[default]
    WebSocket,
    /// WebSocket with SockJS frames in its text messages.
    SockJsWebSocket,
    /// SockJS: one long response to a POST.
    XhrStreaming,
    /// SockJS: a response to a POST for each frame.
    XhrPolling,
    /// SockJS: server-sent events.
    EventSource,
    /// SockJS: an endless page of scripts, in a frame.
    HtmlFile,
    /// SockJS: a script for each frame.
    JsonpPolling,
    /// One endless response, messages as they are; what the client sends comes in requests of its own, if at all.
    HttpStream,
    /// The same as server-sent events.
    Sse,
    /// In memory, for tests.
    Memory,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::WebSocket,
        Self::SockJsWebSocket,
        Self::XhrStreaming,
        Self::XhrPolling,
        Self::EventSource,
        Self::HtmlFile,
        Self::JsonpPolling,
        Self::HttpStream,
        Self::Sse,
        Self::Memory,
    ];

    /// All of SockJS's own, in the order a client would choose.
    pub const SOCKJS: [Self; 6] = [
        Self::SockJsWebSocket,
        Self::XhrStreaming,
        Self::EventSource,
        Self::XhrPolling,
        Self::HtmlFile,
        Self::JsonpPolling,
    ];

    /// Returns the name that logs and metrics use: `websocket`, `xhr-streaming`, …
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::SockJsWebSocket => "sockjs-websocket",
            Self::XhrStreaming => "xhr-streaming",
            Self::XhrPolling => "xhr-polling",
            Self::EventSource => "eventsource",
            Self::HtmlFile => "htmlfile",
            Self::JsonpPolling => "jsonp-polling",
            Self::HttpStream => "http-stream",
            Self::Sse => "sse",
            Self::Memory => "memory",
        }
    }

    /// Says whether it carries text only: every transport with SockJS frames, and server-sent events.
    pub const fn is_text_only(self) -> bool {
        !matches!(self, Self::WebSocket | Self::HttpStream | Self::Memory)
    }

    /// Says whether a session on it is carried by HTTP requests.
    pub const fn is_http(self) -> bool {
        matches!(
            self,
            Self::XhrStreaming
                | Self::XhrPolling
                | Self::EventSource
                | Self::HtmlFile
                | Self::JsonpPolling
                | Self::HttpStream
                | Self::Sse
        )
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_has_each_transport_once_in_order_and_each_has_a_name_of_its_own() {
        for (at, transport) in Transport::ALL.into_iter().enumerate() {
            // Fails to compile for one that is not named here.
            let place = match transport {
                Transport::WebSocket => 0,
                Transport::SockJsWebSocket => 1,
                Transport::XhrStreaming => 2,
                Transport::XhrPolling => 3,
                Transport::EventSource => 4,
                Transport::HtmlFile => 5,
                Transport::JsonpPolling => 6,
                Transport::HttpStream => 7,
                Transport::Sse => 8,
                Transport::Memory => 9,
            };
            assert_eq!(place, at);
            let same = |other: &&Transport| other.as_str() == transport.as_str();
            assert_eq!(Transport::ALL.iter().filter(same).count(), 1);
        }
    }
}
