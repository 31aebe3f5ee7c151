//! CPU time of a process, exact to the nanosecond, from `/proc/PID/task/*/schedstat`.

use std::{fs, thread, time::Duration};

use anyhow::{Context, bail};

/// How long a process must not have run for it to be at rest.
const REST: Duration = Duration::from_millis(1);

/// How often that is asked before giving up.
const ATTEMPTS: usize = 2000;

/// Waits until the process is at rest, and returns the CPU time of all its living threads, user and system.
///
/// The kernel books a running thread's time only now and then, but a sleeping one's exactly: hence the rest.
///
/// # Errors
/// When the process is gone, or never rests.
pub fn cpu_time_at_rest(pid: u32) -> anyhow::Result<Duration> {
    let mut before = cpu_time(pid)?;
    for _ in 0..ATTEMPTS {
        thread::sleep(REST);
        let now = cpu_time(pid)?;
        if now == before {
            return Ok(now);
        }
        before = now;
    }
    bail!("process {pid} never rests, so its CPU time can't be told apart");
}

fn cpu_time(pid: u32) -> anyhow::Result<Duration> {
    let mut sum = Duration::ZERO;
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))
        .with_context(|| format!("process {pid} is gone"))?;
    for task in tasks {
        let schedstat = fs::read_to_string(task?.path().join("schedstat"))?;
        sum += parse(&schedstat).context("schedstat does not begin with a number")?;
    }
    Ok(sum)
}

/// The first of three numbers: nanoseconds on a CPU. Then come nanoseconds waiting for one, and time slices.
fn parse(schedstat: &str) -> Option<Duration> {
    let nanos = schedstat.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_is_the_time_on_a_cpu() {
        assert_eq!(
            parse("3140012 77 12\n"),
            Some(Duration::from_nanos(3_140_012))
        );
        assert_eq!(parse(""), None);
        assert_eq!(parse("x 1 2"), None);
    }

    #[test]
    fn this_process_has_used_some() {
        assert!(cpu_time(std::process::id()).unwrap() > Duration::ZERO);
    }
}
