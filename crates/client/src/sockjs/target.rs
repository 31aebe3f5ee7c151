//! Where the requests of a session go.

use http::{Uri, uri::PathAndQuery};
use sockeye_sockjs_proto::{SESSION_RANDOM_BYTES, session_path};

use crate::InvalidAddress;

/// Returns the address of the WebSocket below a prefix.
pub(super) fn websocket(prefix: &Uri) -> Result<Uri, InvalidAddress> {
    let mut parts = prefix.clone().into_parts();
    parts.path_and_query = Some(below(prefix, "/websocket")?);
    Uri::from_parts(parts).map_err(|_| InvalidAddress::Syntax)
}

/// Where the requests of one session go: the path and query of each.
#[derive(Clone, Debug)]
pub(super) struct Targets {
    pub(super) receive: PathAndQuery,
    pub(super) send: PathAndQuery,
}

impl Targets {
    /// Names a session by random bytes: nobody may guess it.
    pub(super) fn new(
        prefix: &Uri,
        receive: &str,
        random: [u8; SESSION_RANDOM_BYTES],
    ) -> Result<Self, InvalidAddress> {
        let session = session_path(random);
        Ok(Self {
            receive: below(prefix, &format!("{session}/{receive}"))?,
            send: below(prefix, &format!("{session}/xhr_send"))?,
        })
    }
}

/// A path below the prefix's; its query stays.
fn below(prefix: &Uri, path: &str) -> Result<PathAndQuery, InvalidAddress> {
    let base = prefix.path().trim_end_matches('/');
    let target = match prefix.query() {
        Some(query) => format!("{base}{path}?{query}"),
        None => format!("{base}{path}"),
    };
    target.parse().map_err(|_| InvalidAddress::Syntax)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lies_below_the_prefix_and_its_query_stays() {
        for (prefix, socket) in [
            ("ws://a/chat", "ws://a/chat/websocket"),
            ("wss://a:1/x/chat/?q=1", "wss://a:1/x/chat/websocket?q=1"),
            ("ws://a", "ws://a/websocket"),
        ] {
            let prefix = Uri::from_static(prefix);
            assert_eq!(websocket(&prefix).unwrap(), socket);
            let targets = Targets::new(&prefix, "xhr", [7; SESSION_RANDOM_BYTES]).unwrap();
            let (receive, send) = (targets.receive.as_str(), targets.send.as_str());
            assert_eq!(receive.replace("/xhr", "/xhr_send"), send);
            assert!(receive.starts_with(prefix.path().trim_end_matches('/')));
            assert_eq!(targets.send.query(), prefix.query());
        }
    }
}
