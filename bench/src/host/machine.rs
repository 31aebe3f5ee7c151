//! What the figures were taken on: without it they say nothing.

use std::{fmt, fs};

use serde::Serialize;

use super::Cpus;

/// The machine, as far as it says.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Machine {
    /// The CPU's model.
    pub model: String,
    /// The kernel's version.
    pub kernel: String,
    /// Load averages of the last 1, 5 and 15 minutes, before the run: what else was going on.
    pub load: String,
    /// The CPU that servers run on.
    pub server_cpu: usize,
    /// The CPU that the generator runs on.
    pub generator_cpu: usize,
}

impl Machine {
    /// Asks the kernel; what it does not say stays empty.
    pub fn ask(cpus: Cpus) -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let load = read("/proc/loadavg");
        Self {
            model: model(&read("/proc/cpuinfo")),
            kernel: version(&read("/proc/sys/kernel/osrelease")),
            load: load.split(' ').take(3).collect::<Vec<_>>().join(" "),
            server_cpu: cpus.server,
            generator_cpu: cpus.generator,
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, Linux {}; servers on CPU {}, generator on CPU {}; load before: {}",
            self.model, self.kernel, self.server_cpu, self.generator_cpu, self.load
        )
    }
}

/// What whoever built the kernel put behind its version says nothing elsewhere.
fn version(release: &str) -> String {
    let end = release.find(|sign: char| !sign.is_ascii_digit() && sign != '.');
    release
        .get(..end.unwrap_or(release.len()))
        .unwrap_or_default()
        .to_owned()
}

fn model(cpuinfo: &str) -> String {
    cpuinfo
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == "model name")
        .map_or_else(String::new, |(_, model)| model.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_the_first_cpus() {
        let cpuinfo = "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Swift 3000\n\nprocessor\t: 1\n";
        assert_eq!(model(cpuinfo), "Swift 3000");
        assert_eq!(model(""), "");
    }

    #[test]
    fn the_kernel_s_version_ends_where_others_begin() {
        for (release, expected) in [("6.18.4-swift1\n", "6.18.4"), ("6.1\n", "6.1"), ("", "")] {
            assert_eq!(version(release), expected);
        }
    }
}
