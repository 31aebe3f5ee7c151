//! The chat page at `/say`: its files, embedded in the program, and how they are served over plain HTTP.
//!
//! A debug build reads them from the source folder, so that a change shows on reload. One file is not in that folder but
//! made from the configuration: `/assets/settings.json`, what the page has to keep to.

use std::fmt::Write;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts,
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "page/"]
struct Files;

/// Nothing but this server's own files and sockets, and pictures that the page was sent; no frames around it, and no
/// text that becomes a script (Trusted Types).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
     connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// The page asks for none of what a browser would ask its user about.
const PERMISSIONS_POLICY: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";

/// The name of the file that is made from the configuration.
const SETTINGS: &str = "settings.json";

/// The page as one configuration has it.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    settings: Bytes,
}

impl Page {
    /// The page of a server that takes messages of up to `message_bytes` bytes.
    pub(crate) fn new(message_bytes: usize) -> Self {
        let settings = format!("{{\"message_bytes\":{message_bytes}}}\n").into();
        Self { settings }
    }

    /// Answers what is no handshake: the page and its files; `None` where nothing is.
    ///
    /// `/` leads to `/say`; `/say` is the page; what it needs lies below `/assets/`. Other methods than GET and HEAD are
    /// answered with 405 (RFC 9110 §15.5.6). A file that the client has already is answered with 304 (RFC 9110
    /// §13.1.2).
    pub(crate) fn respond(&self, request: &Parts) -> Option<Response<Bytes>> {
        let path = request.uri.path();
        if path.strip_prefix("/assets/") == Some(SETTINGS) {
            return Some(answer(request, || self.of_settings()));
        }
        let file = file(path);
        if path != "/" && file.is_none() {
            return None;
        }
        Some(answer(request, || match file {
            Some((name, file)) => of_file(&request.headers, name, file),
            None => {
                let moved = plain(StatusCode::TEMPORARY_REDIRECT, "the page is at /say\n");
                with(moved, header::LOCATION, HeaderValue::from_static("/say"))
            }
        }))
    }

    /// Short enough to be sent whenever it is asked for.
    fn of_settings(&self) -> Response<Bytes> {
        let response = secured(StatusCode::OK, self.settings.clone());
        let kind = HeaderValue::from_static(content_type(SETTINGS));
        let response = with(response, header::CONTENT_TYPE, kind);
        let fresh = HeaderValue::from_static("no-store");
        with(response, header::CACHE_CONTROL, fresh)
    }
}

/// Answers GET and HEAD, and refuses the rest.
fn answer(request: &Parts, response: impl FnOnce() -> Response<Bytes>) -> Response<Bytes> {
    if request.method != Method::GET && request.method != Method::HEAD {
        let refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD here\n");
        let allow = HeaderValue::from_static("GET, HEAD");
        return with(refused, header::ALLOW, allow);
    }
    for_method(request, response())
}

fn file(path: &str) -> Option<(&str, EmbeddedFile)> {
    let name = match path {
        "/say" => "index.html",
        _ => path
            .strip_prefix("/assets/")
            .filter(|name| *name != "index.html")?,
    };
    Some((name, Files::get(name)?))
}

fn of_file(asked: &HeaderMap, name: &str, file: EmbeddedFile) -> Response<Bytes> {
    let etag = etag(&file.metadata.sha256_hash());
    let response = if is_known(asked, &etag) {
        secured(StatusCode::NOT_MODIFIED, Bytes::new())
    } else {
        let response = secured(StatusCode::OK, Bytes::from(file.data.into_owned()));
        let kind = HeaderValue::from_static(content_type(name));
        with(response, header::CONTENT_TYPE, kind)
    };
    // Asked for every time, sent only when changed: the page and its modules always fit together.
    let revalidate = HeaderValue::from_static("no-cache");
    let response = with(response, header::CACHE_CONTROL, revalidate);
    match HeaderValue::try_from(etag) {
        Ok(etag) => with(response, header::ETAG, etag),
        Err(_) => response,
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// A strong entity tag (RFC 9110 §8.8.3) of half the file's hash.
fn etag(hash: &[u8; 32]) -> String {
    let mut tag = String::from("\"");
    for byte in hash.iter().take(16) {
        // Writing to a string does not fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag + "\""
}

/// Says whether `If-None-Match` names the tag; compared weakly (RFC 9110 §13.1.2).
fn is_known(asked: &HeaderMap, etag: &str) -> bool {
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    let response = secured(status, Bytes::from_static(text.as_bytes()));
    with(response, header::CONTENT_TYPE, kind)
}

/// A response that browsers take for nothing else than it says it is.
fn secured(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("permissions-policy"),
            PERMISSIONS_POLICY,
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Leaves the body away where HEAD was asked; its length stays (RFC 9110 §9.3.2).
fn for_method(request: &Parts, mut response: Response<Bytes>) -> Response<Bytes> {
    if response.status() != StatusCode::NOT_MODIFIED {
        let length = HeaderValue::from(response.body().len());
        response = with(response, header::CONTENT_LENGTH, length);
    }
    if request.method == Method::HEAD {
        response.body_mut().clear();
    }
    response
}

fn with(mut response: Response<Bytes>, name: HeaderName, value: HeaderValue) -> Response<Bytes> {
    response.headers_mut().insert(name, value);
    response
}

#[cfg(test)]
mod tests;
