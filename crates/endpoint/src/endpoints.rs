//! The registry: which handler serves which path, and with which options.

use std::sync::Arc;

use matchit::Router;
use sockeye_types::{Deflate, Heartbeat, Limits};
use thiserror::Error;

use crate::{
    Endpoint, HttpStream, Interceptor, InvalidOrigin, Origins, Overflow, Requests, Routes, SockJs,
    endpoint::{At, Route},
    options::Options,
    path_params::BELOW,
    program::IntoEndpointHandler,
};

/// Handlers on paths.
///
/// Setters apply to the endpoint that was added last; before the first one, they set the defaults for all.
///
/// ```
/// use sockeye_endpoint::{Endpoints, HandlerResult, Overflow, Socket};
///
/// async fn echo(mut socket: Socket) -> HandlerResult {
///     while let Some(message) = socket.recv().await {
///         socket.send(message).await?;
///     }
///     Ok(())
/// }
///
/// let endpoints = Endpoints::new()
///     .at("/echo", echo)
///     .at("/rooms/{room}/echo", echo)
///     .allowed_origins(["https://jocker.com", "https://*.example.com"])
///     .overflow(Overflow::DropOldest);
/// assert!(endpoints.into_routes().is_ok());
/// ```
#[derive(Debug, Default)]
#[must_use = "endpoints serve nobody until they are served or mounted"]
pub struct Endpoints {
    defaults: Options,
    added: Vec<(String, Options, crate::program::Form)>,
    requests: Vec<(String, Requests)>,
    invalid: Option<InvalidEndpoints>,
}

/// The endpoints contradict themselves.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidEndpoints {
    /// A path is malformed, or two paths match the same requests.
    #[error("path `{path}`: {reason}")]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An allowed origin is none.
    #[error(transparent)]
    Origin(#[from] InvalidOrigin),
    /// A subprotocol is no token (RFC 6455 §4.1).
    #[error("subprotocol `{0}` is not a token")]
    Protocol(String),
}

impl Endpoints {
    /// Starts with none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a handler at a path: `/say`, or with parameters `/rooms/{room}`, or with a rest `/files/{*path}`.
    ///
    /// The handler is a [`Handler`](crate::Handler), or an `async fn(Socket) -> HandlerResult`.
    pub fn at<K>(mut self, path: impl Into<String>, handler: impl IntoEndpointHandler<K>) -> Self {
        self.added
            .push((path.into(), self.defaults.clone(), handler.into_form()));
        self
    }

    /// Has a function answer plain requests on a path, or with a rest `/api/{*method}` on all paths that begin so.
    ///
    /// It goes before pages, and before whatever an endpoint on the same path says to requests that are no handshakes.
    /// Setters do not apply to it.
    pub fn requests(mut self, path: impl Into<String>, requests: Requests) -> Self {
        self.requests.push((path.into(), requests));
        self
    }

    /// Sets which origins may open sessions beside the server's own: `https://example.com`, `https://*.example.com`,
    /// `http://localhost:*`, or `*` for any. What is no origin is reported when the endpoints are served.
    pub fn allowed_origins<S: AsRef<str>>(mut self, origins: impl IntoIterator<Item = S>) -> Self {
        match Origins::named(origins) {
            Ok(origins) => self.options().origins = origins,
            Err(error) => {
                self.invalid.get_or_insert_with(|| error.into());
            }
        }
        self
    }

    /// Adds an interceptor; they are asked in the order they were added, until one refuses.
    pub fn interceptor(mut self, interceptor: impl Interceptor) -> Self {
        self.options().interceptors.push(Arc::new(interceptor));
        self
    }

    /// Sets the subprotocols that are spoken, the preferred one first. The first of them that the client offers is
    /// chosen; if it offers none of them, the session opens without one.
    pub fn protocols<S: AsRef<str>>(mut self, protocols: impl IntoIterator<Item = S>) -> Self {
        let protocols: Vec<String> = protocols
            .into_iter()
            .map(|protocol| protocol.as_ref().to_owned())
            .collect();
        if let Some(bad) = protocols.iter().find(|protocol| !is_token(protocol)) {
            self.invalid
                .get_or_insert_with(|| InvalidEndpoints::Protocol(bad.clone()));
        }
        self.options().protocols = protocols;
        self
    }

    /// Sets what one peer may cost.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options().limits = limits;
        self
    }

    /// Sets when a silent peer is asked, and when it is given up.
    pub fn heartbeat(mut self, heartbeat: Heartbeat) -> Self {
        self.options().heartbeat = heartbeat;
        self
    }

    /// Sets what happens to broadcasts that a slow peer has no room for.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.options().overflow = overflow;
        self
    }

    /// Sets whether and how messages are compressed (RFC 7692).
    pub fn deflate(mut self, deflate: impl Into<Option<Deflate>>) -> Self {
        self.options().deflate = deflate.into();
        self
    }

    /// Serves the endpoint over SockJS, too, with the defaults: every transport of SockJS 0.3 below the endpoint's path,
    /// for browsers and networks where WebSocket can not pass. The path itself still takes WebSocket.
    ///
    /// Nothing else can be served below the path, but for endpoints whose own paths are more exact.
    pub fn with_sockjs(self) -> Self {
        self.sockjs(SockJs::default())
    }

    /// Serves the endpoint over SockJS, or no more: see [`with_sockjs`](Self::with_sockjs).
    pub fn sockjs(mut self, sockjs: impl Into<Option<SockJs>>) -> Self {
        self.options().sockjs = sockjs.into();
        self
    }

    /// Serves the endpoint over streaming responses, and over nothing else: no WebSocket, no SockJS.
    pub fn over(mut self, stream: HttpStream) -> Self {
        let options = self.options();
        options.http_stream = Some(stream);
        options.sockjs = None;
        self
    }

    /// Checks everything and makes the table of routes that a server serves.
    ///
    /// # Errors
    /// [`InvalidEndpoints`] names the first thing that is wrong.
    pub fn into_routes(self) -> Result<Routes, InvalidEndpoints> {
        if let Some(invalid) = self.invalid {
            return Err(invalid);
        }
        let mut router = Router::new();
        for (path, options, form) in self.added {
            let has_resources_below = options.sockjs.is_some() && options.http_stream.is_none();
            let endpoint = Arc::new(Endpoint::new(options, form));
            let mut patterns = vec![(path.clone(), At::Path)];
            if has_resources_below {
                patterns.extend(below(&path).map(|pattern| (pattern, At::Below)));
            }
            for (pattern, place) in patterns {
                let endpoint = Arc::clone(&endpoint);
                router
                    .insert(pattern, Route { endpoint, place })
                    .map_err(|error| invalid_path(&path, &error))?;
            }
        }
        let mut answered = Router::new();
        for (path, requests) in self.requests {
            answered
                .insert(path.clone(), requests)
                .map_err(|error| invalid_path(&path, &error))?;
        }
        Ok(Routes::new(router, answered))
    }

    fn options(&mut self) -> &mut Options {
        match self.added.last_mut() {
            Some((_, options, _)) => options,
            None => &mut self.defaults,
        }
    }
}

/// The patterns of what is below a path.
fn below(path: &str) -> impl Iterator<Item = String> {
    let prefix = path.trim_end_matches('/');
    let directory = (prefix.len() == path.len()).then(|| format!("{prefix}/"));
    directory
        .into_iter()
        .chain([format!("{prefix}/{{*{BELOW}}}")])
}

fn invalid_path(path: &str, error: &matchit::InsertError) -> InvalidEndpoints {
    InvalidEndpoints::Path {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

/// A token of RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests;
