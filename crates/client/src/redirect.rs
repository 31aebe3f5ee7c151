//! Where a redirect leads (RFC 9110 §15.4), and what may go there.

use http::{
    HeaderMap, StatusCode, Uri,
    header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION},
    uri::{Authority, PathAndQuery, Scheme},
};
use thiserror::Error;

use crate::address::Address;

/// A redirect can't be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// `Location` is missing, or not an address that can be connected to.
    #[error("the redirect leads nowhere")]
    Location,
    /// It leads from `wss` to `ws`: what was to be secret would not be.
    #[error("the redirect leads from TLS to plain text")]
    Downgrade,
    /// There were as many redirects as are allowed.
    #[error("there are too many redirects")]
    TooMany,
}

/// Says whether a status is a redirect that keeps the method, or whose method was GET anyhow.
pub(crate) fn is_redirect(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    )
}

/// Returns where a redirect leads, seen from where it was met.
pub(crate) fn target(from: &Uri, location: Option<&str>) -> Result<Uri, RedirectError> {
    let location = location.ok_or(RedirectError::Location)?;
    let to = resolve(from, location).ok_or(RedirectError::Location)?;
    Address::of(&to).map_err(|_| RedirectError::Location)?;
    if from.scheme_str() == Some("wss") && to.scheme_str() != Some("wss") {
        return Err(RedirectError::Downgrade);
    }
    Ok(to)
}

/// Takes out what was meant for another server only.
pub(crate) fn strip_secrets(from: &Uri, to: &Uri, headers: &mut HeaderMap) {
    let is_same = from.scheme() == to.scheme()
        && from.port_u16() == to.port_u16()
        && from.host().map(str::to_ascii_lowercase) == to.host().map(str::to_ascii_lowercase);
    if !is_same {
        for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
            headers.remove(name);
        }
    }
}

/// Resolves a reference (RFC 3986 §5.2), and takes `http` for `ws`.
fn resolve(from: &Uri, location: &str) -> Option<Uri> {
    let location = location.split('#').next()?;
    let mut parts = from.clone().into_parts();
    if let Some(at) = location
        .find("://")
        .filter(|at| !location[..*at].contains(['/', '?']))
    {
        let (scheme, rest) = location.split_at_checked(at)?;
        parts.scheme = Some(ws_scheme(scheme)?);
        return with_authority(parts, rest.strip_prefix("://")?);
    }
    if let Some(rest) = location.strip_prefix("//") {
        return with_authority(parts, rest);
    }
    let path = from.path();
    let path_and_query = if location.is_empty() {
        from.path_and_query()?.to_string()
    } else if location.starts_with('/') {
        location.to_owned()
    } else if location.starts_with('?') {
        format!("{path}{location}")
    } else {
        let (folder, _) = path.rsplit_once('/')?;
        format!("{folder}/{location}")
    };
    parts.path_and_query = Some(without_dots(&path_and_query)?);
    Uri::from_parts(parts).ok()
}

fn ws_scheme(scheme: &str) -> Option<Scheme> {
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return None,
    };
    scheme.parse().ok()
}

fn with_authority(mut parts: http::uri::Parts, rest: &str) -> Option<Uri> {
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    parts.authority = Some(authority.parse::<Authority>().ok()?);
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    parts.path_and_query = Some(without_dots(&path)?);
    Uri::from_parts(parts).ok()
}

/// Takes `.` and `..` out of a path (RFC 3986 §5.2.4).
fn without_dots(path_and_query: &str) -> Option<PathAndQuery> {
    let (path, query) = match path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path_and_query, None),
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    let mut clean = format!("/{}", kept.join("/"));
    if let Some(query) = query {
        clean.push('?');
        clean.push_str(query);
    }
    clean.parse().ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn led(from: &'static str, location: &str) -> Result<String, RedirectError> {
        target(&Uri::from_static(from), Some(location)).map(|uri| uri.to_string())
    }

    #[test]
    fn a_location_is_resolved_against_where_it_was_met() {
        let from = "ws://a.example:81/x/y?z";
        for (location, expected) in [
            ("/say", "ws://a.example:81/say"),
            ("say?q=1", "ws://a.example:81/x/say?q=1"),
            ("?q", "ws://a.example:81/x/y?q"),
            ("../../say", "ws://a.example:81/say"),
            ("./", "ws://a.example:81/x/"),
            ("//b.example/say", "ws://b.example/say"),
            ("wss://b.example", "wss://b.example/"),
            ("HTTPS://b.example?q#f", "wss://b.example/?q"),
            (
                "http://b.example:8080/a:b://c",
                "ws://b.example:8080/a:b://c",
            ),
            ("/to?next=http://c", "ws://a.example:81/to?next=http://c"),
        ] {
            assert_eq!(led(from, location).as_deref(), Ok(expected), "{location}");
        }
        assert_eq!(led(from, "ftp://b/"), Err(RedirectError::Location));
        assert_eq!(led(from, "http://"), Err(RedirectError::Location));
        assert_eq!(led(from, "http://b:65536/"), Err(RedirectError::Location));
        assert_eq!(
            target(&Uri::from_static(from), None),
            Err(RedirectError::Location)
        );
    }

    #[test]
    fn tls_is_never_left() {
        assert_eq!(led("wss://a/", "http://a/"), Err(RedirectError::Downgrade));
        assert_eq!(led("wss://a/", "/b").as_deref(), Ok("wss://a/b"));
        assert_eq!(led("ws://a/", "https://a/").as_deref(), Ok("wss://a/"));
    }

    #[test]
    fn secrets_go_to_the_same_server_only() {
        let from = Uri::from_static("wss://a.example/x");
        for (to, kept) in [
            ("wss://A.example/y", 3),
            ("wss://a.example:444/", 0),
            ("wss://b.example/", 0),
        ] {
            let mut headers = HeaderMap::new();
            for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
                headers.insert(name, HeaderValue::from_static("secret"));
            }
            strip_secrets(&from, &Uri::from_static(to), &mut headers);
            assert_eq!(headers.len(), kept, "{to}");
        }
    }
}
