//! `[hooks]`: where the application is asked over HTTP, and how.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sockeye_channels::{Namespace, Rpc};

use super::{
    channels_rule::ChannelsRule,
    namespace::blame,
    number::Url,
    rule::{Broken, Rule},
    secret::Secret,
    tokens::check_secret,
    value::{Count, Size, Time},
};

/// The section as it is written.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawHooks {
    pub(crate) connect: Url,
    pub(crate) refresh: Url,
    pub(crate) subscribe: Url,
    pub(crate) sub_refresh: Url,
    pub(crate) publish: Url,
    pub(crate) rpc: Url,
    pub(crate) rpc_without_namespace: bool,
    pub(crate) rpc_namespaces: Vec<String>,
    pub(crate) events: Url,
    pub(crate) secret: Secret,
    pub(crate) timeout: Time,
    pub(crate) requests: Count,
    pub(crate) event_bytes: Size,
    pub(crate) headers: Vec<String>,
    pub(crate) emulated_headers: Vec<String>,
}

/// Where the application is asked, and how. `None` where it is not.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hooks {
    /// Who a client is that brings no token.
    pub(crate) connect: Option<String>,
    /// Whether a connection that expires goes on.
    pub(crate) refresh: Option<String>,
    /// Who may subscribe.
    pub(crate) subscribe: Option<String>,
    /// Whether a subscription that expires goes on.
    pub(crate) sub_refresh: Option<String>,
    /// Who may publish what.
    pub(crate) publish: Option<String>,
    /// Calls of clients.
    pub(crate) rpc: Option<String>,
    /// What is told: who disconnected, who is no longer subscribed.
    pub(crate) events: Option<String>,
    /// What requests are signed with, if they are.
    pub(crate) secret: Option<Secret>,
    /// How long an answer is waited for. Default 1 s.
    pub(crate) timeout: Duration,
    /// How many requests there may be at a time. Default 256.
    pub(crate) requests: u32,
    /// How many bytes of events may wait to be told. Default 16 MiB.
    pub(crate) event_bytes: usize,
    /// Which headers of a client's handshake are handed on. Default none.
    pub(crate) headers: Vec<String>,
    /// Which headers of its connect command are. Default none.
    pub(crate) emulated_headers: Vec<String>,
}

impl Default for RawHooks {
    fn default() -> Self {
        Self {
            connect: Url(None),
            refresh: Url(None),
            subscribe: Url(None),
            sub_refresh: Url(None),
            publish: Url(None),
            rpc: Url(None),
            rpc_without_namespace: true,
            rpc_namespaces: Vec::new(),
            events: Url(None),
            secret: Secret::default(),
            timeout: Time::from_secs(1),
            requests: Count(256),
            event_bytes: Size(16 << 20),
            headers: Vec::new(),
            emulated_headers: Vec::new(),
        }
    }
}

impl Hooks {
    /// Says whether the application is asked or told anything.
    pub(crate) fn is_any(&self) -> bool {
        let all = [
            &self.connect,
            &self.refresh,
            &self.subscribe,
            &self.sub_refresh,
            &self.publish,
            &self.rpc,
            &self.events,
        ];
        all.iter().any(|url| url.is_some())
    }
}

impl RawHooks {
    /// Checks that calls go somewhere, and reads the secret.
    pub(crate) fn check(&self, broken: &mut Vec<Broken>) -> Hooks {
        if let Err(rule) = check_secret(&self.secret) {
            broken.push(blame("hooks", &["secret"], rule));
        }
        if self.event_bytes.0 == 0 {
            broken.push(Broken::new("hooks", "event_bytes", Rule::Zero));
        }
        match (&self.rpc, self.rpc_namespaces.is_empty()) {
            (Url(Some(_)), true) if !self.rpc_without_namespace => {
                broken.push(blame("hooks", &["rpc"], ChannelsRule::RpcForNothing));
            }
            (Url(None), false) => {
                let rule = ChannelsRule::HookMissing("rpc");
                broken.push(blame("hooks", &["rpc_namespaces"], rule));
            }
            _ => {}
        }
        for (name, headers) in [
            ("headers", &self.headers),
            ("emulated_headers", &self.emulated_headers),
        ] {
            for header in headers {
                if http::HeaderName::try_from(header).is_err() {
                    let rule = Rule::NotAHeader(header.clone());
                    broken.push(Broken::new("hooks", name, rule));
                }
            }
        }
        self.hooks()
    }

    fn hooks(&self) -> Hooks {
        let url = |Url(url): &Url| url.clone();
        Hooks {
            connect: url(&self.connect),
            refresh: url(&self.refresh),
            subscribe: url(&self.subscribe),
            sub_refresh: url(&self.sub_refresh),
            publish: url(&self.publish),
            rpc: url(&self.rpc),
            events: url(&self.events),
            secret: Some(self.secret.clone()).filter(|secret| !secret.is_none()),
            timeout: self.timeout.0,
            requests: self.requests.0,
            event_bytes: self.event_bytes.0,
            headers: self.headers.clone(),
            emulated_headers: self.emulated_headers.clone(),
        }
    }

    /// Returns which calls go to the application.
    pub(crate) fn rpc(&self) -> Rpc {
        if self.rpc.0.is_none() {
            return Rpc::default();
        }
        let rpc = Rpc::default().namespaces(&self.rpc_namespaces);
        if self.rpc_without_namespace {
            rpc.with_plain_methods()
        } else {
            rpc
        }
    }

    /// Checks that whom a namespace wants to be asked can be.
    pub(crate) fn check_namespace(
        &self,
        section: &str,
        namespace: &Namespace,
        broken: &mut Vec<Broken>,
    ) {
        for (name, hook, is_on, url) in [
            (
                "subscribe_hook",
                "subscribe",
                namespace.subscribe_hook,
                &self.subscribe,
            ),
            (
                "publish_hook",
                "publish",
                namespace.publish_hook,
                &self.publish,
            ),
            (
                "sub_refresh_hook",
                "sub_refresh",
                namespace.sub_refresh_hook,
                &self.sub_refresh,
            ),
        ] {
            if is_on && url.0.is_none() {
                broken.push(blame(section, &[name], ChannelsRule::HookMissing(hook)));
            }
        }
    }
}
