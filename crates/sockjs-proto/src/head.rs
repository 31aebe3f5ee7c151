//! The heads of answers, and the bodies of those that are always the same: who may cache them, which pages may read
//! them, which cookie they set.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use crate::{Capabilities, IframePage, Receive, RequestError, Resource, SendBy};

/// What a service has decided about the heads of its answers.
///
/// The functions take the request's headers. Whether its origin may come in at all is decided before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Whether sessions set a cookie.
    pub cookie: SessionCookie,
    /// Whether answers say which pages may read them.
    pub cors: Cors,
}

/// Whether answers to a session's requests set `JSESSIONID`, by which some load balancers find the right server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it is set or it is not")]
pub enum SessionCookie {
    /// No cookie.
    #[default]
    None,
    /// The cookie that the client has, or else `dummy`.
    JSessionId,
}

/// Whether answers carry the headers of CORS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "they are there or something else adds them"
)]
pub enum Cors {
    /// They do, with the request's origin.
    #[default]
    Answered,
    /// They do not: something before the server adds its own.
    Suppressed,
}

const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=UTF-8");
const NEVER_CACHED: HeaderValue =
    HeaderValue::from_static("no-store, no-cache, no-transform, must-revalidate, max-age=0");
const LONG_CACHED: HeaderValue = HeaderValue::from_static("public, max-age=31536000");
/// Caches that know `max-age` do not read it (RFC 9111 §5.3), so that it need not come from a clock.
const EXPIRES: HeaderValue = HeaderValue::from_static("Thu, 31 Dec 2037 23:55:55 GMT");
const YEAR_SECONDS: HeaderValue = HeaderValue::from_static("31536000");
/// When a server that is full may be asked again, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("10");
/// The longest value of `JSESSIONID` that is echoed, in bytes.
const COOKIE_BYTES: usize = 256;

impl Rules {
    /// Answers a GET of the prefix.
    pub fn greeting(&self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from_static(b"Welcome to SockJS!\n"));
        response.headers_mut().insert(header::CONTENT_TYPE, PLAIN);
        response
    }

    /// Answers a GET of `/info`. For `entropy` see [`Capabilities::body`].
    pub fn info(
        &self,
        request: &HeaderMap,
        capabilities: &Capabilities,
        entropy: u32,
    ) -> Response<Bytes> {
        let mut response = Response::new(capabilities.body(entropy));
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json; charset=UTF-8");
        headers.insert(header::CONTENT_TYPE, json);
        self.never_cached(request, Resource::Info, headers);
        response
    }

    /// Answers a GET of the iframe page: with 304 if the client has it.
    pub fn iframe(&self, request: &HeaderMap, page: &IframePage) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        let headers = response.headers_mut();
        headers.insert(header::ETAG, page.tag.clone());
        long_cached(headers);
        let mut known = request.get_all(header::IF_NONE_MATCH).iter();
        if known.any(|tags| page.is_named_by(tags)) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        let html = HeaderValue::from_static("text/html; charset=UTF-8");
        headers.insert(header::CONTENT_TYPE, html);
        *response.body_mut() = page.body.clone();
        response
    }

    /// Answers an OPTIONS: what a browser asks before a foreign page may send.
    pub fn preflight(&self, request: &HeaderMap, resource: Resource<'_>) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        long_cached(headers);
        self.session(request, resource, headers);
        if self.cors == Cors::Suppressed {
            return response;
        }
        let allow = HeaderValue::from_static(resource.allow());
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, allow);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, YEAR_SECONDS);
        if let Some(asked) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS)
            && !asked.is_empty()
        {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        response
    }

    /// Returns the head of the answer to a receiver. It says nothing of its length: frames follow.
    pub fn receive(&self, request: &HeaderMap, by: Receive) -> Response<()> {
        let mut response = Response::new(());
        let headers = response.headers_mut();
        let media = HeaderValue::from_static(by.content_type());
        headers.insert(header::CONTENT_TYPE, media);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        if by.is_streaming() {
            // nginx would else hold frames back until it has a buffer full of them.
            headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
        }
        let resource = Resource::Receive { session: "", by };
        self.never_cached(request, resource, headers);
        response
    }

    /// Answers a send that was taken.
    pub fn sent(&self, request: &HeaderMap, by: SendBy) -> Response<Bytes> {
        let mut response = match by {
            SendBy::Xhr => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = StatusCode::NO_CONTENT;
                response
            }
            // Some browsers do not take a 204 for the answer to a form.
            SendBy::Jsonp => Response::new(Bytes::from_static(b"ok")),
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PLAIN);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        let resource = Resource::Send { session: "", by };
        self.never_cached(request, resource, headers);
        response
    }

    /// Answers a request with a method that the resource does not have. The suite wants no body and no type.
    pub fn method_not_allowed(&self, resource: Resource<'_>) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        let allow = HeaderValue::from_static(resource.allow());
        response.headers_mut().insert(header::ALLOW, allow);
        response
    }

    /// Refuses a request, to a resource if it names one.
    pub fn error(
        &self,
        request: &HeaderMap,
        resource: Option<Resource<'_>>,
        error: RequestError,
    ) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(error.to_string()));
        *response.status_mut() = error.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PLAIN);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        headers.insert(header::CACHE_CONTROL, NEVER_CACHED);
        if matches!(
            error.status(),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
        ) {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        // A page that may not come in may not read why either.
        if let Some(resource) = resource
            && error != RequestError::ForeignOrigin
        {
            self.session(request, resource, headers);
        }
        response
    }

    fn never_cached(&self, request: &HeaderMap, resource: Resource<'_>, headers: &mut HeaderMap) {
        headers.insert(header::CACHE_CONTROL, NEVER_CACHED);
        self.session(request, resource, headers);
    }

    /// Adds the cookie and the headers of CORS that the resource has.
    fn session(&self, request: &HeaderMap, resource: Resource<'_>, headers: &mut HeaderMap) {
        let is_session = matches!(resource, Resource::Receive { .. } | Resource::Send { .. });
        if self.cookie == SessionCookie::JSessionId && is_session {
            headers.insert(header::SET_COOKIE, session_cookie(request));
        }
        let reader = match self.cors {
            Cors::Answered => Reader::of(resource),
            Cors::Suppressed => Reader::OwnPages,
        };
        if reader == Reader::OwnPages {
            return;
        }
        let origin = request.get(header::ORIGIN);
        let named = origin.filter(|origin| reader == Reader::AnyPage || *origin != "null");
        let allowed = named.cloned().unwrap_or(HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        if named.is_some() {
            // Never beside `*`: browsers refuse that (Fetch §3.3.5).
            let yes = HeaderValue::from_static("true");
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        }
    }
}

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Which pages read a resource by CORS.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// Those of the same origin, or all without CORS, as scripts and frames.
    OwnPages,
    /// All.
    AnyPage,
    /// All, but those without an origin bring no cookies.
    AnyNamedPage,
}

impl Reader {
    const fn of(resource: Resource<'_>) -> Self {
        match resource {
            Resource::Info
            | Resource::Receive {
                by: Receive::Xhr | Receive::XhrStreaming,
                ..
            }
            | Resource::Send {
                by: SendBy::Xhr, ..
            } => Self::AnyPage,
            Resource::Receive {
                by: Receive::EventSource,
                ..
            } => Self::AnyNamedPage,
            _ => Self::OwnPages,
        }
    }
}

fn long_cached(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, LONG_CACHED);
    headers.insert(header::EXPIRES, EXPIRES);
}

/// The suite wants `path=/` to be the first attribute.
fn session_cookie(request: &HeaderMap) -> HeaderValue {
    let known = request
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|pairs| pairs.as_bytes().split(|byte| *byte == b';'))
        .find_map(|pair| pair.trim_ascii().strip_prefix(b"JSESSIONID="))
        .filter(|value| !value.is_empty() && value.len() <= COOKIE_BYTES)
        .filter(|value| value.iter().copied().all(is_cookie_octet))
        .unwrap_or(b"dummy");
    let cookie = [b"JSESSIONID=", known, b"; path=/"].concat();
    HeaderValue::from_bytes(&cookie).unwrap_or(HeaderValue::from_static("JSESSIONID=dummy; path=/"))
}

/// RFC 6265 §4.1.1.
const fn is_cookie_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

#[cfg(test)]
mod tests;
