//! Cookies that a server sets within a session: a load balancer may find the session's server by one. Pure.

use std::fmt;

use http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, SET_COOKIE},
};

/// How many cookies are kept.
const MAX_COOKIES: usize = 16;

/// The largest cookie that is kept, name and value, in bytes (RFC 6265 §6.1).
const MAX_COOKIE_BYTES: usize = 4096;

/// The cookies of one session. All its requests go to one host, with paths below one prefix: attributes do not matter.
#[derive(Default)]
pub(super) struct Cookies(Vec<String>);

impl Cookies {
    /// Keeps what a response sets (RFC 6265 §5.2). One more than are kept is left out, and so is a large one.
    pub(super) fn learn(&mut self, response: &HeaderMap) {
        for cookie in response.get_all(SET_COOKIE) {
            let pair = cookie.to_str().ok().and_then(|text| text.split(';').next());
            let Some((name, value)) = pair.and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            if name.is_empty() || name.len() + value.len() > MAX_COOKIE_BYTES {
                continue;
            }
            let start = format!("{name}=");
            self.0.retain(|kept| !kept.starts_with(&start));
            if self.0.len() < MAX_COOKIES {
                self.0.push(start + value);
            }
        }
    }

    /// Puts them into a request, behind the caller's own (RFC 6265 §5.4).
    pub(super) fn put(&self, request: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        let own = request.get(COOKIE).and_then(|own| own.to_str().ok());
        let all: Vec<_> = own
            .into_iter()
            .chain(self.0.iter().map(String::as_str))
            .collect();
        if let Ok(mut value) = HeaderValue::try_from(all.join("; ")) {
            value.set_sensitive(true);
            request.insert(COOKIE, value);
        }
    }
}

impl fmt::Debug for Cookies {
    /// Tells how many, not which: they are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cookies({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(cookies: &mut Cookies, set: impl IntoIterator<Item = String>) -> String {
        let mut response = HeaderMap::new();
        for cookie in set {
            response.append(SET_COOKIE, cookie.parse().unwrap());
        }
        cookies.learn(&response);
        let mut request = HeaderMap::new();
        request.insert(COOKIE, HeaderValue::from_static("own=1"));
        cookies.put(&mut request);
        assert_eq!(request.get_all(COOKIE).iter().count(), 1);
        request[COOKIE].to_str().unwrap().to_owned()
    }

    #[test]
    fn what_is_set_goes_back_behind_the_callers_own_and_the_latest_counts() {
        let mut cookies = Cookies::default();
        let set = ["JSESSIONID=dummy; path=/", "a=b=c; Secure", "none", "=x"];
        let all = learned(&mut cookies, set.map(str::to_owned));
        assert_eq!(all, "own=1; JSESSIONID=dummy; a=b=c");
        let all = learned(&mut cookies, ["JSESSIONID=2".to_owned()]);
        assert_eq!(all, "own=1; a=b=c; JSESSIONID=2");
    }

    #[test]
    fn cookies_are_bounded_in_number_and_size() {
        let mut cookies = Cookies::default();
        let large = |len: usize| format!("l={}", "x".repeat(len - 1));
        assert_eq!(
            learned(&mut cookies, [large(MAX_COOKIE_BYTES + 1)]),
            "own=1"
        );
        let all = learned(&mut cookies, [large(MAX_COOKIE_BYTES)]);
        assert_eq!(all.len(), "own=1; l=".len() + MAX_COOKIE_BYTES - 1);
        let all = learned(&mut cookies, (0..100).map(|n| format!("c{n}=")));
        assert_eq!(all.split("; ").count(), 1 + MAX_COOKIES);
    }
}
