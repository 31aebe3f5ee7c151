//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, ValueEnum};
use sockeye_bench::host::Chosen;
use sockeye_channel_client::Codec;

use crate::{contender::Contender, rows::Row};

/// Measures what channels cost.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// What is measured; all of it unless given.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<Row>,
    /// Who takes part; all unless given.
    #[arg(long, value_delimiter = ',')]
    servers: Vec<Contender>,
    /// Seconds that publishing and fan-out are measured for.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Bytes of a payload.
    #[arg(long, default_value_t = 128)]
    pub(crate) bytes: usize,
    /// How many connections the large rows open; the system must allow the generator so many descriptors.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) crowd: usize,
    /// Whether clients speak Protobuf instead of JSON.
    #[arg(long)]
    protobuf: bool,
    /// The folder whose CHANNELS-COST.md gets the tables.
    #[arg(long)]
    pub(crate) report: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cpus: Chosen,
}

impl Args {
    pub(crate) fn rows(&self) -> Vec<Row> {
        chosen(&self.rows)
    }

    pub(crate) fn contenders(&self) -> Vec<Contender> {
        chosen(&self.servers)
    }

    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.clamp(0.1, 600.0))
    }

    pub(crate) const fn codec(&self) -> Codec {
        if self.protobuf {
            Codec::Protobuf
        } else {
            Codec::Json
        }
    }
}

fn chosen<T: ValueEnum + Clone>(asked: &[T]) -> Vec<T> {
    if asked.is_empty() {
        T::value_variants().to_vec()
    } else {
        asked.to_vec()
    }
}
