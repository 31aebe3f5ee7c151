//! What one endpoint's streaming responses consist of, made once from its options.

use std::sync::Arc;

use http::{HeaderValue, Method};
use sockeye_endpoint::{HttpStream, Options, Origins, StreamFraming};
use sockeye_types::{Limits, Transport};

use crate::carried::Table;

/// What one endpoint's streaming responses consist of.
#[derive(Debug)]
pub(crate) struct StreamService {
    pub(super) options: Arc<HttpStream>,
    pub(super) origins: Origins,
    pub(super) limits: Limits,
    pub(super) table: Arc<Table>,
}

impl StreamService {
    /// Makes it, unless the endpoint has none.
    pub(crate) fn of(options: &Options) -> Option<Arc<Self>> {
        let stream = options.http_stream.clone()?;
        Some(Arc::new(Self {
            origins: options.origins.clone(),
            limits: options.limits,
            table: Table::new(stream.sessions, stream.sessions_per_address),
            options: Arc::new(stream),
        }))
    }

    pub(super) fn transport(&self) -> Transport {
        match self.options.framing {
            StreamFraming::Lines => Transport::HttpStream,
            StreamFraming::Events { .. } => Transport::Sse,
        }
    }

    /// Returns the methods that a session is asked for with.
    pub(super) fn methods(&self) -> &'static [Method] {
        match self.options.framing {
            StreamFraming::Lines => &[Method::POST],
            StreamFraming::Events { .. } => &[Method::GET, Method::POST],
        }
    }

    /// Returns the `Content-Type` of a response to a first message of this kind.
    pub(super) fn content_type(&self, first: Kind) -> HeaderValue {
        HeaderValue::from_static(match (&self.options.framing, first) {
            (StreamFraming::Events { .. }, _) => "text/event-stream",
            (StreamFraming::Lines, Kind::Binary) => "application/octet-stream",
            (StreamFraming::Lines, Kind::Text) => "application/json; charset=utf-8",
        })
    }
}

/// What a first message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Binary,
}
