//! `[sockjs]`: what carries sessions where WebSocket can't, and what that may cost.

use serde::{Deserialize, Serialize};
use sockeye::{BinaryOverText, Limits, SockJs, Transport};
use thiserror::Error;
use toml::Value;

use super::{
    key::Key,
    rule::{Broken, Rule},
    value::{Count, Size, Time},
};

/// The section as it is written: see [`SockJs`], which most keys are named after.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key that an operator turns on or off"
)]
pub(crate) struct RawSockJs {
    pub(crate) enabled: bool,
    pub(crate) transports: Vec<String>,
    pub(crate) heartbeat: Time,
    pub(crate) disconnect_delay: Time,
    pub(crate) stream_bytes: Size,
    pub(crate) cached_messages: Count,
    pub(crate) body_bytes: BodySize,
    pub(crate) body_messages: Count,
    pub(crate) callback_bytes: Size,
    pub(crate) sessions: Count,
    pub(crate) sessions_per_address: Count,
    pub(crate) client_url: String,
    pub(crate) base_url: String,
    pub(crate) session_cookie: bool,
    pub(crate) suppress_cors: bool,
    pub(crate) bind_to_address: bool,
}

/// How large a body of messages may be, or `"auto"` for what the largest message needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct BodySize(pub(crate) Option<Size>);

/// What carries sessions where WebSocket can't: the section once it is known to make sense.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OverHttp {
    raw: RawSockJs,
    body_bytes: usize,
}

/// What `[sockjs]` says that can't be done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum SockJsRule {
    /// There is no such transport.
    #[error(
        "\"{0}\" is no transport: there are \"auto\", {names}",
        names = NAMES.map(|(name, _)| format!("\"{name}\"")).join(", ")
    )]
    NotATransport(String),
    /// No transport is left.
    #[error("it names no transport; enabled = false turns SockJS off")]
    NoTransports,
    /// A page could not load it.
    #[error("\"{0}\" is no URL: begin it with \"https://\", \"http://\" or \"/\"")]
    NotAUrl(String),
    /// A message that WebSocket carries would be refused.
    #[error(
        "{body_bytes} bytes have no room for one message of limits.message_bytes ({message_bytes} bytes), which takes \
         {needed} where it is binary; \"auto\" has"
    )]
    BodyTooSmall {
        body_bytes: usize,
        message_bytes: usize,
        needed: usize,
    },
}

/// The word for the transports that are offered by default.
const AUTO: &str = "auto";
/// The word for what is not there.
const OFF: &str = "off";

/// The transports by the names that SockJS's clients have for them.
const NAMES: [(&str, &[Transport]); 6] = [
    (
        "websocket",
        &[Transport::WebSocket, Transport::SockJsWebSocket],
    ),
    ("xhr-streaming", &[Transport::XhrStreaming]),
    ("eventsource", &[Transport::EventSource]),
    ("xhr-polling", &[Transport::XhrPolling]),
    ("htmlfile", &[Transport::HtmlFile]),
    ("jsonp-polling", &[Transport::JsonpPolling]),
];

impl Default for RawSockJs {
    fn default() -> Self {
        let sockjs = SockJs::default();
        let count = |count| Count(u32::try_from(count).unwrap_or(Count::MOST));
        Self {
            enabled: true,
            transports: vec![AUTO.to_owned()],
            heartbeat: Time(sockjs.heartbeat),
            disconnect_delay: Time(sockjs.disconnect_delay),
            stream_bytes: Size(sockjs.stream_bytes),
            cached_messages: count(sockjs.cached_messages),
            body_bytes: BodySize(None),
            body_messages: count(sockjs.body_messages),
            callback_bytes: Size(sockjs.callback_bytes),
            sessions: count(sockjs.sessions),
            sessions_per_address: count(sockjs.sessions_per_address),
            client_url: sockjs.client_url,
            base_url: OFF.to_owned(),
            session_cookie: sockjs.session_cookie,
            suppress_cors: sockjs.suppress_cors,
            bind_to_address: false,
        }
    }
}

impl RawSockJs {
    /// Checks names, URLs and sizes; `None` turns SockJS off.
    pub(crate) fn check(&self, limits: &Limits, broken: &mut Vec<Broken>) -> Option<OverHttp> {
        let mut wrong = |name, rule: Rule| broken.push(Broken::new("sockjs", name, rule));
        for (name, size) in [
            ("stream_bytes", self.stream_bytes),
            ("callback_bytes", self.callback_bytes),
        ] {
            if size.0 == 0 {
                wrong(name, Rule::Zero);
            }
        }
        for (name, url) in [
            ("client_url", &self.client_url),
            ("base_url", &self.base_url),
        ] {
            if !(is_url(url) || name == "base_url" && url == OFF) {
                wrong(name, SockJsRule::NotAUrl(url.clone()).into());
            }
        }
        for rule in self.misnamed() {
            wrong("transports", rule.into());
        }
        let body_bytes = self.check_body(limits, broken);
        self.enabled.then(|| OverHttp {
            raw: self.clone(),
            body_bytes,
        })
    }

    fn misnamed(&self) -> Vec<SockJsRule> {
        if self.transports.is_empty() {
            return vec![SockJsRule::NoTransports];
        }
        let unknown = self
            .transports
            .iter()
            .filter(|text| *text != AUTO && !NAMES.iter().any(|(name, _)| name == text));
        unknown
            .map(|text| SockJsRule::NotATransport(text.clone()))
            .collect()
    }

    fn check_body(&self, limits: &Limits, broken: &mut Vec<Broken>) -> usize {
        let message_bytes = limits.message_bytes;
        let BodySize(Some(Size(body_bytes))) = self.body_bytes else {
            // Text grows as well when it is written as JSON.
            let twice = message_bytes.saturating_mul(2);
            return SockJs::default().body_bytes.max(twice);
        };
        let needed = as_data_url(message_bytes);
        if body_bytes < needed {
            let rule = SockJsRule::BodyTooSmall {
                body_bytes,
                message_bytes,
                needed,
            };
            let keys = [("sockjs", "body_bytes"), ("limits", "message_bytes")];
            let keys = keys.map(|(section, name)| Key::new(section, name)).into();
            let rule = rule.into();
            broken.push(Broken { keys, rule });
        }
        body_bytes
    }
}

impl OverHttp {
    /// Returns what endpoints are told.
    pub(crate) fn options(&self) -> SockJs {
        let raw = &self.raw;
        let count = |Count(count): Count| usize::try_from(count).unwrap_or(usize::MAX);
        let mut sockjs = SockJs::default()
            .heartbeat(raw.heartbeat.0)
            .disconnect_delay(raw.disconnect_delay.0)
            .stream_bytes(raw.stream_bytes.0)
            .cached_messages(count(raw.cached_messages))
            .body_bytes(self.body_bytes)
            .body_messages(count(raw.body_messages))
            .callback_bytes(raw.callback_bytes.0)
            .sessions(count(raw.sessions))
            .sessions_per_address(count(raw.sessions_per_address))
            .client_url(&raw.client_url)
            // Whatever carries them: pictures are for everyone.
            .binary(BinaryOverText::DataUrl);
        if raw.base_url != OFF {
            sockjs = sockjs.base_url(&raw.base_url);
        }
        sockjs.session_cookie = raw.session_cookie;
        sockjs.suppress_cors = raw.suppress_cors;
        if raw.bind_to_address {
            sockjs = sockjs.bound_to_address();
        }
        self.offered(sockjs)
    }

    fn offered(&self, mut sockjs: SockJs) -> SockJs {
        let is_named = |name: &str| self.raw.transports.iter().any(|text| text == name);
        for (name, transports) in NAMES {
            for transport in transports {
                if is_named(name) {
                    sockjs = sockjs.with(*transport);
                } else if !is_named(AUTO) {
                    sockjs = sockjs.without(*transport);
                }
            }
        }
        sockjs
    }
}

/// A URL as the SockJS client takes it: RFC 3986 §4.1, absolute or from the root.
fn is_url(text: &str) -> bool {
    let begins = ["https://", "http://", "/"];
    let plain = |c: char| c.is_ascii_graphic() && !"\"'<>\\".contains(c);
    begins.iter().any(|begin| text.starts_with(begin)) && text.chars().all(plain)
}

/// How many bytes a binary message takes as a data URL (RFC 2397), alone in a JSON array.
fn as_data_url(bytes: usize) -> usize {
    let around = r#"["data:application/octet-stream;base64,"]"#.len();
    bytes.div_ceil(3).saturating_mul(4).saturating_add(around)
}

impl TryFrom<Value> for BodySize {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        if value.as_str() == Some(AUTO) {
            return Ok(Self(None));
        }
        match Size::try_from(value) {
            Ok(size) => Ok(Self(Some(size))),
            Err(why) => Err(format!("{why}, or \"{AUTO}\"")),
        }
    }
}

impl From<BodySize> for Value {
    fn from(BodySize(size): BodySize) -> Self {
        size.map_or_else(|| Self::String(AUTO.to_owned()), Self::from)
    }
}
