//! `sockeye serve`: from settings to a running server, and back down in order.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
    net::SocketAddr,
    pin::pin,
};

use miette::{Diagnostic, IntoDiagnostic};
use sockeye::{Bound, Endpoints, ServeError, Server};
use thiserror::Error;
use tokio::sync::Notify;

use crate::{
    addresses,
    cli::Qr,
    config::{Config, Endpoint},
    endpoints::{Echo, Say},
    page::Page,
    qr,
    shutdown::Signals,
    telemetry,
};

/// The address can't be listened on.
#[derive(Debug, Error)]
#[error("can't listen on {address}: {}", reason(error))]
struct CannotListen {
    address: SocketAddr,
    error: io::Error,
}

/// Serves until a signal ends it.
///
/// # Errors
/// If the address can't be listened on, or the system refuses what a server needs.
pub(crate) fn serve(config: &Config, qr: Qr) -> miette::Result<()> {
    telemetry::start();
    tracing::debug!(?config, "configured");
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .into_diagnostic()?
        .block_on(run(config, qr))
}

async fn run(config: &Config, qr: Qr) -> miette::Result<()> {
    let mut signals = Signals::new().into_diagnostic()?;
    let bound = bind(config)?;
    let code = match qr {
        Qr::Auto if io::stdout().is_terminal() => Code::Drawn,
        Qr::Always => Code::Drawn,
        Qr::Auto | Qr::Never => Code::Left,
    };
    write!(
        io::stdout().lock(),
        "{}",
        greeting(config, bound.local_addr(), code)
    )
    .into_diagnostic()?;
    let asked = Notify::new();
    let mut serving = pin!(bound.run_until(asked.notified()));
    tokio::select! {
        served = &mut serving => return served.into_diagnostic(),
        () = signals.next() => {}
    }
    tracing::info!("closing every session; a second signal stops at once");
    asked.notify_one();
    tokio::select! {
        served = serving => served.into_diagnostic(),
        () = signals.stop_at_next() => Ok(()),
    }
}

fn bind(config: &Config) -> miette::Result<Bound> {
    let settings = &config.server;
    let mut server = Server::new(endpoints(config))
        .workers(settings.workers)
        .head_bytes(settings.head_bytes)
        .head_count(settings.head_count)
        .connections(settings.connections)
        .http2(settings.http2)
        .http2_streams(settings.http2_streams)
        .handshake_time(settings.handshake_time)
        .shutdown_time(settings.shutdown_time);
    if config.say.is_some() {
        let page = Page::new(config.limits.message_bytes);
        server = server.pages(move |request| page.respond(request));
    }
    let address = settings.listen;
    server.bind(address).map_err(|error| match error {
        ServeError::Listen { source: error, .. } => CannotListen { address, error }.into(),
        error => miette::Report::from_err(error),
    })
}

fn endpoints(config: &Config) -> Endpoints {
    let mut endpoints = Endpoints::new()
        .limits(config.limits)
        .heartbeat(config.heartbeat)
        .deflate(config.deflate);
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

/// Says where the program listens, and what to open if there is a page.
fn greeting(config: &Config, bound: SocketAddr, code: Code) -> String {
    let mut text = format!("sockeye listens on {bound}\n");
    if config.say.is_none() {
        return text;
    }
    text += "open one of these in two windows, and talk:\n";
    let urls = addresses::to_open(bound, &addresses::local());
    for url in &urls {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {url}");
    }
    if code == Code::Drawn
        && let Some(url) = addresses::for_a_phone(&urls)
        && let Some(drawn) = qr::draw(url)
    {
        let _ = write!(text, "or on a phone in the same network, {url}:\n{drawn}");
    }
    text
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
        Some(Box::new(format!("try --listen :{port}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_served_page_is_named_in_the_greeting() {
        let mut config = crate::config::resolve(crate::config::Sources::default())
            .unwrap()
            .check()
            .unwrap();
        let bound = SocketAddr::from(([127, 0, 0, 1], 9000));
        assert!(greeting(&config, bound, Code::Drawn).contains("http://localhost:9000/say"));
        config.say = None;
        assert_eq!(
            greeting(&config, bound, Code::Drawn),
            "sockeye listens on 127.0.0.1:9000\n"
        );
    }
}
