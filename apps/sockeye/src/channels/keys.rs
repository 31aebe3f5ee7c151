//! The keys of tokens, fetched over HTTP.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use sockeye_channels::token::{KEYS_TIMEOUT, KeySet, KeySource, MAX_KEY_SET_BYTES};

use crate::outgoing::{Cost, Outgoing};

/// Fetches sets of keys.
#[derive(Debug)]
pub(super) struct KeysByHttp(pub(super) Outgoing);

impl KeySource for KeysByHttp {
    fn fetch<'a>(&'a self, url: &'a str) -> KeySet<'a> {
        Box::pin(async move {
            let request = Request::get(url).body(Full::new(Bytes::new()))?;
            let cost = Cost {
                time: KEYS_TIMEOUT,
                bytes: MAX_KEY_SET_BYTES,
            };
            let answer = self.0.ask(request, cost).await?;
            if !answer.status.is_success() {
                return Err(format!("the server of keys answered with {}", answer.status).into());
            }
            Ok(answer.body)
        })
    }
}
