//! `[proxy]`: which proxies stand in front, and which of their words count.

use serde::{Deserialize, Serialize};
use sockeye::{Forwarded, ProxyProtocol, TrustedProxies};

use super::{
    key::Key,
    rule::{Broken, MIN_PROTOCOL_BYTES, Rule},
    value::Size,
};

/// The section as it is written.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawProxy {
    pub(crate) trusted: Vec<String>,
    pub(crate) headers: RawHeaders,
    pub(crate) protocol: RawProtocol,
    pub(crate) protocol_bytes: Size,
}

/// Which headers of trusted proxies are believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawHeaders {
    /// None.
    #[default]
    Off,
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// `X-Forwarded-For`, `-Proto` and `-Host`.
    XForwarded,
}

/// Whether connections begin with a PROXY header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawProtocol {
    /// None does.
    #[default]
    Off,
    /// Each does, and comes from a trusted proxy.
    Required,
}

/// What is known of the proxies in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proxy {
    /// Whose word about clients counts. Default nobody's.
    pub(crate) trusted: TrustedProxies,
    /// Which headers of theirs are believed. Default none.
    pub(crate) headers: Forwarded,
    /// Whether their connections begin with a PROXY header. Default not.
    pub(crate) protocol: ProxyProtocol,
    /// How long a PROXY header of version 2 may be. Default 2 KiB, at least 232 bytes.
    pub(crate) protocol_bytes: usize,
}

impl Default for RawProxy {
    fn default() -> Self {
        Self {
            trusted: Vec::new(),
            headers: RawHeaders::Off,
            protocol: RawProtocol::Off,
            protocol_bytes: Size(2 << 10),
        }
    }
}

impl RawProxy {
    /// Checks the addresses, and that somebody is believed where something is to be.
    pub(crate) fn check(&self, broken: &mut Vec<Broken>) -> Proxy {
        for text in &self.trusted {
            if TrustedProxies::named([text]).is_err() {
                let rule = Rule::NotAProxy(text.clone());
                broken.push(Broken::new("proxy", "trusted", rule));
            }
        }
        for (name, is_on) in [
            ("headers", self.headers != RawHeaders::Off),
            ("protocol", self.protocol != RawProtocol::Off),
        ] {
            if is_on && self.trusted.is_empty() {
                let keys = [name, "trusted"].map(|name| Key::new("proxy", name)).into();
                let rule = Rule::NobodyTrusted;
                broken.push(Broken { keys, rule });
            }
        }
        let Size(protocol_bytes) = self.protocol_bytes;
        if protocol_bytes < MIN_PROTOCOL_BYTES {
            let rule = Rule::ProtocolBytesTooFew(protocol_bytes);
            broken.push(Broken::new("proxy", "protocol_bytes", rule));
        }
        Proxy {
            trusted: TrustedProxies::named(&self.trusted).unwrap_or_default(),
            headers: self.headers.into(),
            protocol: self.protocol.into(),
            protocol_bytes,
        }
    }
}

impl From<RawHeaders> for Forwarded {
    fn from(raw: RawHeaders) -> Self {
        match raw {
            RawHeaders::Off => Self::Off,
            RawHeaders::Forwarded => Self::Forwarded,
            RawHeaders::XForwarded => Self::XForwarded,
        }
    }
}

impl From<RawProtocol> for ProxyProtocol {
    fn from(raw: RawProtocol) -> Self {
        match raw {
            RawProtocol::Off => Self::Off,
            RawProtocol::Required => Self::Required,
        }
    }
}
