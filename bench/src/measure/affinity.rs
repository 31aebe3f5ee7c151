//! Which CPU a thread may run on. A child starts where its parent was when it was spawned.

use anyhow::Context;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Keeps the calling thread, and the children it spawns from now on, on one CPU.
///
/// # Errors
/// When the CPU does not exist or may not be used.
pub fn pin(cpu: usize) -> anyhow::Result<()> {
    pin_to(&[cpu])
}

/// Keeps the calling thread, and the children it spawns from now on, on some CPUs.
///
/// # Errors
/// When none of them exists, or may be used.
pub fn pin_to(cpus: &[usize]) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    for cpu in cpus {
        anyhow::ensure!(
            *cpu < CpuSet::MAX_CPU,
            "CPU {cpu} is more than can be counted"
        );
        set.set(*cpu);
    }
    sched_setaffinity(None, &set).with_context(|| format!("CPUs {cpus:?} can't be used"))
}

/// Returns the CPUs that the calling thread may run on.
///
/// # Errors
/// When the kernel does not say.
pub fn usable_cpus() -> anyhow::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU)
        .filter(|cpu| set.is_set(*cpu))
        .collect())
}
