//! What Linux tells below `/proc` of processes and of itself.

use std::{fs, time::Duration};

use serde::Serialize;

use super::error::BenchError;

/// Memory of one process, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Memory {
    /// Pages that are there, those that others have too among them.
    pub(super) rss: u64,
    /// The same, with those that others have too divided among them.
    pub(super) pss: u64,
}

/// Memory of the kernel, in bytes, and its sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Kernel {
    /// Its objects: sockets, files, entries of epoll sets, and all else.
    pub(super) slab: u64,
    /// What waits in TCP sockets, in pages as the kernel counts them.
    pub(super) tcp_buffers: u64,
    /// TCP sockets of any state.
    pub(super) tcp_sockets: u64,
}

/// What one page of `/proc/net/sockstat` stands for. It is 4 KiB wherever it matters here.
const PAGE: u64 = 4096;

impl Memory {
    /// Reads that of a process.
    pub(super) fn of(pid: u32) -> Result<Self, BenchError> {
        let path = format!("/proc/{pid}/smaps_rollup");
        let text = read(&path)?;
        let bytes = |name| kib(&text, name).ok_or_else(|| BenchError::Proc(path.clone()));
        Ok(Self {
            rss: bytes("Rss:")?,
            pss: bytes("Pss:")?,
        })
    }
}

impl Kernel {
    /// Reads that of the system.
    pub(super) fn read() -> Result<Self, BenchError> {
        let (memory, sockets) = ("/proc/meminfo", "/proc/net/sockstat");
        let wrong = |path: &str| BenchError::Proc(path.to_owned());
        let text = read(sockets)?;
        let of_tcp = |name| of_tcp(&text, name).ok_or_else(|| wrong(sockets));
        Ok(Self {
            slab: kib(&read(memory)?, "Slab:").ok_or_else(|| wrong(memory))?,
            tcp_buffers: of_tcp("mem")?.saturating_mul(PAGE),
            tcp_sockets: of_tcp("alloc")?,
        })
    }
}

/// CPU time of all threads of a process, exact but for what runs at the moment.
pub(super) fn cpu_time(pid: u32) -> Result<Duration, BenchError> {
    let path = format!("/proc/{pid}/task");
    let wrong = || BenchError::Proc(path.clone());
    let mut nanos: u64 = 0;
    for task in fs::read_dir(&path).map_err(|_| wrong())?.flatten() {
        // A thread may have ended meanwhile.
        let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else {
            continue;
        };
        let first = text.split_ascii_whitespace().next();
        let on_cpu: u64 = first.and_then(|it| it.parse().ok()).ok_or_else(wrong)?;
        nanos = nanos.saturating_add(on_cpu);
    }
    Ok(Duration::from_nanos(nanos))
}

/// How many descriptors a process has open.
pub(super) fn open_descriptors(pid: u32) -> Result<usize, BenchError> {
    let path = format!("/proc/{pid}/fd");
    match fs::read_dir(&path) {
        Ok(open) => Ok(open.count()),
        Err(_) => Err(BenchError::Proc(path)),
    }
}

/// A number that a file of `/proc/sys` holds; `None` where there is no such file.
pub(super) fn number(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// How many numbers there are from the first to the second that a file of `/proc/sys` holds.
pub(super) fn span(path: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let mut words = text.split_ascii_whitespace().map(str::parse::<u64>);
    let (first, last) = (words.next()?.ok()?, words.next()?.ok()?);
    Some(last.checked_sub(first)? + 1)
}

/// How many bytes of memory can be had without swapping.
pub(super) fn available_memory() -> Option<u64> {
    kib(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
}

/// Which kernel runs, and on how many CPUs.
pub(super) fn machine() -> String {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy();
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    format!("Linux {release}, {cpus} CPUs")
}

fn read(path: &str) -> Result<String, BenchError> {
    fs::read_to_string(path).map_err(|_| BenchError::Proc(path.to_owned()))
}

/// The bytes that stand in kB behind a name.
fn kib(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
    number.checked_mul(1024)
}

fn of_tcp(sockstat: &str, name: &str) -> Option<u64> {
    let line = sockstat
        .lines()
        .find_map(|line| line.strip_prefix("TCP:"))?;
    let mut words = line.split_ascii_whitespace();
    words.find(|word| *word == name)?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_their_name() {
        let rollup = "55d0-7ffe ---p 0 00:00 0  [rollup]\nRss:   1832 kB\nPss:   9 kB\n";
        assert_eq!(kib(rollup, "Rss:"), Some(1832 * 1024));
        assert_eq!(kib(rollup, "Swap:"), None);
        let sockstat =
            "sockets: used 27\nTCP: inuse 1 orphan 0 tw 63 alloc 5 mem 182\nUDP: mem 7\n";
        assert_eq!(of_tcp(sockstat, "alloc"), Some(5));
        assert_eq!(of_tcp(sockstat, "mem"), Some(182));
        assert_eq!(of_tcp(sockstat, "none"), None);
    }

    #[test]
    fn this_process_and_this_system_have_all_numbers() {
        let own = std::process::id();
        let memory = Memory::of(own).unwrap();
        assert!(memory.rss >= memory.pss && memory.pss > 0);
        assert!(Kernel::read().unwrap().slab > 0);
        assert!(cpu_time(own).unwrap() > Duration::ZERO);
        assert!(open_descriptors(own).unwrap() > 2);
        assert!(machine().starts_with("Linux "));
    }
}
