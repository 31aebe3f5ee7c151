//! The chat page at `/say`: its files, embedded in the program, and how they are served over plain HTTP.
//!
//! A debug build reads them from the source folder, so that a change shows on reload.

use std::fmt::Write;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts,
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "page/"]
struct Files;

/// Nothing but this server's own files and sockets; no frames around it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Answers what is no handshake: the page and its files, or 404.
///
/// `/` leads to `/say`; `/say` is the page; what it needs lies below `/assets/`. Other methods than GET and HEAD are
/// answered with 405 (RFC 9110 §15.5.6). A file that the client has already is answered with 304 (RFC 9110 §13.1.2).
pub(crate) fn respond(request: &Parts) -> Response<Bytes> {
    let path = request.uri.path();
    if path != "/" && file(path).is_none() {
        return not_found(request);
    }
    if request.method != Method::GET && request.method != Method::HEAD {
        let refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD here\n");
        let allow = HeaderValue::from_static("GET, HEAD");
        return with(refused, header::ALLOW, allow);
    }
    let response = match file(path) {
        Some((name, file)) => of_file(&request.headers, name, file),
        None => {
            let moved = plain(StatusCode::TEMPORARY_REDIRECT, "the page is at /say\n");
            with(moved, header::LOCATION, HeaderValue::from_static("/say"))
        }
    };
    for_method(request, response)
}

/// Answers with 404.
pub(crate) fn not_found(request: &Parts) -> Response<Bytes> {
    let response = plain(
        StatusCode::NOT_FOUND,
        "there is nothing here; the page is at /say\n",
    );
    for_method(request, response)
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
mod tests {
    use http::Request;

    use super::*;

    fn ask(method: Method, path: &str) -> Response<Bytes> {
        ask_with(method, path, &[])
    }

    fn ask_with(method: Method, path: &str, headers: &[(HeaderName, &str)]) -> Response<Bytes> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        respond(&request.body(()).unwrap().into_parts().0)
    }

    fn header(response: &Response<Bytes>, name: HeaderName) -> &str {
        response
            .headers()
            .get(name)
            .map_or("", |v| v.to_str().unwrap())
    }

    #[test]
    fn the_root_leads_to_the_page() {
        let response = ask(Method::GET, "/");
        assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(header(&response, header::LOCATION), "/say");
    }

    #[test]
    fn every_file_the_page_names_is_served_as_what_it_is() {
        let page = ask(Method::GET, "/say");
        assert_eq!(
            header(&page, header::CONTENT_TYPE),
            "text/html; charset=utf-8"
        );
        let html = str::from_utf8(page.body()).unwrap().to_owned();
        let named: Vec<_> = html
            .split('"')
            .filter(|text| text.starts_with("/assets/"))
            .collect();
        assert!(named.len() >= 3, "{named:?}");
        for path in named {
            let file = ask(Method::GET, path);
            assert_eq!(file.status(), StatusCode::OK, "{path}");
            let kind = header(&file, header::CONTENT_TYPE);
            assert_ne!(kind, "application/octet-stream", "{path}");
            assert!(!file.body().is_empty(), "{path}");
        }
    }

    #[test]
    fn every_module_that_is_imported_is_there() {
        for name in Files::iter().filter(|name| name.ends_with(".js")) {
            let file = Files::get(&name).unwrap();
            let text = str::from_utf8(&file.data).unwrap();
            for import in text.split("from \"./").skip(1) {
                let module = import.split('"').next().unwrap();
                let response = ask(Method::GET, &format!("/assets/{module}"));
                assert_eq!(response.status(), StatusCode::OK, "{module} in {name}");
            }
        }
    }

    #[test]
    fn the_page_carries_no_inline_script_or_style() {
        let page = ask(Method::GET, "/say");
        let html = str::from_utf8(page.body()).unwrap();
        assert!(!html.contains("<style") && !html.contains(" style="));
        assert!(!html.contains("<script>") && !html.contains(" onclick="));
        assert!(header(&page, header::CONTENT_SECURITY_POLICY).contains("frame-ancestors 'none'"));
    }

    #[test]
    fn what_is_not_there_is_answered_with_404_and_still_not_sniffed() {
        for path in [
            "/x",
            "/say/",
            "/assets/",
            "/assets/x.js",
            "/assets/index.html",
            "/assets/../Cargo.toml",
        ] {
            let response = ask(Method::GET, path);
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
            assert_eq!(header(&response, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        }
    }

    #[test]
    fn only_get_and_head_are_answered() {
        for path in ["/", "/say", "/assets/main.js"] {
            let response = ask(Method::POST, path);
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(header(&response, header::ALLOW), "GET, HEAD");
        }
        let (get, head) = (ask(Method::GET, "/say"), ask(Method::HEAD, "/say"));
        assert!(head.body().is_empty());
        assert_eq!(get.headers(), head.headers());
        let length = header(&get, header::CONTENT_LENGTH);
        assert_eq!(length, get.body().len().to_string());
    }

    #[test]
    fn a_file_that_the_client_has_is_not_sent_again() {
        let etag = header(&ask(Method::GET, "/say"), header::ETAG).to_owned();
        for known in [
            etag.clone(),
            format!("W/{etag}"),
            format!("\"a\", {etag}"),
            "*".to_owned(),
        ] {
            let response = ask_with(Method::GET, "/say", &[(header::IF_NONE_MATCH, &known)]);
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert!(response.body().is_empty());
            assert_eq!(header(&response, header::ETAG), etag);
        }
        let other = ask_with(Method::GET, "/say", &[(header::IF_NONE_MATCH, "\"a\"")]);
        assert_eq!(other.status(), StatusCode::OK);
    }
}
