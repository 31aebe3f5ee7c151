//! Resident memory of a process, from `/proc/PID/smaps_rollup`: exact, where `status` may lag behind.

use std::fs;

use anyhow::Context;

/// Returns how many bytes of memory the process has resident.
///
/// # Errors
/// When the process is gone or another user's.
pub fn resident_bytes(pid: u32) -> anyhow::Result<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))
        .with_context(|| format!("the memory of process {pid} can't be read"))?;
    parse(&rollup).context("smaps_rollup has no Rss")
}

fn parse(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// Keeps this process to pages of the ordinary size. An allocator that asks for huge ones (mimalloc does) makes two
/// megabytes resident at a time: memory for each connection could not be told from what happens to lie beside it.
///
/// Every server that is compared calls it first. Where the system refuses, all are measured with huge pages.
pub fn use_ordinary_pages() {
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_size_is_the_line_named_rss() {
        let rollup =
            "55d0-7ffe ---p 00000000 00:00 0    [rollup]\nRss:      1832 kB\nPss:   9 kB\n";
        assert_eq!(parse(rollup), Some(1832 * 1024));
        assert_eq!(parse("Pss: 9 kB\n"), None);
    }

    #[test]
    fn this_process_has_memory() {
        assert!(resident_bytes(std::process::id()).unwrap() > 0);
    }
}
