//! Channels as the program serves them: who keeps them, who is let in, and on which paths.

mod application;
mod emulation;
mod keys;

use std::sync::Arc;

use miette::{Diagnostic, IntoDiagnostic, Report};
use sockeye::{Endpoints, HttpStream, Limits, Origins, Overflow, Requests, SockJs, Uplink};
use sockeye_broker_sqlite::{Options, SqliteBroker, Stats, Synchronous};
use sockeye_channels::{Broker, Channels, ClientHandler, Credentials, MemoryBroker, token::Tokens};
use thiserror::Error;

use self::{application::Application, keys::KeysByHttp};
use crate::{
    api,
    config::{self, Kept},
    outgoing::Outgoing,
};

/// The path on which clients speak in both directions, and below which SockJS is.
const WITH_SOCKJS: &str = "/ws/chat";

/// The same without SockJS, where SDKs look for it.
const WEBSOCKET: &str = "/connection/websocket";

/// How many messages may wait for a client over SockJS, beside the limit of their bytes: a client that comes back takes
/// up all its subscriptions at once, and each has a reply.
const CACHED_MESSAGES: usize = 4096;

/// Channels, and what they stand on.
pub(crate) struct Served {
    channels: Channels,
    file: Option<Arc<SqliteBroker>>,
    /// Who may use the API, if there is one.
    keys: Option<Arc<api::Keys>>,
    hooks: Application,
}

/// Channels and their file, for those who watch.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) channels: Channels,
    pub(crate) file: Option<Arc<SqliteBroker>>,
}

/// The file of publications can't be used.
#[derive(Debug, Error, Diagnostic)]
#[error("what is published can't be kept")]
#[diagnostic(help("`broker.path` names the file; `broker.memory = true` does without one"))]
struct CannotKeep(#[source] sockeye_broker_sqlite::OpenError);

impl Served {
    /// Opens what channels stand on, and says what is dangerous about them.
    ///
    /// # Errors
    /// If the file of publications, a key, a secret or the randomness of the system can't be had.
    pub(crate) fn open(config: &config::Channels) -> Result<Self, Report> {
        for danger in config.dangers() {
            tracing::warn!("{danger}");
        }
        let (broker, file): (Arc<dyn Broker>, _) = match &config.broker {
            Kept::Memory => (Arc::new(MemoryBroker::new()), None),
            Kept::File { path, synchronous } => {
                let mut options = Options::default();
                options.synchronous = match synchronous {
                    config::RawSynchronous::Full => Synchronous::Full,
                    config::RawSynchronous::Normal => Synchronous::Normal,
                };
                let file = Arc::new(SqliteBroker::open(path, options).map_err(CannotKeep)?);
                (Arc::<SqliteBroker>::clone(&file), Some(file))
            }
        };
        let settings = config.settings.clone().validate().into_diagnostic()?;
        let mut channels = Channels::new(settings, broker).into_diagnostic()?;
        if let Some(tokens) = tokens(config)? {
            channels = channels.credentials(Arc::new(tokens));
        }
        let keys = |api: &config::Api| api::Keys::read(&api.callers).map(Arc::new);
        let keys = config.api.as_ref().map(keys).transpose();
        let hooks = Application::default();
        if let Some(hooks) = hooks.replace(config)? {
            channels = channels.hooks(hooks);
        }
        Ok(Self {
            channels,
            file,
            keys: keys.into_diagnostic()?,
            hooks,
        })
    }

    /// Lets other settings hold from now on, all of them or none. Who is connected or subscribed stays so, as granted.
    ///
    /// # Errors
    /// If a key can't be had.
    pub(crate) fn reload(&self, config: &config::Channels) -> Result<(), Report> {
        let settings = config.settings.clone().validate().into_diagnostic()?;
        let tokens = tokens(config)?;
        let nobody = config::Callers::WithKey(Vec::new());
        let callers = config.api.as_ref().map_or(&nobody, |api| &api.callers);
        let callers = api::Keys::read(callers).into_diagnostic()?;
        match &self.keys {
            Some(keys) => keys.replace(callers),
            None if config.api.is_some() => {
                tracing::warn!("the API had no keys: it is served from another start on");
            }
            None => {}
        }
        self.channels.reload(
            settings,
            tokens.map(|tokens| -> Arc<dyn Credentials> { Arc::new(tokens) }),
            self.hooks.replace(config)?,
        );
        for danger in config.dangers() {
            tracing::warn!("{danger}");
        }
        Ok(())
    }

    /// Puts channels and their API on their paths.
    ///
    /// # Errors
    /// If an origin is none.
    pub(crate) fn endpoints(
        &self,
        mut endpoints: Endpoints,
        config: &config::Channels,
        limits: Limits,
        sockjs: Option<SockJs>,
    ) -> Result<Endpoints, Report> {
        let limits = limits
            .message_bytes(config.message_bytes)
            .outbox_bytes(config.outbox_bytes);
        let sockjs = sockjs.map(|sockjs| {
            let messages = sockjs.cached_messages.max(CACHED_MESSAGES);
            sockjs.cached_messages(messages)
        });
        for (path, sockjs) in [(WITH_SOCKJS, sockjs), (WEBSOCKET, None)] {
            endpoints = endpoints
                .at(path, self.channels.handler())
                .protocols(ClientHandler::PROTOCOLS)
                .allowed_origins(&config.allowed_origins)
                .limits(limits)
                .sockjs(sockjs)
                .overflow(Overflow::Close);
        }
        endpoints = self.over_http(endpoints, config, limits)?;
        endpoints =
            endpoints.requests("/connection/init", Requests::new([http::Method::GET], init));
        Ok(match (&config.api, &self.keys) {
            (Some(api), Some(keys)) => api::serve(endpoints, &self.channels, keys, api),
            _ => endpoints,
        })
    }

    /// Puts streaming responses on their paths, and the way back to them.
    fn over_http(
        &self,
        mut endpoints: Endpoints,
        config: &config::Channels,
        limits: Limits,
    ) -> Result<Endpoints, Report> {
        let uplink = Uplink::new();
        let carriers = config.carriers;
        if carriers.one_way {
            endpoints = self.one_way(endpoints, config, limits);
        }
        let streams = [
            (
                carriers.http_stream,
                "/connection/http_stream",
                HttpStream::lines(),
            ),
            (
                carriers.sse,
                "/connection/sse",
                HttpStream::events("cf_connect"),
            ),
        ];
        for (is_on, path, stream) in streams {
            if is_on {
                let stream = stream
                    .uplink(&uplink)
                    .body_bytes(config.message_bytes)
                    .farewell(ClientHandler::farewell);
                endpoints = endpoints
                    .at(path, self.channels.handler())
                    .over(stream)
                    .allowed_origins(&config.allowed_origins)
                    .limits(limits);
            }
        }
        if !carriers.http_stream && !carriers.sse {
            return Ok(endpoints);
        }
        let origins = Origins::named(&config.allowed_origins).into_diagnostic()?;
        let emulation = emulation::requests(&self.channels, uplink)
            .with_origins(origins)
            .with_body_bytes(config.message_bytes);
        Ok(endpoints.requests("/emulation", emulation))
    }

    /// Puts clients that only listen on their paths.
    fn one_way(
        &self,
        endpoints: Endpoints,
        config: &config::Channels,
        limits: Limits,
    ) -> Endpoints {
        let handler = || self.channels.handler().one_way();
        let endpoints = endpoints
            .at("/connection/uni_websocket", handler())
            .allowed_origins(&config.allowed_origins)
            .limits(limits)
            .overflow(Overflow::Close);
        let streams = [
            ("/connection/uni_http_stream", HttpStream::lines()),
            ("/connection/uni_sse", HttpStream::events("cf_connect")),
        ];
        streams
            .into_iter()
            .fold(endpoints, |endpoints, (path, stream)| {
                let stream = stream
                    .body_bytes(config.message_bytes)
                    .farewell(ClientHandler::farewell);
                endpoints
                    .at(path, handler())
                    .over(stream)
                    .allowed_origins(&config.allowed_origins)
                    .limits(limits)
            })
    }

    /// Returns a handle, to look at them.
    pub(crate) fn watched(&self) -> Watched {
        Watched {
            channels: self.channels.clone(),
            file: self.file.clone(),
        }
    }

    /// Does what channels have to do from time to time, for as long as it is awaited.
    ///
    /// Cancel safety: it can be called again.
    pub(crate) async fn run(&self) {
        self.channels.run().await;
    }

    /// Tells all clients that the server ends; they come back elsewhere, or here later.
    pub(crate) fn shut_down(&self) {
        self.channels.shut_down();
    }

    /// Waits a while until the application heard who left, and until all that was acknowledged is in the file and that
    /// is closed.
    pub(crate) async fn close(&self) {
        self.hooks.close().await;
        if let Some(file) = &self.file {
            file.close().await;
        }
    }
}

impl Watched {
    /// Returns what the file counted, if there is one.
    pub(crate) fn stats(&self) -> Option<Stats> {
        self.file.as_deref().map(SqliteBroker::stats)
    }

    /// Says whether publications can be kept: a file is there, or none is wanted.
    pub(crate) fn is_open(&self) -> bool {
        self.file.as_deref().is_none_or(SqliteBroker::is_open)
    }
}

async fn init(_: http::Request<bytes::Bytes>) -> http::Response<bytes::Bytes> {
    http::Response::new(bytes::Bytes::from_static(b"{}"))
}

fn tokens(config: &config::Channels) -> Result<Option<Tokens>, Report> {
    let Some(connection) = &config.tokens else {
        return Ok(None);
    };
    let settings = |tokens: &config::Tokens| tokens.settings().into_diagnostic();
    let subscription = config
        .subscription_tokens
        .as_ref()
        .map(settings)
        .transpose()?;
    let outgoing = Outgoing::new().map_err(|error| miette::miette!("{error}"))?;
    let source: Arc<dyn sockeye_channels::token::KeySource> = Arc::new(KeysByHttp(outgoing));
    let tokens = Tokens::new(settings(connection)?, subscription, Some(&source));
    tokens.map(Some).into_diagnostic()
}
