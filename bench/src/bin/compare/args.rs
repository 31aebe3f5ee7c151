//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, ValueEnum};
use sockeye_bench::host::Chosen;

use crate::{
    contender::Contender,
    row::{Row, Suite},
};

/// Runs all servers in turns and prints what each costs, side by side.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// Which rows to run; all of WebSocket's unless given.
    #[arg(long, value_delimiter = ',', conflicts_with = "sockjs")]
    pub(crate) rows: Vec<Row>,
    /// Runs the rows of SockJS over HTTP, beside sockjs-node, which npm installs first.
    #[arg(long)]
    pub(crate) sockjs: bool,
    /// Which servers take part; all unless given, in the rows they can serve.
    #[arg(long, value_delimiter = ',')]
    pub(crate) servers: Vec<Contender>,
    /// Which servers do not take part.
    #[arg(long, value_delimiter = ',')]
    pub(crate) without: Vec<Contender>,
    /// How many slices each server gets in each row. The idle row takes as many rounds, at most three.
    #[arg(long, default_value_t = 12)]
    pub(crate) slices: usize,
    /// How long a slice lasts.
    #[arg(long, default_value_t = 0.25)]
    pub(crate) seconds: f64,
    /// How many connections the idle row opens. Every one is a descriptor here and one in the server.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) idle_connections: usize,
    /// How many sessions the idle rows of SockJS open.
    #[arg(long, default_value_t = 2000)]
    pub(crate) idle_sessions: usize,
    #[command(flatten)]
    pub(crate) cpus: Chosen,
    /// Also writes everything to this file, as JSON.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
    /// Also writes the tables into `BENCHMARKS.md` in this folder, between its two marks, and a plot to `benchmarks.svg`.
    #[arg(long)]
    pub(crate) report: Option<PathBuf>,
}

impl Args {
    /// Returns the rows to run.
    pub(crate) fn rows(&self) -> Vec<Row> {
        if !self.rows.is_empty() {
            return self.rows.clone();
        }
        let suite = if self.sockjs {
            Suite::SockJs
        } else {
            Suite::WebSocket
        };
        let rows = Row::value_variants().iter().copied();
        rows.filter(|row| row.suite() == suite).collect()
    }

    /// Returns who takes part in a row.
    pub(crate) fn contenders(&self, row: Row) -> Vec<Contender> {
        let chosen = match self.servers.as_slice() {
            [] => Contender::value_variants(),
            chosen => chosen,
        };
        let chosen = chosen.iter().copied();
        chosen
            .filter(|one| one.serves(row) && !self.without.contains(one))
            .collect()
    }

    /// Returns how long a slice lasts.
    pub(crate) fn slice(&self) -> anyhow::Result<Duration> {
        Ok(Duration::try_from_secs_f64(self.seconds)?)
    }
}
