//! What can be set for each endpoint.

use std::sync::Arc;

use sockeye_types::{Deflate, Heartbeat, Limits};

use crate::{HttpStream, Origins, Overflow, SockJs, interceptor::ErasedInterceptor};

/// What can be set for each endpoint; see the setters of [`Endpoints`](crate::Endpoints).
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// Which origins may open sessions. Default: the server's own.
    pub origins: Origins,
    /// The subprotocols that are spoken, the preferred one first. Default: none.
    pub protocols: Vec<String>,
    /// What one peer may cost.
    pub limits: Limits,
    /// When a silent peer is asked, and when it is given up.
    pub heartbeat: Heartbeat,
    /// What happens to broadcasts that a slow peer has no room for.
    pub overflow: Overflow,
    /// Whether and how messages are compressed. Default: not.
    pub deflate: Option<Deflate>,
    /// Which transports of SockJS serve it beside WebSocket, and how. Default: none.
    pub sockjs: Option<SockJs>,
    /// The streaming response that carries its sessions, instead of WebSocket. Default: none.
    pub http_stream: Option<HttpStream>,
    pub(crate) interceptors: Vec<Arc<dyn ErasedInterceptor>>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("origins", &self.origins)
            .field("protocols", &self.protocols)
            .field("limits", &self.limits)
            .field("heartbeat", &self.heartbeat)
            .field("overflow", &self.overflow)
            .field("deflate", &self.deflate)
            .field("sockjs", &self.sockjs)
            .field("http_stream", &self.http_stream)
            .field("interceptors", &self.interceptors.len())
            .finish()
    }
}
