//! Who runs on which CPU.

use anyhow::ensure;
use clap::Args;

use crate::measure::usable_cpus;

/// The CPUs to choose, as flags.
#[derive(Clone, Copy, Debug, Args)]
#[non_exhaustive]
pub struct Chosen {
    /// The CPU that servers run on; the first usable one unless given.
    #[arg(long)]
    server_cpu: Option<usize>,
    /// The CPU that the generator runs on; the last usable one unless given.
    #[arg(long)]
    generator_cpu: Option<usize>,
}

/// Who runs where.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Cpus {
    /// The CPU that servers run on.
    pub server: usize,
    /// The CPU that the generator runs on.
    pub generator: usize,
    /// One more, if there is one.
    pub spare: Option<usize>,
}

impl Chosen {
    /// Chooses two different ones, or the generator's work would be taken for the server's.
    ///
    /// # Errors
    /// When there is only one.
    pub fn cpus(&self) -> anyhow::Result<Cpus> {
        let usable = usable_cpus()?;
        let first = usable.first().copied().unwrap_or_default();
        let last = usable.last().copied().unwrap_or_default();
        let (server, generator) = (
            self.server_cpu.unwrap_or(first),
            self.generator_cpu.unwrap_or(last),
        );
        let mut others = usable.into_iter();
        let cpus = Cpus {
            server,
            generator,
            spare: others.find(|cpu| ![server, generator].contains(cpu)),
        };
        ensure!(
            cpus.server != cpus.generator,
            "server and generator need a CPU each, and there is only one"
        );
        Ok(cpus)
    }
}
