//! Which web origins may open a session (RFC 6455 §10.2, RFC 6454).

use http::{HeaderMap, header};
use thiserror::Error;

use crate::{Scheme, Site};

/// Which web origins may open a session on an endpoint.
///
/// Browsers send `Origin` with every handshake; a page of a foreign site could otherwise speak with the cookies of its
/// visitor. Requests without `Origin` do not come from a page and always pass. The server's own origin always passes:
/// scheme, host and port are those of the [`Site`] that the client asked for. A scheme that is not known is not
/// compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Rule);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Rule {
    #[default]
    Same,
    Named(Vec<Pattern>),
    Any,
}

/// What was given as an allowed origin is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not an origin: write scheme://host[:port], https://*.example.com, or * for any")]
pub struct InvalidOrigin(String);

impl Origins {
    /// Only pages that this server's own host serves: the default.
    pub const fn same() -> Self {
        Self(Rule::Same)
    }

    /// Any page of any site. Choose it only where a session grants nothing that cookies or the network's place give.
    pub const fn any() -> Self {
        Self(Rule::Any)
    }

    /// The server's own origin and these: `https://example.com`, `https://*.example.com` (any subdomain, not the
    /// domain itself), `http://localhost:*` (any port), or `*` alone for any origin.
    ///
    /// # Errors
    /// [`InvalidOrigin`] names the first that is none.
    pub fn named<S: AsRef<str>>(
        origins: impl IntoIterator<Item = S>,
    ) -> Result<Self, InvalidOrigin> {
        let mut patterns = Vec::new();
        for origin in origins {
            let origin = origin.as_ref().trim();
            if origin == "*" {
                return Ok(Self::any());
            }
            patterns.push(Pattern::parse(origin).ok_or_else(|| InvalidOrigin(origin.to_owned()))?);
        }
        Ok(if patterns.is_empty() {
            Self::same()
        } else {
            Self(Rule::Named(patterns))
        })
    }

    /// Says whether pages of every site may pass.
    pub fn is_any(&self) -> bool {
        self.0 == Rule::Any
    }

    /// Says whether a request with these headers, for this site, may pass.
    pub fn allow(&self, headers: &HeaderMap, site: &Site) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return true;
        };
        if self.0 == Rule::Any {
            return true;
        }
        // `null` (a sandboxed frame, a local file) is no origin that could be named.
        let Some(origin) = origin.to_str().ok().and_then(Origin::parse) else {
            return false;
        };
        origin.is_of(site)
            || matches!(&self.0, Rule::Named(named) if named.iter().any(|p| p.matches(&origin)))
    }
}

/// Scheme, host and port of an `Origin` header, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let (host, port) = split_authority(authority)?;
        let port = match port {
            Some(port) => Some(port.parse().ok()?),
            None => default_port(&scheme),
        };
        Some(Self { scheme, host, port })
    }

    /// Same origin means the same scheme, host and port (RFC 6454 §5). A page that came without TLS may be anyone's who
    /// sits on the way: it is foreign to a site that is known to be `https`. An authority without a port means the
    /// default one of the scheme.
    fn is_of(&self, site: &Site) -> bool {
        // Pages of other schemes, such as those of an app, are not ours, whatever they call their host.
        let Some(scheme) = Scheme::named(&self.scheme) else {
            return false;
        };
        if site.scheme.is_some_and(|own| own != scheme) {
            return false;
        }
        let Some(authority) = &site.authority else {
            return false;
        };
        let Some((host, port)) = split_authority(authority) else {
            return false;
        };
        let port = match port {
            Some(port) => port.parse().ok(),
            None => default_port(&self.scheme),
        };
        host == self.host && port == self.port
    }
}

/// An allowed origin; its host may begin with `*.`, its port may be `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    scheme: String,
    host: HostPattern,
    port: PortPattern,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostPattern {
    Exact(String),
    /// `*.example.com`, kept as `.example.com`.
    Subdomain(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PortPattern {
    Exact(Option<u16>),
    Any,
}

impl Pattern {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let scheme_is_sound = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        let (host, port) = split_authority(authority)?;
        let port = match port {
            Some("*") => PortPattern::Any,
            Some(port) => PortPattern::Exact(Some(port.parse().ok()?)),
            None => PortPattern::Exact(default_port(&scheme)),
        };
        let host = match host.strip_prefix('*') {
            Some(domain) if domain.len() > 1 && domain.starts_with('.') => {
                HostPattern::Subdomain(domain.to_owned())
            }
            Some(_) => return None,
            None => HostPattern::Exact(host),
        };
        let rest = match &host {
            HostPattern::Exact(rest) | HostPattern::Subdomain(rest) => rest,
        };
        (scheme_is_sound && !rest.contains('*')).then_some(Self { scheme, host, port })
    }

    fn matches(&self, origin: &Origin) -> bool {
        let host = match &self.host {
            HostPattern::Exact(host) => *host == origin.host,
            HostPattern::Subdomain(domain) => {
                origin.host.len() > domain.len() && origin.host.ends_with(domain.as_str())
            }
        };
        let port = match self.port {
            PortPattern::Exact(port) => port == origin.port,
            PortPattern::Any => true,
        };
        self.scheme == origin.scheme && host && port
    }
}

/// Splits `host[:port]`, also with an IPv6 address in brackets; the host in lower case.
fn split_authority(authority: &str) -> Option<(String, Option<&str>)> {
    let host_end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, rest) = authority.split_at_checked(host_end)?;
    let port = match rest.strip_prefix(':') {
        Some(port) if !port.is_empty() => Some(port),
        None if rest.is_empty() => None,
        _ => return None,
    };
    let sound = !host.is_empty() && !host.contains(['/', '@', '?', '#', ' ', '\\', ',']);
    sound.then(|| (host.to_ascii_lowercase(), port))
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
