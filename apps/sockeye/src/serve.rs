//! `sockeye serve`: from settings to a running server, and back down in order.

use std::{
    fmt::Write as _,
    future::{self, Future},
    io::{self, Write as _},
    net::SocketAddr,
    time::Duration,
};

use bytes::Bytes;
use http::{Response, request::Parts};
use miette::{Diagnostic, IntoDiagnostic};
use thiserror::Error;
use tokio::net::TcpListener;

use crate::{addresses, config::Config, page, shutdown::Signals, telemetry};

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
pub(crate) fn serve(config: &Config) -> miette::Result<()> {
    telemetry::start();
    tracing::debug!(?config, "configured");
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .into_diagnostic()?
        .block_on(run(config))
}

async fn run(config: &Config) -> miette::Result<()> {
    let mut signals = Signals::new().into_diagnostic()?;
    let address = config.server.listen;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| CannotListen { address, error })?;
    let bound = listener.local_addr().into_diagnostic()?;
    write!(io::stdout().lock(), "{}", greeting(config, bound)).into_diagnostic()?;
    signals.next().await;
    tracing::info!("closing every session; a second signal stops at once");
    close(future::ready(()), config.server.shutdown_time, signals).await;
    Ok(())
}

/// Returns what answers requests that are no handshake for an endpoint.
#[expect(dead_code, reason = "handed to the server once it is wired in")]
fn fallback(config: &Config) -> fn(&Parts) -> Response<Bytes> {
    match config.say {
        Some(_) => page::respond,
        None => page::not_found,
    }
}

/// Waits until every session is closed, but not for longer than the deadline, and not beyond a second signal.
async fn close(closing: impl Future<Output = ()>, deadline: Duration, signals: Signals) {
    tokio::select! {
        closed = tokio::time::timeout(deadline, closing) => {
            if closed.is_err() {
                tracing::warn!(?deadline, "some sessions did not close in time and were cut");
            }
        }
        () = signals.stop_at_next() => {}
    }
}

/// Says where the program listens, and what to open if there is a page.
fn greeting(config: &Config, bound: SocketAddr) -> String {
    let mut text = format!("sockeye listens on {bound}\n");
    if config.say.is_some() {
        text += "open one of these in two windows, and talk:\n";
        for url in addresses::to_open(bound, &addresses::local()) {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {url}");
        }
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

    #[tokio::test(start_paused = true)]
    async fn what_never_closes_is_not_waited_for_beyond_the_deadline() {
        let deadline = Duration::from_secs(10);
        let begun = tokio::time::Instant::now();
        close(future::pending(), deadline, Signals::new().unwrap()).await;
        let waited = begun.elapsed();
        assert!(waited >= deadline && waited < deadline * 2, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_waited_for_once_all_is_closed() {
        let begun = tokio::time::Instant::now();
        close(future::ready(()), Duration::MAX, Signals::new().unwrap()).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[test]
    fn only_a_served_page_is_named_in_the_greeting() {
        let mut config = crate::config::resolve(crate::config::Sources::default())
            .unwrap()
            .check()
            .unwrap();
        let bound = SocketAddr::from(([127, 0, 0, 1], 9000));
        assert!(greeting(&config, bound).contains("http://localhost:9000/say"));
        config.say = None;
        assert_eq!(
            greeting(&config, bound),
            "sockeye listens on 127.0.0.1:9000\n"
        );
    }
}
