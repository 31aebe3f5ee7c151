//! What one endpoint's SockJS consists of, made once from its options.

use std::sync::Arc;

use http::{Method, Request, request::Parts};
use sockeye_endpoint::{BinaryOverText, Options, Origins, SockJs};
use sockeye_sockjs_proto::{
    BodyLimits, Capabilities, Cors, IframePage, Length, Receive, Resource, Rules, SendBy,
    SessionCookie, Times,
};
use sockeye_types::{Limits, Transport};

use crate::{
    carried::{Bound, Table},
    upgrade::{PeerAddr, is_handshake},
};

/// What one endpoint's SockJS consists of.
#[derive(Debug)]
pub(crate) struct Service {
    options: SockJs,
    origins: Origins,
    pub(super) limits: Limits,
    pub(super) binary: BinaryOverText,
    pub(super) rules: Rules,
    pub(super) times: Times,
    pub(super) capabilities: Capabilities,
    pub(super) iframe: IframePage,
    pub(super) table: Arc<Table>,
}

impl Service {
    /// Makes it, unless the endpoint has none.
    pub(crate) fn of(options: &Options) -> Option<Arc<Self>> {
        let sockjs = options.sockjs.clone()?;
        let origins = options.origins.clone();
        let has_websocket = sockjs.offers(Transport::SockJsWebSocket, &origins);
        Some(Arc::new(Self {
            limits: options.limits,
            binary: sockjs.binary,
            rules: Rules {
                cookie: if sockjs.session_cookie {
                    SessionCookie::JSessionId
                } else {
                    SessionCookie::None
                },
                cors: if sockjs.suppress_cors {
                    Cors::Suppressed
                } else {
                    Cors::Answered
                },
            },
            times: Times {
                heartbeat: sockjs.heartbeat,
                disconnect_delay: sockjs.disconnect_delay,
            },
            capabilities: Capabilities {
                websocket: has_websocket,
                cookie_needed: sockjs.session_cookie,
                base_url: sockjs.base_url.clone(),
            },
            iframe: IframePage::new(&sockjs.client_url),
            table: Table::new(sockjs.sessions, sockjs.sessions_per_address),
            options: sockjs,
            origins,
        }))
    }

    pub(super) fn options(&self) -> &SockJs {
        &self.options
    }

    /// Says whether the endpoint offers what a path names.
    pub(super) fn offers(&self, resource: Resource<'_>) -> bool {
        let offers = |transport| self.options.offers(transport, &self.origins);
        match resource {
            Resource::Greeting | Resource::Info => true,
            Resource::Iframe => offers(Transport::HtmlFile),
            Resource::RawWebSocket => offers(Transport::WebSocket),
            Resource::WebSocket => offers(Transport::SockJsWebSocket),
            Resource::Receive { by, .. } => offers(by.transport()),
            Resource::Send {
                by: SendBy::Jsonp, ..
            } => offers(Transport::JsonpPolling),
            Resource::Send {
                by: SendBy::Xhr, ..
            } => Receive::ALL
                .into_iter()
                .any(|by| by != Receive::Jsonp && offers(by.transport())),
        }
    }

    /// Says which transport a request is the handshake of; `None` if it is answered otherwise.
    pub(crate) fn handshake<B>(
        &self,
        resource: Option<Resource<'_>>,
        request: &Request<B>,
    ) -> Option<Transport> {
        if !is_handshake(request) {
            return None;
        }
        let transport = match resource? {
            // The endpoint itself takes WebSocket, whatever SockJS offers.
            Resource::Greeting => return Some(Transport::WebSocket),
            Resource::RawWebSocket => Transport::WebSocket,
            Resource::WebSocket => Transport::SockJsWebSocket,
            _ => return None,
        };
        let is_allowed = request.method() == Method::GET || request.method() == Method::CONNECT;
        (is_allowed && self.options.offers(transport, &self.origins)).then_some(transport)
    }

    /// Says whether pages of any site may come in.
    pub(super) fn is_open_to_all(&self) -> bool {
        self.origins.is_any()
    }

    /// What one body may hold.
    pub(crate) fn body_limits(&self) -> BodyLimits {
        BodyLimits {
            messages: self.options.body_messages,
            message_bytes: self.limits.message_bytes,
        }
    }

    /// Returns what becomes of binary messages.
    pub(crate) fn binary(&self) -> BinaryOverText {
        self.binary
    }

    /// Returns how large the frames of a WebSocket may be, which hold arrays of messages.
    pub(crate) fn framed_limits(&self) -> Limits {
        let limits = self.limits;
        let bytes = self.options.body_bytes;
        limits
            .message_bytes(limits.message_bytes.max(bytes))
            .frame_bytes(limits.frame_bytes.max(bytes))
    }

    /// Returns when a response to a receiver ends.
    pub(super) fn length(&self, by: Receive) -> Length {
        if by.is_streaming() {
            Length::Bytes(self.options.stream_bytes)
        } else {
            Length::OneFrame
        }
    }

    /// Finds out what a session of this request is bound to.
    pub(super) fn bound(&self, head: &Parts) -> Bound {
        let peer = head.extensions.get::<PeerAddr>();
        let address = peer.map(|peer| peer.0.ip().to_canonical());
        Bound {
            address: address.filter(|_| self.options.is_bound_to_address()),
            user: self.options.user_of(head),
        }
    }
}
