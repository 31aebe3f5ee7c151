//! `sockeye serve`: from settings to a running server, and back down in order.

use std::{
    fmt::Write as _,
    future::pending,
    io::{self, IsTerminal as _, Write as _},
    net::SocketAddr,
    num::NonZeroUsize,
    pin::pin,
};

use miette::{Diagnostic, IntoDiagnostic};
use sockeye::{Bound, Endpoints, ServeError, Server};
use thiserror::Error;
use tokio::sync::Notify;

use crate::{
    addresses,
    channels::Served,
    cli::Qr,
    config::{Config, Endpoint, InvalidConfig, OverHttp, Resolved, Sources},
    descriptors,
    endpoints::{Echo, Say},
    internal::{self, Ready},
    page::Page,
    qr, redirect,
    reload::Reload,
    shutdown::Signals,
    telemetry,
    tls::Secured,
};

/// How many may ask at the internal port at a time.
const INTERNAL_CONNECTIONS: usize = 64;

/// The address can't be listened on.
#[derive(Debug, Error)]
#[error("can't listen on {address}: {}", reason(error))]
struct CannotListen {
    address: SocketAddr,
    error: io::Error,
    /// What sets another port.
    other: fn(u16) -> String,
}

/// Serves until a signal ends it.
///
/// # Errors
/// If the settings don't go together, the address can't be listened on, or the system refuses what a server needs.
pub(crate) fn serve(sources: Sources, resolved: Resolved, qr: Qr) -> miette::Result<()> {
    let config = resolved.check().map_err(InvalidConfig::into_report)?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .into_diagnostic()?
        .block_on(async {
            let exporting = telemetry::start();
            tracing::debug!(?config, "configured");
            if let Err(error) = descriptors::raise() {
                tracing::warn!(%error, "the limit of descriptors can't be raised");
            }
            let served = async {
                let reload = Reload::new(sources, resolved).into_diagnostic()?;
                run(&config, qr, reload).await
            }
            .await;
            if let Some(exporting) = exporting {
                exporting.end().await;
            }
            served
        })
}

async fn run(config: &Config, qr: Qr, reload: Reload) -> miette::Result<()> {
    let mut signals = Signals::new().into_diagnostic()?;
    let mut secured = config.tls.as_ref().map(Secured::new).transpose()?;
    let channels = config.channels.as_ref().map(Served::open).transpose()?;
    let bound = bind(config, secured.as_ref(), channels.as_ref())?;
    let redirecting = bind_redirect(config, bound.local_addr().port())?;
    let ready = Ready::default();
    let internal = bind_internal(config, &bound, channels.as_ref(), &ready)?;
    let greeting = Greeting {
        config,
        bound: bound.local_addr(),
        redirecting: redirecting.as_ref().map(Bound::local_addr),
        fingerprint: secured.as_ref().and_then(|it| it.fingerprint.as_deref()),
        code: code(qr),
    };
    write!(io::stdout().lock(), "{}", greeting.text()).into_diagnostic()?;
    // Both go on until the end: whoever watches looks on while sessions close.
    let mut beside = pin!(async {
        // Each ends by itself only if it can't begin.
        tokio::try_join!(run_beside(redirecting), run_beside(internal)).map(drop)
    });
    let renewing = async {
        match secured.as_mut().and_then(|secured| secured.renewal.take()) {
            Some((renewal, reloader)) => renewal.run(reloader).await,
            None => pending().await,
        }
    };
    let asked = Notify::new();
    let mut serving = pin!(serve_until(bound, channels.as_ref(), &asked));
    ready.begin();
    tokio::select! {
        served = &mut serving => return served.into_diagnostic(),
        Err(error) = &mut beside => return Err(error).into_diagnostic(),
        () = renewing => {}
        () = reload.run(channels.as_ref()) => {}
        () = signals.next() => {}
    }
    ready.end();
    let mut stopped = pin!(signals.stop_at_next());
    if let Some(drain_time) = config.server.drain_time {
        tracing::info!(
            ?drain_time,
            "draining: serving on, but not ready; a second signal stops at once"
        );
        tokio::select! {
            served = &mut serving => return served.into_diagnostic(),
            () = tokio::time::sleep(drain_time) => {}
            () = &mut stopped => {}
        }
    }
    tracing::info!("closing every session; a second signal stops at once");
    if let Some(channels) = &channels {
        channels.shut_down();
    }
    asked.notify_one();
    tokio::select! {
        served = serving => served.into_diagnostic(),
        () = stopped => Ok(()),
    }
}

/// Whether a QR code is drawn: where a person looks on, unless that was said.
fn code(qr: Qr) -> Code {
    match qr {
        Qr::Auto if io::stdout().is_terminal() => Code::Drawn,
        Qr::Always => Code::Drawn,
        Qr::Auto | Qr::Never => Code::Left,
    }
}

/// Serves until it is asked to end, with all that channels do meanwhile and at the end.
async fn serve_until(
    bound: Bound,
    channels: Option<&Served>,
    asked: &Notify,
) -> Result<(), ServeError> {
    let tending = async {
        match channels {
            Some(channels) => channels.run().await,
            None => pending().await,
        }
    };
    let served = tokio::select! {
        served = bound.run_until(asked.notified()) => served,
        () = tending => Ok(()),
    };
    if let Some(channels) = channels {
        channels.close().await;
    }
    served
}

/// Runs a server for as long as the program does.
async fn run_beside(server: Option<Bound>) -> Result<(), ServeError> {
    match server {
        Some(server) => server.run().await,
        None => pending().await,
    }
}

fn bind(
    config: &Config,
    secured: Option<&Secured>,
    channels: Option<&Served>,
) -> miette::Result<Bound> {
    let settings = &config.server;
    let mut endpoints = endpoints(config);
    if let (Some(channels), Some(of_channels)) = (channels, &config.channels) {
        let sockjs = config.sockjs.as_ref().map(OverHttp::options);
        endpoints = channels.endpoints(endpoints, of_channels, config.limits, sockjs)?;
    }
    let mut server = server(config, endpoints)
        .workers(settings.workers)
        .sharing(settings.sharing);
    if config.say.is_some() {
        let page = Page::new(config.limits.message_bytes);
        server = server.pages(move |request| page.respond(request));
    }
    if let Some(secured) = secured {
        server = server.tls(secured.tls.clone());
    }
    listen(server, settings.listen, |port| format!("--listen :{port}"))
}

/// The plain port beside https, if there is one; `port` is that of https.
fn bind_redirect(config: &Config, port: u16) -> miette::Result<Option<Bound>> {
    let Some(address) = config.tls.as_ref().and_then(|tls| tls.redirect) else {
        return Ok(None);
    };
    let server = server(config, Endpoints::new())
        .workers(NonZeroUsize::MIN)
        .pages(redirect::to_https(port));
    listen(server, address, |port| format!("redirect = \":{port}\"")).map(Some)
}

fn server(config: &Config, endpoints: Endpoints) -> Server {
    let (settings, proxy) = (&config.server, &config.proxy);
    Server::new(endpoints)
        .head_bytes(settings.head_bytes)
        .head_count(settings.head_count)
        .connections(settings.connections)
        .http2(settings.http2)
        .http2_streams(settings.http2_streams)
        .handshake_time(settings.handshake_time)
        .shutdown_time(settings.shutdown_time)
        .trusted_proxies(proxy.trusted.clone())
        .forwarded(proxy.headers)
        .proxy_protocol(proxy.protocol)
        .proxy_bytes(proxy.protocol_bytes)
}

fn listen(server: Server, address: SocketAddr, other: fn(u16) -> String) -> miette::Result<Bound> {
    server.bind(address).map_err(|error| match error {
        ServeError::Listen { source: error, .. } => CannotListen {
            address,
            error,
            other,
        }
        .into(),
        error => miette::Report::from_err(error),
    })
}

/// Listens on the internal port, if there is one.
fn bind_internal(
    config: &Config,
    bound: &Bound,
    channels: Option<&Served>,
    ready: &Ready,
) -> miette::Result<Option<Bound>> {
    let Some(address) = config.internal else {
        return Ok(None);
    };
    let (metrics, ready) = (bound.metrics(), ready.clone());
    let channels = channels.map(Served::watched);
    let server = Server::new(Endpoints::new())
        .workers(NonZeroUsize::MIN)
        .connections(INTERNAL_CONNECTIONS)
        .pages(move |request| internal::respond(request, &metrics, channels.as_ref(), &ready));
    let internal = listen(server, address, |port| format!("--internal-listen {port}"))?;
    tracing::info!(address = %internal.local_addr(), "the internal port listens");
    Ok(Some(internal))
}

fn endpoints(config: &Config) -> Endpoints {
    let mut endpoints = Endpoints::new()
        .limits(config.limits)
        .heartbeat(config.heartbeat)
        .deflate(config.deflate)
        .sockjs(config.sockjs.as_ref().map(OverHttp::options));
    if let Some(say) = &config.say {
        endpoints = configured(endpoints.at("/say", Say::default()), say);
    }
    if let Some(echo) = &config.echo {
        endpoints = configured(endpoints.at("/echo", Echo), echo);
    }
    endpoints
}

fn configured(endpoints: Endpoints, config: &Endpoint) -> Endpoints {
    endpoints
        .allowed_origins(&config.allowed_origins)
        .overflow(config.overflow)
}

/// Whether a QR code is part of the greeting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Code {
    Drawn,
    Left,
}

/// What the program says once it listens.
struct Greeting<'a> {
    config: &'a Config,
    bound: SocketAddr,
    redirecting: Option<SocketAddr>,
    /// Of a certificate that nobody vouches for.
    fingerprint: Option<&'a str>,
    code: Code,
}

impl Greeting<'_> {
    /// Says where the program listens, and what to open if there is a page.
    fn text(&self) -> String {
        let mut text = format!("sockeye listens on {}\n", self.bound);
        // Writing to a string does not fail.
        if let Some(address) = self.redirecting {
            let _ = writeln!(text, "and redirects from http on {address}");
        }
        if let Some(fingerprint) = self.fingerprint {
            text += "browsers will warn of its certificate, which was made for this run; its SHA-256 is\n";
            let _ = writeln!(text, "  {fingerprint}");
        }
        if self.config.say.is_some() {
            text += "open one of these in two windows, and talk:\n";
            let scheme = self.config.tls.as_ref().map_or("http", |_| "https");
            let urls = addresses::to_open(scheme, self.bound, &addresses::local());
            for url in &urls {
                let _ = writeln!(text, "  {url}");
            }
            if self.code == Code::Drawn {
                text += &for_a_phone(&urls).unwrap_or_default();
            }
        }
        text
    }
}

/// The address that a phone opens, with a code of it.
fn for_a_phone(urls: &[String]) -> Option<String> {
    let url = addresses::for_a_phone(urls)?;
    let drawn = qr::draw(url)?;
    Some(format!(
        "or on a phone in the same network, {url}:\n{drawn}"
    ))
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the address is in use".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

impl Diagnostic for CannotListen {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let port = match self.error.kind() {
            io::ErrorKind::AddrInUse => self.address.port().checked_add(1)?,
            io::ErrorKind::PermissionDenied => 8080,
            _ => return None,
        };
        Some(Box::new(format!("try {}", (self.other)(port))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_served_page_is_named_in_the_greeting() {
        let mut config = crate::config::resolve(Sources::default())
            .unwrap()
            .check()
            .unwrap();
        let bound = SocketAddr::from(([127, 0, 0, 1], 9000));
        let text = |config: &Config| {
            Greeting {
                config,
                bound,
                redirecting: None,
                fingerprint: None,
                code: Code::Drawn,
            }
            .text()
        };
        assert!(text(&config).contains("http://localhost:9000/say"));
        config.say = None;
        assert_eq!(text(&config), "sockeye listens on 127.0.0.1:9000\n");
    }
}
