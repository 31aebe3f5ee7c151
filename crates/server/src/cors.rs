//! What browsers are told about requests from pages of other sites (the Fetch Standard, "CORS protocol").

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};

use crate::answer::{Answer, Reply};

/// For how many seconds a browser need not ask again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("300");

/// Says in a response's headers that the page that asked may read it. Its origin was found to be allowed.
pub(crate) fn permit(request: &HeaderMap, response: &mut HeaderMap) {
    // What another page gets differs: no cache may give it this one's.
    response.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = request.get(header::ORIGIN) else {
        return;
    };
    response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    let yes = HeaderValue::from_static("true");
    response.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
}

/// Answers a browser that asks beforehand: with 204.
pub(crate) fn preflight(request: &HeaderMap, methods: &[Method]) -> Reply {
    let mut reply = Response::new(Answer::from(Bytes::new()));
    *reply.status_mut() = StatusCode::NO_CONTENT;
    let headers = reply.headers_mut();
    permit(request, headers);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, list(methods));
    let asked: HeaderName = header::ACCESS_CONTROL_REQUEST_HEADERS;
    if let Some(asked) = request.get(asked) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    reply
}

/// Writes methods as `Allow` has them.
pub(crate) fn list(methods: &[Method]) -> HeaderValue {
    let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
    HeaderValue::try_from(names.join(", ")).unwrap_or_else(|_| HeaderValue::from_static(""))
}
