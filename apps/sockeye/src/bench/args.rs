//! What `sockeye bench idle` takes.

use std::{num::NonZeroUsize, time::Duration};

use clap::{Args, value_parser};
use http::Uri;

use super::talk::LEAST_BYTES;

/// The command line of `sockeye bench idle`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct IdleArgs {
    /// How many connections are held
    #[arg(short = 'n', long, value_name = "N", default_value = "10000")]
    pub(crate) connections: NonZeroUsize,
    /// How many server processes share the port
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) servers: NonZeroUsize,
    /// How many workers each of them has
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) workers: NonZeroUsize,
    /// How many processes hold the other ends [default: two, or as many as their descriptors are needed]
    #[arg(long, value_name = "N")]
    pub(crate) clients: Option<NonZeroUsize>,
    /// Measure a server that runs already, at `ws://host:port/say`; may be given several times
    ///
    /// The endpoint must give back to all what one says. Several are taken in turns.
    #[arg(long = "url", value_name = "URL", value_parser = url, conflicts_with_all = ["servers", "workers", "heartbeat"])]
    pub(crate) urls: Vec<Uri>,
    /// A process of the servers at `--url`, whose memory and CPU time are read; may be given several times
    #[arg(long = "pid", value_name = "PID", requires = "urls")]
    pub(crate) pids: Vec<u32>,
    /// How long the connections are left alone while CPU time is read
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time)]
    pub(crate) hold: Duration,
    /// After how much silence the servers send a ping
    #[arg(long, value_name = "TIME", default_value = "25s", value_parser = time)]
    pub(crate) heartbeat: Duration,
    /// How many bytes a broadcast has
    #[arg(long, value_name = "BYTES", default_value = "128", value_parser = value_parser!(u16).range(LEAST_BYTES..))]
    pub(crate) message_bytes: u16,
    /// How many handshakes are under way at a time, over all processes
    #[arg(long, value_name = "N", default_value = "256")]
    pub(crate) under_way: NonZeroUsize,
    /// How long nothing may happen that is waited for
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    pub(crate) patience: Duration,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  sockeye bench idle -n 15000
  sockeye bench idle -n 150000 --servers 8 --json
  sockeye bench idle -n 10000 --url ws://127.0.0.1:8080/say --pid 4711

Every connection hears two broadcasts, and a tenth is dropped and comes back in between. The status is 0 only if each
connection heard each broadcast exactly once. docs/CONNECTIONS.md says what must be raised for very many.";

fn url(text: &str) -> Result<Uri, String> {
    let uri: Uri = text.parse().map_err(|_| "it is not a URL".to_owned())?;
    match (uri.scheme_str(), uri.host()) {
        (Some("ws" | "http"), Some(_)) => Ok(uri),
        _ => Err("write ws://host:port/say".to_owned()),
    }
}

fn time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if time.is_zero() {
        return Err("it must be above 0".to_owned());
    }
    Ok(time)
}
