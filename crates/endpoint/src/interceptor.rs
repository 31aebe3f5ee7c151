//! Code that sees an upgrade request before it is answered.

use std::{fmt, future::Future, net::SocketAddr, pin::Pin};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, request::Parts};

use crate::{Attributes, PathParams};

/// A request for an upgrade, before it is answered.
#[derive(Debug)]
#[non_exhaustive]
pub struct UpgradeRequest<'a> {
    /// The head of the request.
    pub head: &'a Parts,
    /// The parameters of the endpoint's path.
    pub params: &'a PathParams,
    /// The peer's address, if the transport has one.
    pub peer_addr: Option<SocketAddr>,
    /// What is put here becomes an attribute of the session: see [`Session::attribute`](crate::Session::attribute).
    pub attributes: Attributes,
}

impl<'a> UpgradeRequest<'a> {
    /// Makes one of a request's head.
    pub fn new(head: &'a Parts, params: &'a PathParams, peer_addr: Option<SocketAddr>) -> Self {
        Self {
            head,
            params,
            peer_addr,
            attributes: Attributes::new(),
        }
    }

    /// Returns the request's headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Returns the request's target.
    pub fn uri(&self) -> &Uri {
        &self.head.uri
    }
}

/// Decides about upgrade requests before they are answered: authentication, quotas, attributes for the session.
///
/// An `async fn` or closure from `&mut UpgradeRequest` to `Result<(), Refusal>` that waits for nothing is one as well.
/// It runs within the server's `handshake_time`; what it waits for is dropped when the client leaves or the time is up.
pub trait Interceptor: Send + Sync + 'static {
    /// Lets the request pass, or refuses it.
    ///
    /// # Errors
    /// A [`Refusal`] is the response that the client gets instead of the upgrade.
    fn before_upgrade(
        &self,
        request: &mut UpgradeRequest<'_>,
    ) -> impl Future<Output = Result<(), Refusal>> + Send;
}

impl<F> Interceptor for F
where
    F: Fn(&mut UpgradeRequest<'_>) -> Result<(), Refusal> + Send + Sync + 'static,
{
    fn before_upgrade(
        &self,
        request: &mut UpgradeRequest<'_>,
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        std::future::ready(self(request))
    }
}

type Decision<'a> = Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send + 'a>>;

/// An [`Interceptor`] of whatever type.
pub(crate) trait ErasedInterceptor: Send + Sync {
    fn before_upgrade<'a>(&'a self, request: &'a mut UpgradeRequest<'_>) -> Decision<'a>;
}

impl<I: Interceptor> ErasedInterceptor for I {
    fn before_upgrade<'a>(&'a self, request: &'a mut UpgradeRequest<'_>) -> Decision<'a> {
        // A closure decides while it is called: called in here, its panic is one of the future's.
        Box::pin(async move { Interceptor::before_upgrade(self, request).await })
    }
}

/// The response to a request that is refused: a status, words, and headers where they help.
#[derive(Clone, Debug)]
pub struct Refusal(Box<http::Response<String>>);

impl Refusal {
    /// Refuses with a status and words that the client may read.
    pub fn new(status: StatusCode, body: impl Into<String>) -> Self {
        let mut response = http::Response::new(body.into());
        *response.status_mut() = status;
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, text);
        Self(Box::new(response))
    }

    /// Adds a header, such as `WWW-Authenticate` or `Retry-After`; one of the same name is replaced.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers_mut().insert(name, value);
        self
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// Returns the words.
    pub fn body(&self) -> &str {
        self.0.body()
    }

    /// Makes it a response: plain text, unless a header says otherwise.
    pub fn into_response(self) -> http::Response<String> {
        *self.0
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status(), self.body().trim_end())
    }
}
