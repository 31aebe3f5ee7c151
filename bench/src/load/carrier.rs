//! Where a load goes, and what carries it.

use std::net::SocketAddr;

use clap::ValueEnum;

use super::Headers;

/// How messages travel between a client of the generator and a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the binaries of this package match on every carrier"
)]
pub enum Carrier {
    /// A WebSocket, without SockJS's frames.
    #[value(name = "websocket")]
    WebSocket,
    /// SockJS: one endless response to the client, a request for what the client sends.
    XhrStreaming,
    /// SockJS: a response for each time there is something to hear, a request for what the client sends.
    Xhr,
    /// SockJS: one endless stream of events to the client, a request for what the client sends.
    #[value(name = "eventsource")]
    EventSource,
    /// No SockJS: a request every so often asks what is new, another says something.
    RepeatedGet,
}

/// A server's path, and how it is spoken to.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Target {
    /// The server.
    pub server: SocketAddr,
    /// What carries the messages.
    pub carrier: Carrier,
    /// The path of the WebSocket, the prefix of SockJS's resources, or what `/poll` and `/say` lie below.
    pub path: &'static str,
    /// What requests have in their heads.
    pub headers: Headers,
    /// What is offered as extensions of WebSocket, and must be accepted.
    pub offer: Option<&'static str>,
    /// Whether TLS is on the socket; only WebSockets can have it here.
    pub security: Security,
}

/// Whether TLS is on a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it is or it is not")]
pub enum Security {
    /// TCP alone.
    Plain,
    /// TLS, with whatever certificate the server has.
    Tls,
}

impl Target {
    /// Goes to a path, with no more in a request's head than it needs.
    pub const fn new(server: SocketAddr, carrier: Carrier, path: &'static str) -> Self {
        Self {
            server,
            carrier,
            path,
            headers: Headers::Bare,
            offer: None,
            security: Security::Plain,
        }
    }

    /// Goes to the echo that every server of this package has for that carrier.
    pub const fn echo(server: SocketAddr, carrier: Carrier) -> Self {
        let path = match carrier {
            Carrier::WebSocket => "/",
            _ => "/sockjs/echo",
        };
        Self::new(server, carrier, path)
    }

    /// Goes to the fan-out to all that every server of this package has for that carrier.
    pub const fn broadcast(server: SocketAddr, carrier: Carrier) -> Self {
        let path = match carrier {
            Carrier::WebSocket => "/broadcast",
            _ => "/sockjs/broadcast",
        };
        Self::new(server, carrier, path)
    }

    /// Goes to the echo that deflates each message by itself.
    pub const fn deflated(server: SocketAddr) -> Self {
        let mut this = Self::new(server, Carrier::WebSocket, "/deflate");
        this.offer =
            Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover");
        this
    }

    /// Goes to the echo that deflates messages in the context of those before.
    pub const fn deflated_in_context(server: SocketAddr) -> Self {
        let mut this = Self::new(server, Carrier::WebSocket, "/deflate-context");
        this.offer = Some("permessage-deflate");
        this
    }

    /// Goes to the page that servers have who can serve one.
    pub const fn page(server: SocketAddr) -> Self {
        Self::new(server, Carrier::RepeatedGet, "/page")
    }

    /// Has TLS on the socket.
    #[must_use]
    pub const fn over_tls(mut self) -> Self {
        self.security = Security::Tls;
        self
    }

    /// Has requests look like a browser's.
    #[must_use]
    pub const fn as_a_browser(mut self) -> Self {
        self.headers = Headers::Browser;
        self
    }
}
