//! The head of a request in HTTP/2, put as everybody reads it.

use http::{HeaderValue, Request, Version, header};

/// Puts the head of a request in HTTP/2 as it would be in HTTP/1.1, for whoever reads it next.
///
/// The authority goes into `Host`, and counts should there be one that says something else (RFC 9113 §8.3.1). Browsers
/// send each cookie in a field of its own, for better compression: they become one (RFC 9113 §8.2.3).
pub(crate) fn put_as_in_http1<B>(request: &mut Request<B>) {
    if request.version() != Version::HTTP_2 {
        return;
    }
    if let Some(authority) = request.uri().authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().insert(header::HOST, host);
    }
    let headers = request.headers_mut();
    let cookies = headers.get_all(header::COOKIE).iter();
    let crumbs: Vec<&[u8]> = cookies.map(HeaderValue::as_bytes).collect();
    if crumbs.len() > 1
        && let Ok(cookie) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..]))
    {
        headers.insert(header::COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(version: Version) -> http::HeaderMap {
        let mut request = Request::get("https://example.com:8443/")
            .version(version)
            .header("host", "elsewhere.test")
            .header("cookie", "a=1")
            .header("cookie", "b=2; c=3")
            .header("cookie", "d=4")
            .body(())
            .unwrap();
        put_as_in_http1(&mut request);
        request.into_parts().0.headers
    }

    #[test]
    fn the_authority_is_the_host_and_cookies_are_one_field() {
        let headers = put(Version::HTTP_2);
        let values = |name| headers.get_all(name).iter().collect::<Vec<_>>();
        assert_eq!(values("host"), ["example.com:8443"]);
        assert_eq!(values("cookie"), ["a=1; b=2; c=3; d=4"]);
    }

    #[test]
    fn what_came_in_http_1_stays_as_it_is() {
        let headers = put(Version::HTTP_11);
        assert_eq!(headers["host"], "elsewhere.test");
        assert_eq!(headers.get_all("cookie").iter().count(), 3);
    }
}
