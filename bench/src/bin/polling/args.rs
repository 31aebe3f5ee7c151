//! The command line.

use std::{env, path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use clap::{Parser, ValueEnum};
use sockeye_bench::host::Chosen;

use crate::way::Way;

/// Holds the same chat in several ways, and writes down what each costs.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// The ways in which it is held; all of them unless given.
    #[arg(long, value_delimiter = ',')]
    ways: Vec<Way>,
    /// How many are in the room; one of them speaks, all hear.
    #[arg(long, default_value_t = 50)]
    pub(crate) clients: usize,
    /// How many messages are said.
    #[arg(long, default_value_t = 30)]
    pub(crate) messages: u32,
    /// Seconds from one message to the next.
    #[arg(long, default_value_t = 1.0)]
    every: f64,
    /// Seconds in which nothing is said, after that. With less than 25 there is no heartbeat in it.
    #[arg(long, default_value_t = 30.0)]
    silence: f64,
    /// Bytes of a message.
    #[arg(long, default_value_t = 96)]
    pub(crate) bytes: usize,
    /// The page that the table goes into; `docs/POLLING.md` unless given.
    #[arg(long)]
    page: Option<PathBuf>,
    /// The file that the plot becomes; `docs/polling.svg` unless given.
    #[arg(long)]
    plot: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cpus: Chosen,
}

impl Args {
    /// Returns the ways in which the chat is held.
    pub(crate) fn ways(&self) -> &[Way] {
        match self.ways.as_slice() {
            [] => Way::value_variants(),
            chosen => chosen,
        }
    }

    /// Returns how long it is from one message to the next.
    pub(crate) fn every(&self) -> anyhow::Result<Duration> {
        ensure!(self.clients > 0, "nobody is in the room");
        Ok(Duration::try_from_secs_f64(self.every)?)
    }

    /// Returns how long nothing is said.
    pub(crate) fn silence(&self) -> anyhow::Result<Duration> {
        Ok(Duration::try_from_secs_f64(self.silence)?)
    }

    /// Says in a sentence what is done.
    pub(crate) fn scene(&self) -> String {
        format!(
            "{} clients in a room; one says {} messages of {} bytes, one every {} s, and all hear them; then {} s of \
             silence",
            self.clients, self.messages, self.bytes, self.every, self.silence
        )
    }

    /// Returns where the page and the plot go.
    pub(crate) fn paths(&self) -> anyhow::Result<(PathBuf, PathBuf)> {
        let beside = |name: &str| {
            let sources = env::var_os("CARGO_MANIFEST_DIR");
            let sources = sources.context("start this with `cargo run`, or give the paths")?;
            Ok::<_, anyhow::Error>(PathBuf::from(sources).join("../docs").join(name))
        };
        let or_beside = |given: &Option<PathBuf>, name| match given {
            Some(path) => Ok(path.clone()),
            None => beside(name),
        };
        Ok((
            or_beside(&self.page, "POLLING.md")?,
            or_beside(&self.plot, "polling.svg")?,
        ))
    }
}
