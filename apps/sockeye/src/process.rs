//! What the process costs, as Linux tells it below `/proc/self`; nothing elsewhere.

use std::fs;

/// What the process costs. What can't be read is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Process {
    pub(crate) resident_bytes: Option<u64>,
    pub(crate) open_fds: Option<usize>,
    /// How many descriptors it may have; absent if there is no limit.
    pub(crate) max_fds: Option<u64>,
    /// Seconds since 1970.
    pub(crate) start_seconds: Option<f64>,
    /// Seconds of all cores, in the kernel and outside.
    pub(crate) cpu_seconds: Option<f64>,
}

impl Process {
    /// Reads how it is now.
    pub(crate) fn read() -> Self {
        if !cfg!(target_os = "linux") {
            return Self::default();
        }
        let text = |path| fs::read_to_string(path).ok();
        let stat = text("/proc/self/stat");
        let ticks = |fields: &[usize]| ticks(stat.as_deref()?, fields);
        Self {
            resident_bytes: text("/proc/self/status").and_then(|it| resident_bytes(&it)),
            // One of them is the folder itself, which is read.
            open_fds: fs::read_dir("/proc/self/fd")
                .ok()
                .map(|open| open.count().saturating_sub(1)),
            max_fds: text("/proc/self/limits").and_then(|it| max_fds(&it)),
            start_seconds: text("/proc/stat")
                .and_then(|it| Some(boot_seconds(&it)? + ticks(&[START])?)),
            cpu_seconds: ticks(&[USER, SYSTEM]),
        }
    }
}

/// Fields of `/proc/self/stat`, counted behind the name: proc(5) counts from 1, and the name is the second.
const USER: usize = 14 - 3;
const SYSTEM: usize = 15 - 3;
const START: usize = 22 - 3;

/// The sum of some fields of `/proc/self/stat`, in seconds.
fn ticks(stat: &str, fields: &[usize]) -> Option<f64> {
    // The name is in parentheses, and may have any within.
    let (_, behind) = stat.rsplit_once(") ")?;
    let values: Vec<_> = behind.split_ascii_whitespace().collect();
    let mut sum = 0.0;
    for field in fields {
        sum += values.get(*field)?.parse::<f64>().ok()?;
    }
    let a_second = u32::try_from(rustix::param::clock_ticks_per_second()).ok()?;
    Some(sum / f64::from(a_second))
}

fn resident_bytes(status: &str) -> Option<u64> {
    let mut words = behind(status, "VmRSS:")?;
    words.next()?.parse::<u64>().ok()?.checked_mul(1024)
}

fn max_fds(limits: &str) -> Option<u64> {
    behind(limits, "Max open files")?.next()?.parse().ok()
}

fn boot_seconds(stat: &str) -> Option<f64> {
    behind(stat, "btime")?.next()?.parse().ok()
}

/// The words behind the name at a line's beginning.
fn behind<'a>(text: &'a str, name: &str) -> Option<impl Iterator<Item = &'a str>> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(rest.split_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_hides_no_field() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 300 200 13 14 15 16 17 18 900 20";
        let a_second = rustix::param::clock_ticks_per_second() as f64;
        assert_eq!(ticks(stat, &[USER, SYSTEM]), Some(500.0 / a_second));
        assert_eq!(ticks(stat, &[START]), Some(900.0 / a_second));
        assert_eq!(ticks("7 (a) S 1", &[USER]), None);
    }

    #[test]
    fn kibibytes_are_bytes_and_no_limit_is_absent() {
        assert_eq!(
            resident_bytes("VmHWM:\t9 kB\nVmRSS:\t 12 kB\n"),
            Some(12 << 10)
        );
        let limit = |soft| {
            max_fds(&format!(
                "Max open files            {soft}   4096   files\n"
            ))
        };
        assert_eq!((limit("1024"), limit("unlimited")), (Some(1024), None));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_all_its_numbers() {
        let before = Process::read();
        let held: Vec<_> = (0..50)
            .map(|_| fs::File::open("/proc/self/stat").unwrap())
            .collect();
        let now = Process::read();
        // Other tests open and close some, too, but not as many.
        assert!(now.open_fds.unwrap() >= before.open_fds.unwrap() + held.len() / 2);
        assert!(now.resident_bytes.unwrap() > 1 << 20);
        assert!(now.cpu_seconds >= before.cpu_seconds && now.cpu_seconds.is_some());
        let age =
            std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64() - now.start_seconds.unwrap();
        assert!((-2.0..86_400.0).contains(&age), "{age}");
    }
}
