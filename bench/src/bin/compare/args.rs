//! The command line.

use std::{path::PathBuf, time::Duration};

use anyhow::ensure;
use clap::Parser;
use sockeye_bench::measure::usable_cpus;

use crate::{contender::Contender, row::Row};

/// Runs all servers in turns and prints what each costs, side by side.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// Which rows to run; all of them unless given.
    #[arg(long, value_delimiter = ',')]
    pub(crate) rows: Vec<Row>,
    /// Which servers take part; all of them unless given.
    #[arg(long, value_delimiter = ',')]
    pub(crate) servers: Vec<Contender>,
    /// How many slices each server gets in each row. The idle row takes as many rounds, at most three.
    #[arg(long, default_value_t = 12)]
    pub(crate) slices: usize,
    /// How long a slice lasts.
    #[arg(long, default_value_t = 0.25)]
    pub(crate) seconds: f64,
    /// How many connections the idle row opens. Every one is a descriptor here and one in the server.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) idle_connections: usize,
    /// The CPU that servers run on; the first usable one unless given.
    #[arg(long)]
    server_cpu: Option<usize>,
    /// The CPU that the generator runs on; the last usable one unless given.
    #[arg(long)]
    generator_cpu: Option<usize>,
    /// Also writes everything to this file, as JSON.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
}

/// Who runs where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cpus {
    pub(crate) server: usize,
    pub(crate) generator: usize,
}

impl Args {
    /// Chooses the CPUs: two different ones, or the generator's work would be taken for the server's.
    pub(crate) fn cpus(&self) -> anyhow::Result<Cpus> {
        let usable = usable_cpus()?;
        let first = usable.first().copied().unwrap_or_default();
        let last = usable.last().copied().unwrap_or_default();
        let cpus = Cpus {
            server: self.server_cpu.unwrap_or(first),
            generator: self.generator_cpu.unwrap_or(last),
        };
        ensure!(
            cpus.server != cpus.generator,
            "server and generator need a CPU each, and there is only one"
        );
        Ok(cpus)
    }

    /// Returns how long a slice lasts.
    pub(crate) fn slice(&self) -> anyhow::Result<Duration> {
        Ok(Duration::try_from_secs_f64(self.seconds)?)
    }
}
