//! The server as its client addressed it: what an `Origin` is compared with.

use http::{header, request::Parts};

/// A scheme of the web. Those of WebSocket are the same ones by another name (RFC 6455 §11.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// `http`, and `ws`.
    Http,
    /// `https`, and `wss`.
    Https,
}

impl Scheme {
    /// Reads a scheme's name, in any case; `None` if it is neither.
    pub fn named(name: &str) -> Option<Self> {
        let is = |names: [&str; 2]| names.iter().any(|own| name.eq_ignore_ascii_case(own));
        if is(["http", "ws"]) {
            Some(Self::Http)
        } else if is(["https", "wss"]) {
            Some(Self::Https)
        } else {
            None
        }
    }
}

/// The server as its client addressed it: what an `Origin` is compared with.
///
/// Among the extensions of a request it says what the request itself does not: that TLS ends here, or what a proxy in
/// front was asked for. `Server` of `sockeye-server` puts it there; a server that mounts endpoints may, from what it
/// knows or from proxies it trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Site {
    /// How the client came; `None` if it is unknown: TLS may end in a proxy that says nothing.
    pub scheme: Option<Scheme>,
    /// Host and port that the client asked for: `example.com`, `[::1]:8080`. `None` for what the request says itself.
    pub authority: Option<String>,
}

impl Site {
    /// Sets the scheme.
    #[must_use]
    pub fn scheme(mut self, scheme: Option<Scheme>) -> Self {
        self.scheme = scheme;
        self
    }

    /// Sets the authority.
    #[must_use]
    pub fn authority(mut self, authority: Option<String>) -> Self {
        self.authority = authority;
        self
    }

    /// Returns the site that a request is for: the one among its extensions if there is one. An authority that is not
    /// in there is that of the target (`:authority` of HTTP/2, RFC 9113 §8.3.1; absolute form, RFC 9112 §3.2.2), or
    /// else `Host`.
    pub fn of(head: &Parts) -> Self {
        let mut site = head.extensions.get::<Self>().cloned().unwrap_or_default();
        if site.authority.is_none() {
            let target = head.uri.authority().map(http::uri::Authority::as_str);
            let host = || head.headers.get(header::HOST)?.to_str().ok();
            site.authority = target.or_else(host).map(str::to_owned);
        }
        site
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(target: &str, host: Option<&str>, known: Option<Site>) -> Parts {
        let mut request = http::Request::get(target);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        if let Some(known) = known {
            head.extensions.insert(known);
        }
        head
    }

    #[test]
    fn what_is_known_beats_the_target_which_beats_the_host() {
        let authority = |head: &Parts| Site::of(head).authority;
        let told = Site::default().authority(Some("told.test".to_owned()));
        let both = head("http://target.test:1/", Some("host.test"), None);
        assert_eq!(authority(&both).as_deref(), Some("target.test:1"));
        let all = head("http://target.test:1/", Some("host.test"), Some(told));
        assert_eq!(authority(&all).as_deref(), Some("told.test"));
        let host = head("/", Some("host.test"), Some(Site::default()));
        assert_eq!(authority(&host).as_deref(), Some("host.test"));
        assert_eq!(Site::of(&head("/", None, None)), Site::default());
    }

    #[test]
    fn the_schemes_of_websocket_are_those_of_the_web() {
        for (name, scheme) in [
            ("http", Some(Scheme::Http)),
            ("WS", Some(Scheme::Http)),
            ("https", Some(Scheme::Https)),
            ("Wss", Some(Scheme::Https)),
            ("ftp", None),
            ("", None),
        ] {
            assert_eq!(Scheme::named(name), scheme, "{name}");
        }
    }
}
