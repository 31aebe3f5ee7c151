//! What the program logs, and how.

use std::{
    env,
    io::{self, IsTerminal},
};

use tracing_subscriber::EnvFilter;

/// What is logged unless `RUST_LOG` says otherwise: warnings of all, and what our own crates tell.
const DEFAULT_FILTER: &str = "warn,sockeye=info";

/// Starts logging to standard error, as `RUST_LOG` says. Colours need a terminal and no `NO_COLOR`.
///
/// It is to be called once; a second call changes nothing.
pub(crate) fn start() {
    let asked = env::var("RUST_LOG").ok().filter(|asked| !asked.is_empty());
    let parsed = EnvFilter::try_new(asked.as_deref().unwrap_or(DEFAULT_FILTER));
    let (filter, refused) = match parsed {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new(DEFAULT_FILTER), Some(error)),
    };
    let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal() && !no_color)
        .with_writer(io::stderr)
        .try_init();
    if let Some(error) = refused {
        tracing::warn!(%error, "RUST_LOG is not understood; logging as by default");
    }
}
