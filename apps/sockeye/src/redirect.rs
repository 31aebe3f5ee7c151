//! The plain port beside https: it answers everything with the way there.
//!
//! It sets no HSTS, and neither does the https port: that binds browsers to https for the whole host name, other ports
//! included, for as long as it says, also when this server is long gone. A proxy in front may set it.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode, Uri, header, request::Parts, uri::Authority,
};

/// Answers each request with 308 to the same target at the https `port` (RFC 9110 §15.4.9), or with 400 if it names no
/// host.
pub(crate) fn to_https(port: u16) -> impl Fn(&Parts) -> Option<Response<Bytes>> {
    move |request| {
        let location = host(&request.uri, &request.headers)
            .and_then(|host| HeaderValue::try_from(target(&host, port, &request.uri)).ok());
        let mut response = match location {
            Some(location) => {
                let mut moved = Response::new(Bytes::from_static(b"this is served over https\n"));
                *moved.status_mut() = StatusCode::PERMANENT_REDIRECT;
                moved.headers_mut().insert(header::LOCATION, location);
                moved
            }
            None => {
                let mut bad = Response::new(Bytes::from_static(b"the request names no host\n"));
                *bad.status_mut() = StatusCode::BAD_REQUEST;
                bad
            }
        };
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
        Some(response)
    }
}

/// The host that is asked for, without its port; an address of IPv6 in its brackets.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let host = match uri.authority() {
        Some(authority) => authority.host().to_owned(),
        None => {
            let named = headers.get(header::HOST)?.as_bytes();
            Authority::try_from(named).ok()?.host().to_owned()
        }
    };
    (!host.is_empty()).then_some(host)
}

fn target(host: &str, port: u16, uri: &Uri) -> String {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    // `OPTIONS *` asks for no path.
    let path = if path.starts_with('/') { path } else { "/" };
    match port {
        443 => format!("https://{host}{path}"),
        port => format!("https://{host}:{port}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn answer(port: u16, host: Option<&str>, uri: &str) -> Response<Bytes> {
        let mut request = Request::builder().uri(uri);
        if let Some(host) = host {
            request = request.header(header::HOST, host);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        to_https(port)(&parts).unwrap()
    }

    #[test]
    fn the_same_target_is_named_at_the_https_port() {
        for (port, host, uri, location) in [
            (443, "a.test", "/say?x=1", "https://a.test/say?x=1"),
            (443, "a.test:8080", "/", "https://a.test/"),
            (
                8443,
                "a.test:8080",
                "//b.test",
                "https://a.test:8443//b.test",
            ),
            (8443, "[::1]:8080", "/say", "https://[::1]:8443/say"),
            (443, "a.test", "*", "https://a.test/"),
            (443, "a.test", "http://b.test:80/x", "https://b.test/x"),
            (443, "user@a.test", "/", "https://a.test/"),
        ] {
            let moved = answer(port, Some(host), uri);
            assert_eq!(moved.status(), 308, "{host} {uri}");
            assert_eq!(moved.headers()[header::LOCATION], location);
        }
    }

    #[test]
    fn who_names_no_host_is_told_so() {
        for host in [None, Some(""), Some(":80"), Some("a b"), Some("a/b")] {
            let refused = answer(443, host, "/");
            assert_eq!(refused.status(), 400, "{host:?}");
            assert!(!refused.headers().contains_key(header::LOCATION));
        }
    }
}
