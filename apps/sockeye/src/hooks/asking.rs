//! The body of a question, with the names that Centrifugo's proxies give its fields.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use sockeye_channels::Caller;

/// What is asked, and by whom.
#[derive(Debug, Serialize)]
pub(super) struct Asking<'a> {
    client: &'a str,
    transport: String,
    protocol: &'static str,
    encoding: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) channel: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) method: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) version: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) channels: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "String::is_empty")]
    b64data: String,
}

impl<'a> Asking<'a> {
    /// Says who asks.
    pub(super) fn by(caller: &'a Caller) -> Self {
        Self {
            client: &caller.client,
            transport: transport(caller),
            protocol: caller.protocol,
            encoding: "json",
            user: Some(&caller.user),
            meta: json(&caller.meta),
            channel: "",
            method: "",
            name: "",
            version: "",
            channels: &[],
            data: None,
            b64data: String::new(),
        }
    }

    /// Says what the client says: as JSON if it is, else in base64.
    pub(super) fn data(mut self, data: &'a Bytes) -> Self {
        self.data = json(data);
        if self.data.is_none() && !data.is_empty() {
            self.encoding = "binary";
            self.b64data = BASE64_STANDARD.encode(data);
        }
        self
    }
}

/// How Centrifugo writes it: `websocket`, `http_stream`, `sse`.
pub(super) fn transport(caller: &Caller) -> String {
    caller.session.transport().as_str().replace('-', "_")
}

fn json(bytes: &Bytes) -> Option<&RawValue> {
    serde_json::from_slice(bytes).ok()
}
