//! What an application decides and hears, as JSON in POST requests: `[hooks]` in effect.

mod answer;
mod asking;
mod events;
mod headers;
mod journal;
mod post;

use std::{collections::BTreeMap, io, sync::Arc};

use bytes::Bytes;
use http::HeaderMap;
use sockeye_channels::{
    Caller, Calling, Connecting, ConnectionGrant, ErrorCode, HookReply, Hooks, PublishGrant,
    Publishing, Refreshed, Refused, ServerSubscription, Subscribing,
};
use thiserror::Error;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

pub(crate) use self::journal::{Journal, JournalError};
use self::{
    answer::{Said, read},
    asking::Asking,
    events::{Event, Events, To},
    post::{Post, PostError},
};
use crate::{config, outgoing::Outgoing};

/// An application that is asked over HTTP.
#[derive(Debug)]
pub(crate) struct HttpHooks {
    config: config::Hooks,
    post: Post,
    /// One for each request that may be under way.
    permits: Semaphore,
    events: Option<Arc<Events>>,
}

/// Why an application could not be asked.
#[derive(Debug, Error)]
#[error("hooks.{hook}")]
struct Failed {
    hook: &'static str,
    source: PostError,
}

impl HttpHooks {
    /// Begins. Events go on behind those of who was asked before, or of what the journal has. An answer may have as many
    /// bytes as this. Must be called within a runtime.
    ///
    /// # Errors
    /// If the file that holds the secret can't be read.
    pub(crate) fn new(
        config: config::Hooks,
        outgoing: Outgoing,
        answer_bytes: usize,
        journal: Option<Arc<Journal>>,
        before: Option<&Self>,
    ) -> io::Result<Self> {
        let post = Post::new(outgoing, config.secret.as_ref(), answer_bytes)?;
        let events = config.events.clone().map(|url| {
            let to = To {
                post: post.clone(),
                url,
                time: config.timeout,
                most: config.event_bytes,
            };
            let Some(events) = before.and_then(|before| before.events.as_ref()) else {
                return Arc::new(Events::begin(to, journal));
            };
            events.redirect(to);
            Arc::clone(events)
        });
        let requests = usize::try_from(config.requests).unwrap_or(Semaphore::MAX_PERMITS);
        Ok(Self {
            config,
            post,
            permits: Semaphore::new(requests),
            events,
        })
    }

    /// Says whether this is who is asked by a configuration.
    pub(crate) fn are(&self, config: &config::Hooks) -> bool {
        self.config == *config
    }

    /// Waits until the application has heard of all that ended.
    ///
    /// Cancel safety: it may be called again.
    pub(crate) async fn all_told(&self) {
        if let Some(events) = &self.events {
            events.all_told().await;
        }
    }

    /// Waits a while until the application has heard of all that ended. What it did not hear is counted in the log.
    ///
    /// Cancel safety: what was not heard by then is lost.
    pub(crate) async fn close(&self) {
        if let Some(events) = &self.events {
            events.close().await;
        }
    }

    /// Asks, and waits for its turn and the answer for as long as one may take. What is to be made of a result is made
    /// of it, or of `None` where there is none.
    async fn ask<T>(
        &self,
        hook: &'static str,
        asking: Asking<'_>,
        headers: HeaderMap,
        make: impl FnOnce(Option<Said<'_>>) -> Result<T, PostError>,
    ) -> Result<T, Refused> {
        let url = match hook {
            "connect" => &self.config.connect,
            "refresh" => &self.config.refresh,
            "subscribe" => &self.config.subscribe,
            "sub_refresh" => &self.config.sub_refresh,
            "publish" => &self.config.publish,
            _ => &self.config.rpc,
        };
        let Some(url) = url else {
            return Err(ErrorCode::NotAvailable.into());
        };
        let failed = |source| Refused::Failed(Box::new(Failed { hook, source }));
        let body = self.answer(url, &asking, headers).await.map_err(failed)?;
        let said = read(&body).map_err(failed)??;
        make(said).map_err(failed)
    }

    async fn answer(
        &self,
        url: &str,
        asking: &Asking<'_>,
        headers: HeaderMap,
    ) -> Result<Bytes, PostError> {
        let until = Instant::now() + self.config.timeout;
        let body = serde_json::to_vec(asking)?;
        let _permit = timeout_at(until, self.permits.acquire())
            .await
            .map_err(|_| PostError::Busy(self.config.requests))?;
        let left = until.saturating_duration_since(Instant::now());
        self.post.send(url, headers, body.into(), left).await
    }

    fn headers(&self, caller: &Caller) -> HeaderMap {
        headers::of_handshake(caller.session.request(), &self.config.headers)
    }

    fn connect_headers(&self, caller: &Caller, emulated: &BTreeMap<String, String>) -> HeaderMap {
        let mut headers = self.headers(caller);
        headers::add_emulated(&mut headers, emulated, &self.config.emulated_headers);
        headers
    }
}

impl Hooks for HttpHooks {
    fn connect(&self, request: Connecting) -> HookReply<'_, Option<ConnectionGrant>> {
        Box::pin(async move {
            let headers = self.connect_headers(&request.caller, &request.headers);
            let mut asking = Asking::by(&request.caller).data(&request.data);
            // Who it is is what is asked.
            asking.user = None;
            asking.name = &request.name;
            asking.version = &request.version;
            asking.channels = &request.channels;
            self.ask("connect", asking, headers, |said| {
                said.map(Said::connection).transpose()
            })
            .await
        })
    }

    fn refresh(&self, caller: Caller) -> HookReply<'_, Refreshed> {
        Box::pin(async move {
            let headers = self.headers(&caller);
            let asking = Asking::by(&caller);
            self.ask("refresh", asking, headers, refreshed).await
        })
    }

    fn subscribe(&self, request: Subscribing) -> HookReply<'_, ServerSubscription> {
        Box::pin(async move {
            let headers = self.headers(&request.caller);
            let mut asking = Asking::by(&request.caller).data(&request.data);
            asking.channel = &request.channel;
            self.ask("subscribe", asking, headers, |said| {
                needed(said)?.subscription()
            })
            .await
        })
    }

    fn sub_refresh(&self, caller: Caller, channel: String) -> HookReply<'_, Refreshed> {
        Box::pin(async move {
            let headers = self.headers(&caller);
            let mut asking = Asking::by(&caller);
            asking.channel = &channel;
            self.ask("sub_refresh", asking, headers, refreshed).await
        })
    }

    fn publish(&self, request: Publishing) -> HookReply<'_, PublishGrant> {
        Box::pin(async move {
            let headers = self.headers(&request.caller);
            let mut asking = Asking::by(&request.caller).data(&request.data);
            asking.channel = &request.channel;
            self.ask("publish", asking, headers, |said| {
                needed(said)?.publishing()
            })
            .await
        })
    }

    fn rpc(&self, request: Calling) -> HookReply<'_, Bytes> {
        Box::pin(async move {
            let headers = self.headers(&request.caller);
            let mut asking = Asking::by(&request.caller).data(&request.data);
            asking.method = &request.method;
            self.ask("rpc", asking, headers, |said| needed(said)?.data())
                .await
        })
    }

    fn connected(&self, caller: Caller) {
        if let Some(events) = &self.events {
            events.connected(&caller);
        }
    }

    fn disconnected(&self, caller: Caller, code: u32, reason: &str) {
        if let Some(events) = &self.events {
            let mut event = Event::new("disconnected", &caller, code);
            event.reason = Some(reason);
            events.tell(event);
        }
    }

    fn unsubscribed(&self, caller: Caller, channel: &str, code: u32) {
        if let Some(events) = &self.events {
            let mut event = Event::new("unsubscribed", &caller, code);
            event.channel = Some(channel);
            events.tell(event);
        }
    }
}

/// Whatever has no result goes on no longer.
fn refreshed(said: Option<Said<'_>>) -> Result<Refreshed, PostError> {
    said.map_or(Ok(Refreshed::Expired), Said::refreshed)
}

/// Nothing is allowed by an answer that says nothing.
fn needed(said: Option<Said<'_>>) -> Result<Said<'_>, PostError> {
    said.ok_or(PostError::NoResult)
}

#[cfg(test)]
mod tests;
