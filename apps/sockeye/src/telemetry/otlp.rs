//! Spans for a collector, by OTLP over HTTP, if the environment names one.
//!
//! Everything is set by the variables that OpenTelemetry defines: `OTEL_EXPORTER_OTLP_ENDPOINT` turns it on,
//! `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`, `OTEL_EXPORTER_OTLP_HEADERS` and the rest mean what they always mean.

use std::{env, error::Error, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracerProvider, Tracer},
};
use tokio::{runtime::Handle, sync::oneshot};

use crate::outgoing::{Cost, Outgoing};

/// What turns it on; the second names the whole address.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
];

/// What the spans are called after unless `OTEL_SERVICE_NAME` says otherwise.
const SERVICE: &str = "sockeye";

/// What one export may cost. `OTEL_EXPORTER_OTLP_TIMEOUT` does not reach it.
const COST: Cost = Cost {
    time: Duration::from_secs(10),
    bytes: 1 << 20,
};

/// How long the end waits for spans that are not sent yet.
const FLUSH: Duration = Duration::from_secs(3);

/// Exports spans until it is told to end.
#[derive(Debug)]
pub(crate) struct Exporting(SdkTracerProvider);

/// Says whether the environment names a collector.
pub(crate) fn is_wanted() -> bool {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_off = env::var_os("OTEL_SDK_DISABLED").is_some_and(|value| value == "true");
    ENDPOINTS.iter().any(is_set) && !is_off
}

impl Exporting {
    /// Begins to export, by requests that the current runtime makes.
    ///
    /// # Errors
    /// If the variables contradict themselves, or there is no TLS.
    pub(crate) fn begin() -> Result<(Self, Tracer), Box<dyn Error + Send + Sync>> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_http_client(Requests {
                outgoing: Outgoing::new()?,
                runtime: Handle::current(),
            })
            .build()?;
        let mut resource = Resource::builder();
        if env::var_os("OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name(SERVICE);
        }
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            .with_batch_exporter(exporter)
            .build();
        let tracer = provider.tracer(SERVICE);
        Ok((Self(provider), tracer))
    }

    /// Sends what is left, as long as that does not take long.
    ///
    /// Cancel safety: dropped before it is done, some spans may not be sent.
    pub(crate) async fn end(self) {
        // The exporter waits for the runtime, so that must not wait for it.
        let flushed = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(FLUSH));
        if let Ok(Err(error)) = flushed.await {
            tracing::warn!(%error, "the last spans were not exported");
        }
    }
}

/// Makes the exporter's requests. It calls from a thread of its own.
#[derive(Debug)]
struct Requests {
    outgoing: Outgoing,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Requests {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (answer, answered) = oneshot::channel();
        let outgoing = self.outgoing.clone();
        self.runtime.spawn(async move {
            // Who asked may have given up.
            let _ = answer.send(outgoing.ask(request.map(Full::new), COST).await);
        });
        let answer = answered.await??;
        let mut response = Response::new(answer.body);
        *response.status_mut() = answer.status;
        Ok(response)
    }
}
