//! Certificates that are renewed while the program runs: at SIGHUP, and when their files change.
//!
//! The files are looked at rather than watched: that also sees what tools do that put a symbolic link to the new
//! folder in the place of the old, and works on every file system.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use sockeye::TlsReloader;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{MissedTickBehavior, interval},
};

use crate::{config::in_full, tls::report};

/// How often the files are looked at.
const PERIOD: Duration = Duration::from_secs(5);

/// What changes when a file does, or another takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
    inode: u64,
}

/// The files of a certificate that is shown, and when they were read.
#[derive(Debug)]
pub(crate) struct Renewal {
    files: [PathBuf; 2],
    /// As they were when they were last read.
    read: [Option<Stamp>; 2],
    hangup: Signal,
}

impl Renewal {
    /// Begins to look at files, just before they are read for the first time, and takes SIGHUP over from the system.
    ///
    /// # Errors
    /// As the system has them.
    pub(crate) fn of(files: [PathBuf; 2]) -> io::Result<Self> {
        let hangup = signal(SignalKind::hangup())?;
        let read = stamps(&files);
        Ok(Self {
            files,
            read,
            hangup,
        })
    }

    /// Reads the files again whenever that is due, for ever.
    ///
    /// Cancel safe: dropped, the certificate stays the one it was.
    pub(crate) async fn run(mut self, reloader: TlsReloader) {
        let mut looks = interval(PERIOD);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = self.read;
        loop {
            let due = tokio::select! {
                _ = self.hangup.recv() => true,
                _ = looks.tick() => {
                    let before = std::mem::replace(&mut seen, stamps(&self.files));
                    // Two files are not written at once: they are read when they have come to rest.
                    seen == before && seen != self.read
                }
            };
            if due {
                self.read = stamps(&self.files);
                seen = self.read;
                reload(&reloader);
            }
        }
    }
}

fn stamps(files: &[PathBuf; 2]) -> [Option<Stamp>; 2] {
    files.each_ref().map(|file| {
        let known = fs::metadata(file).ok()?;
        Some(Stamp {
            modified: known.modified().ok(),
            bytes: known.len(),
            inode: known.ino(),
        })
    })
}

fn reload(reloader: &TlsReloader) {
    match reloader.reload() {
        Ok(()) => report(&reloader.certificate()),
        Err(error) => {
            let error = in_full(&error);
            tracing::warn!(
                error,
                "the certificate can't be renewed; the one before stays"
            );
        }
    }
}

#[cfg(test)]
mod tests;
